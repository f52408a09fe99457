"""Who may do what at the emulated GitHub, and in which words it says no."""

from __future__ import annotations

import pytest

from gate.sandbox.github.tokens import Grant, Kind, digest, parse_grant
from tests.unit.sandbox.github_api import APP_TOKEN, Api, header, read, told

INTEGRATION = "Resource not accessible by integration"


def announce(api: Api, token: str, **fields: object) -> None:
    api.github.tokens.announce(*parse_grant({"token": token, **fields}))


@pytest.mark.parametrize("header_value", ["Bearer nobody", "token nobody", "Basic !", "Nonsense x"])
def test_a_token_that_is_not_known_is_401(header_value: str) -> None:
    api = Api(strict_tokens=True)
    answer = api.ask("GET", "/rate_limit", token="", headers={"authorization": header_value})
    assert told(answer) == (401, "Bad credentials")


def test_an_expired_token_is_401() -> None:
    api = Api()
    announce(api, "ghp_old", expired=True)
    assert told(api.runs("", token="ghp_old")) == (401, "Bad credentials")


def test_what_a_token_may_not_see_is_not_there() -> None:
    api = Api()
    announce(api, "ghs_other", repositories=["acme/other"])
    assert told(api.runs("", token="ghs_other")) == (404, "Not Found")
    assert told(api.runs("", token="")) == (404, "Not Found")
    assert read(api.ask("GET", "/orgs/acme/repos", token="ghs_other")) == []
    announce(api, "ghs_own", repositories=["ACME/panda"])
    assert api.runs("", token="ghs_own").status == 200


def test_a_public_repository_is_there_for_everybody_and_its_runs_are_not_theirs_to_stop() -> None:
    api = Api()
    api.repository.private = False
    run = api.run()
    assert api.runs(f"/{run.id}", token="").status == 200
    assert told(api.runs(f"/{run.id}/cancel", "POST", token="")) == (401, "Requires authentication")


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "/actions/runs/{run}/cancel", "actions"),
        ("POST", "/actions/runs/{run}/force-cancel", "actions"),
        ("POST", "/actions/runs/{run}/rerun", "actions"),
        ("PUT", "/actions/workflows/load-live.yml/disable", "actions"),
        ("POST", "/actions/variables", "actions_variables"),
        ("POST", "/statuses/{sha}", "statuses"),
        ("POST", "/check-runs", "checks"),
        ("PUT", "/actions/permissions", "administration"),
    ],
)
def test_a_missing_permission_is_403_and_named_in_a_header(method: str, path: str, permission: str) -> None:
    api = Api()
    run = api.run()
    full = dict.fromkeys(Grant(key="", kind=Kind.APP).permissions, "write")
    announce(api, "ghs_less", permissions={**full, permission: "read"})
    answer = api.ask(method, "/repos/acme/panda" + path.format(run=run.id, sha=run.sha), {}, token="ghs_less")
    assert told(answer) == (403, INTEGRATION)
    assert header(answer, "X-Accepted-GitHub-Permissions") == f"{permission}=write"
    assert api.state(run) == ("in_progress", None)


def test_a_fork_or_dependabot_token_can_read_and_not_cancel() -> None:
    api = Api()
    run = api.run()
    announce(api, "ghs_fork", kind="actions", permissions={"actions": "read", "metadata": "read"})
    assert api.runs(f"/{run.id}", token="ghs_fork").status == 200
    assert told(api.runs(f"/{run.id}/cancel", "POST", token="ghs_fork")) == (403, INTEGRATION)
    variables = api.ask("GET", "/repos/acme/panda/actions/variables", token="ghs_fork")
    assert told(variables) == (403, INTEGRATION)


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        ("ghp_classic", 403, "You must authenticate via a GitHub App."),
        ("gho_oauth", 403, "You must authenticate via a GitHub App."),
        ("github_pat_fine", 403, "You must authenticate via a GitHub App."),
        (APP_TOKEN, 201, ""),
    ],
)
def test_check_runs_are_for_apps_only(token: str, status: int, message: str) -> None:
    api = Api()
    body = {"name": "gate", "head_sha": api.run().sha}
    answer = api.ask("POST", "/repos/acme/panda/check-runs", body, token=token)
    assert (answer.status, read(answer).get("message", "")) == (status, message)


def test_approving_a_deployment_is_not_for_apps() -> None:
    api = Api()
    run = api.run("waiting")
    path = f"/{run.id}/pending_deployments"
    assert read(api.runs(path, token=APP_TOKEN))[0]["current_user_can_approve"] is False
    assert told(api.runs(path, "POST", body={}, token=APP_TOKEN)) == (403, INTEGRATION)


def test_an_announced_token_is_kept_as_a_digest_only() -> None:
    api = Api()
    announce(api, "ghs_planted_secret")
    assert "ghs_planted_secret" not in repr(vars(api.github.tokens))
    assert api.github.tokens.grant("Bearer ghs_planted_secret").key == digest("ghs_planted_secret")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"token": "x", "kind": "king"},
        {"token": "x", "permissions": {"actions": "all"}},
        {"token": "x", "repositories": "acme/panda"},
        {"token": "x", "limit": "many"},
    ],
)
def test_a_wrong_announcement_names_its_key(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=rf"^({'|'.join(document) or 'token'}): "):
        parse_grant(document)
