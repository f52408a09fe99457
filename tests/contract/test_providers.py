"""Every provider answers the same questions about its own run in the same way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gate.core.work import Outcome
from gate.providers import PROVIDERS, own_run
from gate.providers.protocol import Result

EACH = pytest.mark.parametrize("name", PROVIDERS)

IDENTITY = {
    "github": {
        "GITHUB_API_URL": "http://127.0.0.1:1",
        "GITHUB_REPOSITORY": "acme/panda",
        "GITHUB_RUN_ID": "1",
    },
    "gitlab": {"CI_API_V4_URL": "http://127.0.0.1:1", "CI_PROJECT_ID": "1", "CI_PIPELINE_ID": "1"},
    "jenkins": {"JENKINS_URL": "http://127.0.0.1:1/", "BUILD_URL": "http://127.0.0.1:1/job/p/1/"},
}
TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "jenkins": "JENKINS_TOKEN"}


def words(results: Sequence[Result]) -> str:
    return " ".join(f"{result.target} {result.detail}" for result in results)


@EACH
def test_without_a_token_nothing_is_cancelled_and_the_variable_is_named(name: str) -> None:
    results = own_run(name, IDENTITY[name]).cancel_run()
    assert [result.outcome for result in results] == [Outcome.REFUSED]
    assert TOKENS[name] in words(results)


@EACH
def test_outside_a_run_nothing_is_cancelled(name: str) -> None:
    here = own_run(name, {})
    for results in (here.cancel_run(), here.cancel_downstream(("load*",))):
        assert results
        assert all(result.outcome in (Outcome.REFUSED, Outcome.FAILED) for result in results)
        assert all(result.detail for result in results)


@EACH
def test_outside_a_run_there_is_no_place_for_a_reason(name: str) -> None:
    assert own_run(name, {}).annotate("staging: waiting for fiber", opened=False) == ()


@EACH
def test_a_server_that_is_not_there_is_told_and_no_token_with_it(name: str) -> None:
    environ = {**IDENTITY[name], TOKENS[name]: "geheim", "JENKINS_USER": "dana", "CI_JOB_TOKEN": "geheim"}
    here = own_run(name, environ)
    results = [*here.cancel_run(), *here.annotate("x", opened=False)]
    assert all(result.outcome in (Outcome.FAILED, Outcome.SURVIVED) for result in results)
    assert "geheim" not in words(results) + repr(here)
