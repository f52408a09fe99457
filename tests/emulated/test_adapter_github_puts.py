"""What the GitHub adapter puts and puts back: holds, switches, notes, reruns; with the real PyGithub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gate.core.event import Target
from gate.core.work import Asked, Origin, Outcome, Status, Work
from gate.providers.protocol import Connection, NotDone
from gate.sandbox.faults import FaultKind
from tests.emulated.github_lab import RUN, WORKFLOWS, Lab, github_lab

OWN = '{"attempt":1}'
ORGANIZATION = "/orgs/{org}/actions/variables"
STATUSES = "/repos/{owner}/{repo}/statuses/{sha}"
CHECKS = "/repos/{owner}/{repo}/check-runs"
RERUN = RUN + "/rerun"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitHub with one repository that has no runs yet."""
    with github_lab() as made:
        yield made


def shared(connection: Connection) -> Target:
    place = connection.shared_hold()
    assert place is not None
    return place


def places(lab: Lab) -> list[Target]:
    return [shared(lab.connection), *lab.connection.project_holds(lab.pool.each)]


@pytest.mark.parametrize("which", [0, 1], ids=["organisation", "repository"])
def test_a_hold_is_written_read_back_changed_and_lifted(lab: Lab, which: int) -> None:
    place = places(lab)[which]
    assert (place.kind, place.id, place.project) == (
        "hold",
        "GATE_HOLD",
        ("acme", lab.repository.full_name)[which],
    )
    assert lab.connection.read_hold(place) is None
    text = '{"reason":"größe 50 %\\n"}'
    for value in (text, "two"):
        assert lab.connection.write_hold(place, value) == Asked(outcome=Outcome.HELD)
        assert lab.connection.read_hold(place) == value
    for _ in range(2):
        assert lab.connection.write_hold(place, None) == Asked(outcome=Outcome.LIFTED)
    assert lab.connection.read_hold(place) is None


def test_a_hold_takes_two_requests_whatever_the_fleet(lab: Lab) -> None:
    lab.connection.write_hold(shared(lab.connection), "x")
    assert lab.connection.pace.requests == 2
    assert lab.service.world.organizations["acme"].variables["GATE_HOLD"].visibility == "all"


@pytest.mark.parametrize("visibility", ["selected", "private"])
def test_a_hold_that_reaches_only_some_keeps_its_visibility_and_says_so(lab: Lab, visibility: str) -> None:
    holder = lab.service.world.organizations["acme"]
    lab.service.world.set_variable(holder, "GATE_HOLD", "old", visibility)
    asked = lab.connection.write_hold(shared(lab.connection), "new")
    assert asked.outcome is Outcome.HELD
    assert "GATE_HOLD of acme reaches only" in asked.detail
    assert (holder.variables["GATE_HOLD"].value, holder.variables["GATE_HOLD"].visibility) == (
        "new",
        visibility,
    )


@pytest.mark.parametrize("token", ["ghp_lab", "github_pat_x", "ghs_x"])
def test_an_organisation_that_refuses_its_variables_is_told_apart_from_none(token: str) -> None:
    with github_lab(token=token) as lab:
        lab.deny(token, organization_actions_variables="none")
        place = shared(lab.connection)
        with pytest.raises(NotDone, match=r"organization.(actions.)?variables: read") as caught:
            lab.connection.read_hold(place)
        assert caught.value.outcome is Outcome.REFUSED
        for text in ("x", None):
            asked = lab.connection.write_hold(place, text)
            assert asked.outcome is Outcome.REFUSED
            assert "acme at 127.0.0.1:" in asked.detail
            assert "variables: " in asked.detail


def test_a_users_account_has_no_variable_of_its_own(lab: Lab) -> None:
    lab.service.world.add_organization("noa", is_user=True)
    lab.service.world.add_repository("noa", "rig")
    connection = lab.connect(root="noa")
    assert connection.write_hold(shared(connection), "x").outcome is Outcome.REFUSED
    (place,) = connection.project_holds(lab.pool.each)
    assert connection.write_hold(place, "x").outcome is Outcome.HELD


def test_repositories_that_cannot_be_listed_have_no_holds(lab: Lab) -> None:
    lab.fault(status=401, message="Bad credentials")
    with pytest.raises(NotDone, match="the token is not accepted"):
        lab.connection.project_holds(lab.pool.each)


def test_a_hold_somebody_overwrites_meanwhile_is_not_held(lab: Lab) -> None:
    place = shared(lab.connection)
    holder = lab.service.world.organizations["acme"]
    lab.before(2, lambda: lab.service.world.set_variable(holder, "GATE_HOLD", "theirs"))
    asked = lab.connection.write_hold(place, "ours")
    assert (asked.outcome, "another text" in asked.detail) == (Outcome.FAILED, True)
    lab.before(4, lambda: lab.service.world.set_variable(holder, "GATE_HOLD", "theirs"))
    asked = lab.connection.write_hold(place, None)
    assert (asked.outcome, "is there again" in asked.detail) == (Outcome.FAILED, True)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS])
