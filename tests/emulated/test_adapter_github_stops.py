"""How the GitHub adapter stops runs and sees them stopped, with the real PyGithub."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gate.core.work import Asked, Outcome, Seen, Status
from gate.providers.protocol import Connection
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import Behaviour
from tests.emulated.github_lab import LAB, RUN, Lab, github_lab

CANCEL = RUN + "/cancel"
FORCE = RUN + "/force-cancel"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitHub with one repository that has no runs yet."""
    with github_lab() as made:
        yield made


def seen(lab: Lab, *runs: Any, connection: Connection | None = None) -> list[Seen | None]:
    """Return where runs are as the adapter sees it."""
    targets = [lab.target(run) for run in runs]
    found = (connection or lab.connection).observe(targets, lab.pool.each)
    return [found.get(target.key) for target in targets]


def test_a_cancel_that_is_accepted_is_no_proof(lab: Lab) -> None:
    run = lab.run()
    assert lab.connection.cancel(lab.target(run)) == Asked()
    assert seen(lab, run) == [Seen(status=Status.RUNNING, word="in_progress")]
    lab.advance(600)
    assert seen(lab, run) == [Seen(status=Status.FINISHED, word="cancelled", stopped=True)]


def test_what_ended_by_itself_was_not_stopped(lab: Lab) -> None:
    run = lab.run(status="completed", conclusion="failure")
    assert seen(lab, run) == [Seen(status=Status.FINISHED, word="failure")]
    asked = lab.connection.cancel(lab.target(run))
    assert asked.outcome is Outcome.ALREADY_FINISHED


def test_a_run_that_ignores_a_cancel_is_forced_once_and_then_nothing_is_harder(lab: Lab) -> None:
    run = lab.run()
    run.behaviour = Behaviour.NEEDS_FORCE
    target = lab.target(run)
    assert lab.connection.cancel(target) == Asked()
    lab.advance(3600)
    assert seen(lab, run) == [Seen(status=Status.RUNNING, word="in_progress")]
    assert lab.connection.escalate(target, 1) == Asked()
    lab.advance(60)
    assert seen(lab, run) == [Seen(status=Status.FINISHED, word="cancelled", stopped=True)]
    assert lab.connection.escalate(target, 2, kill=True) is None
    assert (lab.count("POST", CANCEL), lab.count("POST", FORCE)) == (1, 1)


def test_a_run_listed_as_queued_that_never_was_is_observed_and_forced(lab: Lab) -> None:
    run = lab.run(status="queued")
    run.listed_only = True
    for asked in (lab.connection.cancel(lab.target(run)), lab.connection.escalate(lab.target(run), 1)):
        assert asked is not None
        assert asked.outcome is None
        assert "has not been queued yet" in asked.detail
    assert seen(lab, run) == [Seen(status=Status.QUEUED, word="queued")]


@pytest.mark.parametrize(
    ("status", "message", "outcome", "said"),
    [
        (401, "Bad credentials", Outcome.REFUSED, "the token is not accepted"),
        (403, "Resource not accessible by integration", Outcome.REFUSED, "lacks actions: write"),
        (404, "Not Found", Outcome.REFUSED, "lacks actions: write (a classic token: the scope repo)"),
        (409, "Something else", None, "Something else"),
        (422, "Unprocessable", Outcome.FAILED, "GitHub answers 422: Unprocessable"),
        (500, "Failed to cancel workflow run", None, "Failed to cancel workflow run"),
        (502, "Server Error", Outcome.FAILED, "GitHub answers 502: Server Error"),
    ],
)
def test_no_answer_to_a_cancel_is_swallowed(
    lab: Lab, status: int, message: str, outcome: Outcome | None, said: str
) -> None:
    run = lab.run()
    lab.fault(method="POST", status=status, message=message, times=9)
    asked = lab.connection.cancel(lab.target(run))
    assert asked.outcome is outcome
    assert said in asked.detail
    assert lab.repository.full_name in asked.detail or outcome is None
    assert lab.count("POST", CANCEL) == (4 if status >= 500 else 1)


def test_a_permission_that_is_missing_is_named_by_the_server_itself(lab: Lab) -> None:
    lab.deny("ghp_lab", actions="read")
    asked = lab.connection.cancel(lab.target(lab.run()))
    assert asked.outcome is Outcome.REFUSED
    assert "the token lacks actions: write (a classic token: the scope repo) (404: " in asked.detail
    with github_lab(token="github_pat_x") as fine:
        fine.deny("github_pat_x", actions="read")
        asked = fine.connection.cancel(fine.target(fine.run()))
        assert "the token lacks actions: write (403: Resource not accessible by" in asked.detail


def test_a_run_that_vanished_is_gone(lab: Lab) -> None:
    run = lab.run()
    work = lab.work(run)
    lab.service.world.remove(lab.repository)
    assert lab.connection.cancel(work.target) == Asked(outcome=Outcome.ALREADY_FINISHED, detail="it is gone")
    assert lab.connection.observe([work.target], lab.pool.each)[work.target.key] == Seen(
        status=Status.FINISHED, word="gone"
    )


@pytest.mark.parametrize("lost", [FaultKind.RESET, FaultKind.STATUS])
def test_a_cancel_whose_answer_was_lost_is_asked_again_and_counts_as_ours(lab: Lab, lost: FaultKind) -> None:
    run = lab.run()
    lab.fault(lost, method="POST", status=502, carried_out=True)
    lab.before(2, lambda: lab.advance(3600))
    assert lab.connection.cancel(lab.target(run)) == Asked()
    assert lab.count("POST", CANCEL) == 2
    assert seen(lab, run) == [Seen(status=Status.FINISHED, word="cancelled", stopped=True)]


def test_a_renamed_repository_is_led_to_with_the_same_verb(lab: Lab) -> None:
    run = lab.run()
    target = lab.target(run)
    lab.service.world.rename(lab.repository, "moved")
    assert lab.connection.cancel(target) == Asked()
    assert run.cancel_asked is not None
    assert lab.connection.observe([target], lab.pool.each)[target.key].status is Status.RUNNING


def test_a_hundred_runs_are_observed_in_one_request(lab: Lab) -> None:
    runs = [lab.run() for _ in range(230)]
    lab.connection.find(LAB, lab.pool.each)
    lab.server.log.clear()
    assert seen(lab, *runs) == [Seen(status=Status.RUNNING, word="in_progress")] * 230
    assert (lab.count("POST", "/graphql"), lab.server.log.count()) == (3, 3)


def test_graphql_is_beside_the_api_of_githubs_own_cloud(lab: Lab) -> None:
    """Below /api/v3, as everywhere else here, it is an Enterprise Server's."""
    run = lab.run()
    connection = lab.connect(url=lab.server.root)
    (work,) = connection.find(LAB, lab.pool.each).work
    seen_there = connection.observe([work.target], lab.pool.each)
    assert (work.target.id, seen_there[work.target.key].word) == (str(run.id), "in_progress")
    assert (lab.count("POST", "/graphql"), lab.count("GET", RUN)) == (1, 0)


def test_runs_of_another_process_are_observed_one_by_one_and_then_together(lab: Lab) -> None:
    runs = [lab.run() for _ in range(5)]
    assert None not in seen(lab, *runs)
    assert (lab.count("GET", RUN), lab.count("POST", "/graphql")) == (5, 0)
    assert None not in seen(lab, *runs)
    assert (lab.count("GET", RUN), lab.count("POST", "/graphql")) == (5, 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "message": "Not Found"},
        {"status": 200, "message": "RATE_LIMITED"},
        {"status": 502, "times": 4},
        {"kind": FaultKind.MALFORMED},
    ],
    ids=["none", "hour used up", "broken", "malformed"],
)
def test_without_graphql_runs_are_observed_one_by_one(lab: Lab, fault: dict[str, Any]) -> None:
    runs = [lab.run() for _ in range(3)]
    lab.connection.find(LAB, lab.pool.each)
    lab.fault(path="*/graphql", **fault)
    assert seen(lab, *runs) == [Seen(status=Status.RUNNING, word="in_progress")] * 3
    assert lab.count("GET", RUN) == 3


def test_what_graphql_does_not_know_is_asked_for_alone(lab: Lab) -> None:
    runs = [lab.run() for _ in range(3)]
    lab.connection.find(LAB, lab.pool.each)
    del lab.repository.runs[runs[1].id]
    lab.service.world._nodes.pop(runs[1].node_id)
    assert [one.word for one in seen(lab, *runs) if one] == ["in_progress", "gone", "in_progress"]
    assert lab.count("GET", RUN) == 1


def test_what_cannot_be_seen_is_left_out(lab: Lab) -> None:
    runs = [lab.run() for _ in range(2)]
    lab.fault(path=f"*/{runs[0].id}", status=403, message="Resource not accessible by integration")
    assert seen(lab, *runs)[0] is None
    assert seen(lab, *runs)[1] is not None


def test_sixteen_threads_send_each_its_own_request(lab: Lab) -> None:
    """PyGithub keeps verb and URL in the connection: shared, some runs never get their cancel."""
    runs = [lab.run() for _ in range(400)]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as threads:
            done = list(threads.map(lambda run: lab.connection.cancel(lab.target(run)), runs))
    finally:
        sys.setswitchinterval(switch)
    assert done == [Asked()] * 400
    assert [run.id for run in runs if run.cancel_asked is None] == []
    assert len({one.path for one in lab.server.log.last()}) == lab.count("POST", CANCEL) == 400


def test_the_librarys_throttle_is_off(lab: Lab) -> None:
    began = time.monotonic()
    for _ in range(8):
        lab.connection.cancel(lab.target(lab.run()))
    assert time.monotonic() - began < 4  # by itself PyGithub waits a second between two writes


def test_reads_and_writes_take_their_points(lab: Lab) -> None:
    taken: list[float] = []
    pace, take = lab.connection.pace, lab.connection.pace.take

    def counted(points: float = 1.0) -> None:
        taken.append(points)
        take(points)

    pace.take = counted  # type: ignore[method-assign]
    run = lab.run()
    lab.connection.cancel(lab.target(run))
    lab.connection.escalate(lab.target(run), 1)
    seen(lab, run)
    seen(lab, run)  # this time by GraphQL, which has a budget of its own
    assert taken == [5, 5, 1, 1]


def test_no_log_and_no_answer_holds_the_token(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    run = lab.run()
    other = lab.connect(url="http://127.0.0.1:9")
    with caplog.at_level(logging.DEBUG):
        said = [lab.connection.find(LAB, lab.pool.each), other.find(LAB, lab.pool.each)]
        lab.fault(status=401, message="Bad credentials", times=9)
        said.append(lab.connection.find(LAB, lab.pool.each))
        shown = f"{said} {lab.connection.cancel(lab.target(run))} {lab.connection.member!r} {caplog.text}"
    assert "GET" in caplog.text
    assert "ghp_lab" not in shown


def test_a_token_that_cannot_be_sent_is_not_shown_either(lab: Lab) -> None:
    for token in ("ghp\nlab", "ghp_größe€"):
        connection = lab.connect(token=type(lab.member.token)(token))
        (problem,) = connection.find(LAB, lab.pool.each).problems
        assert "the token holds characters that cannot be sent" in problem.asked.detail
        assert token not in problem.asked.detail