def test_a_hold_whose_answer_was_lost_is_held(lab: Lab, kind: FaultKind) -> None:
    lab.fault(kind, method="POST", status=502, carried_out=True)
    assert lab.connection.write_hold(shared(lab.connection), "x").outcome is Outcome.HELD
    lab.fault(kind, method="DELETE", status=502, carried_out=True)
    assert lab.connection.write_hold(shared(lab.connection), None).outcome is Outcome.LIFTED


def trigger(lab: Lab, number: int) -> Target:
    project = lab.repository.full_name
    return Target(
        provider="github", instance=lab.member.url, project=project, kind="trigger", id=str(number), name="x"
    )


def test_a_workflow_is_switched_off_and_on(lab: Lab) -> None:
    workflow = lab.workflow("load", "load.yml")
    target = trigger(lab, workflow.id)
    for form in ('{"state":"disabled_manually"}', '{"state":"active"}'):
        assert lab.connection.write_trigger(target, form) == Asked()
        assert lab.connection.read_trigger(target) == form
    workflow.state = "disabled_inactivity"
    assert lab.connection.read_trigger(target) == '{"state":"disabled_inactivity"}'
    assert lab.count("PUT", WORKFLOWS + "/{workflow_id}/disable") == 1


@pytest.mark.parametrize("form", ['{"state":"disabled_inactivity"}', "{}", "nonsense"])
def test_a_state_that_only_github_gives_is_never_written(lab: Lab, form: str) -> None:
    asked = lab.connection.write_trigger(trigger(lab, lab.workflow("load", "load.yml").id), form)
    assert asked.outcome is Outcome.FAILED
    assert lab.connection.pace.requests == 0


def test_a_workflow_that_is_gone_is_told_apart_from_one_that_is_hidden(lab: Lab) -> None:
    target = trigger(lab, 999)
    assert lab.connection.read_trigger(target) is None
    assert lab.connection.write_trigger(target, '{"state":"active"}').outcome is Outcome.REFUSED
    lab.deny("ghp_lab", actions="none")
    with pytest.raises(NotDone, match="hidden from a token without actions: read"):
        lab.connection.read_trigger(target)


def stopped(lab: Lab, **more: Any) -> Work:
    """Return a run that was stopped, as `find` would have told of it."""
    run = lab.run(status="completed", conclusion="cancelled", **more)
    origin = Origin(workflow="x", commit=run.sha, own='{"attempt":1}')
    target = lab.target(run)
    return Work(target=target, matched="load-live", status=Status.RUNNING, word="x", origin=origin)


def test_a_stopped_run_says_why_on_its_commit(lab: Lab) -> None:
    work = stopped(lab)
    reason = "staging: waiting for fiber;\ngröße 50 %"
    assert lab.connection.annotate(work, reason) == Asked(outcome=Outcome.DONE)
    (status,) = lab.repository.statuses
    assert (status.state, status.context, status.sha) == ("error", "gate / load-live", work.origin.commit)
    assert (status.target_url, status.description) == (
        work.target.url,
        "staging: waiting for fiber; größe 50 %",
    )
    assert lab.repository.checks == {}
    lab.connection.annotate(work, "x" * 500)
    assert len(lab.repository.statuses[-1].description or "") == 140


def test_an_app_makes_a_check_run_too_and_only_once() -> None:
    with github_lab(token="ghs_x") as lab:
        work = stopped(lab)
        for _ in range(2):
            assert lab.connection.annotate(work, "dark") == Asked(outcome=Outcome.DONE)
        (check,) = lab.repository.checks.values()
        assert (check.name, check.status, check.conclusion) == ("gate / load-live", "completed", "cancelled")
        assert (check.title, check.summary) == ("dark", "dark")
        lab.fault(method="POST", path="*/check-runs", status=502, times=9)
        other = stopped(lab)
        asked = lab.connection.annotate(other, "dark")
        assert (asked.outcome, "no check run: " in asked.detail) == (Outcome.DONE, True)
        assert lab.count("POST", CHECKS) == 2  # a second time could make a second one


def test_a_status_that_is_refused_names_its_permission(lab: Lab) -> None:
    lab.deny("ghp_lab", statuses="none")
    asked = lab.connection.annotate(stopped(lab), "dark")
    assert asked.outcome is Outcome.REFUSED
    assert asked.detail.startswith("acme at 127.0.0.1:")
    assert "commit statuses: write (a classic token: the scope repo:status)" in asked.detail


def test_a_run_without_a_known_commit_is_not_annotated(lab: Lab) -> None:
    work = stopped(lab)
    bare = Work(
        target=work.target, matched="", status=work.status, word="", origin=Origin(workflow="x", commit="")
    )
    assert lab.connection.annotate(bare, "dark").outcome is Outcome.FAILED
    assert lab.connection.pace.requests == 0


@pytest.mark.parametrize("token", ["ghp_lab", "ghs_x"])
def test_a_rerun_is_seen_and_turns_our_status(token: str) -> None:
    with github_lab(token=token) as lab:
        work = stopped(lab)
        lab.connection.annotate(work, "dark")
        run = lab.repository.runs[int(work.target.id)]
        assert lab.connection.rerun_seen(work.target, OWN) is None
        asked = lab.connection.rerun(work.target, OWN)
        assert asked == Asked(outcome=Outcome.RERUN, became=work.target.id)
        assert (run.attempt, lab.connection.rerun_seen(work.target, OWN)) == (2, work.target.id)
        assert lab.connection.rerun_seen(work.target, '{"attempt":2}') is None
        assert [status.state for status in lab.repository.statuses] == ["error", "success"]
        assert {check.conclusion for check in lab.repository.checks.values()} <= {"success"}


def test_a_rerun_leaves_what_others_say_of_the_commit(lab: Lab) -> None:
    work = stopped(lab)
    assert lab.connection.rerun(work.target, OWN).outcome is Outcome.RERUN
    assert lab.repository.statuses == []


@pytest.mark.parametrize(
    ("message", "outcome", "said"),
    [
        ("This workflow is already running", Outcome.CHANGED_SINCE, "somebody else has started it"),
        (
            "Unable to retry this workflow run because it was created over a month ago",
            Outcome.REFUSED,
            "older than 30 days",
        ),
        ("This workflow run cannot be retried", Outcome.REFUSED, "its workflow file is broken"),
        ("Resource not accessible by integration", Outcome.REFUSED, "lacks actions: write"),
    ],
)
def test_a_rerun_that_is_refused_says_why(lab: Lab, message: str, outcome: Outcome, said: str) -> None:
    lab.fault(method="POST", status=403, message=message)
    asked = lab.connection.rerun(stopped(lab).target, OWN)
    assert asked.outcome is outcome
    assert said in asked.detail


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.STATUS])
def test_a_rerun_whose_answer_was_lost_is_not_sent_again(lab: Lab, kind: FaultKind) -> None:
    work = stopped(lab)
    lab.fault(kind, method="POST", status=502, carried_out=True)
    asked = lab.connection.rerun(work.target, OWN)
    assert asked.outcome is Outcome.FAILED
    assert "was not sent again" in asked.detail
    assert lab.count("POST", RERUN) == 1
    assert lab.connection.rerun_seen(work.target, OWN) == work.target.id


def test_a_rerun_that_cannot_be_seen_is_told(lab: Lab) -> None:
    target = stopped(lab).target
    lab.fault(status=401, message="Bad credentials")
    with pytest.raises(NotDone, match="the token is not accepted"):
        lab.connection.rerun_seen(target, OWN)


def root_of(lab: Lab) -> Connection:
    """Return a connection as to github.com: below /api/v3 an Enterprise Server tells of no groups."""
    return lab.connect(url=lab.server.root)


def test_a_run_in_the_way_is_named(lab: Lab) -> None:
    work = stopped(lab)
    workflow = lab.repository.runs[int(work.target.id)].workflow
    connection = root_of(lab)
    assert connection.busy(work.target, OWN) == ""
    workflow.concurrency = "läb / {ref} 50%"
    assert connection.busy(work.target, OWN) == ""
    work_again = lab.repository.runs[int(work.target.id)]
    lab.connection.rerun(work.target, OWN)
    assert work_again.active
    assert connection.busy(work.target, OWN) == ""  # it is in nobody's way but its own
    work_again.status, work_again.conclusion = "completed", "cancelled"
    flying = lab.run(workflow)
    words = f"run {flying.id} ({workflow.name}) of the concurrency group läb / main 50%"
    assert connection.busy(work.target, OWN) == words
    assert lab.connection.busy(work.target, OWN) == ""


def test_what_is_in_the_way_and_cannot_be_seen_is_told(lab: Lab) -> None:
    target = stopped(lab).target
    lab.fault(status=403, message="Resource not accessible by integration")
    with pytest.raises(NotDone, match="actions: read"):
        root_of(lab).busy(target, OWN)
    lab.fault(kind=FaultKind.MALFORMED)
    with pytest.raises(NotDone, match="it is no JSON"):
        root_of(lab).busy(target, OWN)
