"""What does the adapter for GitLab do where answers are missing, wrong, refused or too many?"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gate.core.work import Outcome, Work
from gate.providers.protocol import NotDone
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.model import JobSpec
from tests.emulated.gitlab_fleet import PROTECTS, TOKEN, Lab, serving

JOBS = "*/projects/*/jobs"
CANCEL = "*/cancel"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitLab with two projects, each with a protected job that runs."""
    with serving() as made:
        made.pipeline(project="acme/panda")
        made.pipeline(project="acme/prism")
        yield made


class TestLooking:
    """Is what cannot be looked at told, and the rest found?"""

    @pytest.mark.parametrize(
        "fault",
        [
            pytest.param({"kind": FaultKind.STATUS, "status": 502, "times": 3}, id="a burst of 502"),
            pytest.param({"kind": FaultKind.RESET, "times": 3}, id="resets"),
            pytest.param({"kind": FaultKind.TRUNCATED, "times": 2}, id="half an answer"),
        ],
    )
    @pytest.mark.parametrize("path", ["*/groups/acme/projects", JOBS, "/api/graphql"])
    def test_what_passes_is_waited_for(self, lab: Lab, fault: dict[str, Any], path: str) -> None:
        lab.fault(**fault, path=path)
        assert len(lab.work()) == 2
        assert lab.time.slept

    @pytest.mark.parametrize(
        ("fault", "outcome", "words"),
        [
            pytest.param(
                {"kind": FaultKind.STATUS, "status": 503}, Outcome.FAILED, "answers 503", id="broken"
            ),
            pytest.param({"kind": FaultKind.RESET}, Outcome.FAILED, "does not answer", id="reset"),
            pytest.param({"kind": FaultKind.MALFORMED}, Outcome.FAILED, "expected JSON", id="malformed"),
            pytest.param(
                {"kind": FaultKind.STATUS, "status": 403}, Outcome.REFUSED, "Reporter role", id="refused"
            ),
            pytest.param({"kind": FaultKind.STATUS, "status": 401}, Outcome.REFUSED, "expired", id="expired"),
        ],
    )
    def test_one_project_that_cannot_be_listed_is_a_problem_and_the_other_is_found(
        self, lab: Lab, fault: dict[str, Any], outcome: Outcome, words: str
    ) -> None:
        number = lab.project("acme/prism").id
        lab.fault(**fault, times=20, path=f"*/projects/{number}/jobs")
        found = lab.find()
        assert [work.target.project for work in found.work] == ["acme/panda"]
        (problem,) = found.problems
        assert (problem.target.project, problem.asked.outcome) == ("acme/prism", outcome)
        assert words in problem.asked.detail
        assert f"127.0.0.1:{lab.server.server_address[1]}" in problem.asked.detail
        assert "the jobs of acme/prism" in problem.asked.detail

    def test_a_token_that_expires_mid_way_is_told_for_what_it_could_not_see(self, lab: Lab) -> None:
        lab.grant(expired=True)
        (problem,) = lab.find().problems
        assert (problem.target.project, problem.asked.outcome) == ("acme", Outcome.REFUSED)
        assert "it may have expired" in problem.asked.detail

    def test_a_group_that_is_not_there_names_group_and_scope(self, lab: Lab) -> None:
        found = lab.connect(root="nobody/here %").find(PROTECTS, lab.pool.each)
        (problem,) = found.problems
        assert problem.asked.outcome is Outcome.REFUSED
        assert "nobody/here %" in problem.asked.detail
        assert "read_api" in problem.asked.detail
        assert (found.work, found.projects) == ((), 0)

    def test_a_server_that_is_not_there_is_one_problem(self, lab: Lab) -> None:
        found = lab.connect(url="http://127.0.0.1:1").find(PROTECTS, lab.pool.each)
        (problem,) = found.problems
        assert problem.asked.outcome is Outcome.FAILED
        assert "127.0.0.1:1 does not answer" in problem.asked.detail

    def test_without_graphql_jobs_are_found_and_trigger_jobs_are_a_problem(self, lab: Lab) -> None:
        lab.fault(FaultKind.STATUS, status=403, message="403 Forbidden", times=9, path="/api/graphql")
        found = lab.find()
        assert len(found.work) == 2
        (problem,) = found.problems
        assert "trigger jobs" in problem.asked.detail

    def test_a_page_that_is_missing_leaves_no_half_list(self, lab: Lab) -> None:
        lab.pipeline(*(JobSpec(name=f"load {number}", stage="lab") for number in range(150)))
        lab.fault(FaultKind.STATUS, status=403, skip=1, path=f"*/projects/{lab.project().id}/jobs")
        found = lab.find()
        assert [work.target.project for work in found.work] == ["acme/prism"]
        assert len(found.problems) == 1


class TestLimits:
    """Is GitLab left in peace as long as it asks for it, by all threads?"""

    @pytest.mark.parametrize("retry_after", [True, False])
    def test_the_throttle_is_kept_by_all_threads(self, retry_after: bool) -> None:
        limits = LimitSettings(requests=30, actions={}, retry_after=retry_after)
        with serving(spec=FleetSpec(projects=50, runs=60), limits=limits, threads=8) as lab:
            assert len(lab.work()) >= 20
            statuses = lab.server.log.summary()["statuses"]
            assert statuses.get("429", 0) <= 3 * 8
            assert lab.time.slept

    def test_after_the_last_request_of_a_minute_the_next_one_waits(self) -> None:
        limits = LimitSettings(requests=30, actions={})
        with serving(spec=FleetSpec(projects=50, runs=60), limits=limits, threads=1) as lab:
            assert len(lab.work()) >= 20
            assert "429" not in lab.server.log.summary()["statuses"]
            assert 0 < max(lab.time.slept) <= 61

    def test_without_a_throttle_nobody_waits(self) -> None:
        with serving(spec=FleetSpec(projects=50, runs=60)) as lab:
            lab.work()
            assert lab.connection.pace.waited == 0

    def test_the_limit_of_one_action_is_kept_in_its_project_alone(self) -> None:
        limits = LimitSettings(requests=None, actions={"job_cancel_project": 3})
        with serving(limits=limits, threads=4) as lab:
            lab.pipeline(*(JobSpec(name=f"load {number}", stage="lab") for number in range(5)))
            works = lab.work()
            asked = [lab.connection.cancel(work.target) for work in works]
            assert {one.outcome for one in asked} == {Outcome.STOPPED}
            assert lab.server.log.summary()["statuses"]["429"] == 1
            assert sum(lab.time.slept) >= 60
            assert lab.connection.pace.waited == 0  # nobody else's requests had to

    def test_a_limit_that_never_ends_is_told(self, lab: Lab) -> None:
        (work, _) = lab.work()
        headers = (("Retry-After", "7"),)
        lab.fault(FaultKind.STATUS, status=429, message="Retry later", headers=headers, times=50, path=CANCEL)
        asked = lab.connection.cancel(work.target)
        assert (asked.outcome, "too many requests" in asked.detail) == (Outcome.FAILED, True)
        assert lab.count("POST", "/projects/{project}/jobs/{job}/cancel") == 8
        assert sum(lab.time.slept) == pytest.approx(49, abs=0.1)

    def test_a_date_says_how_long_as_well(self, lab: Lab) -> None:
        (work, _) = lab.work()
        headers = (("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"),)
        lab.fault(FaultKind.STATUS, status=429, headers=headers, path=CANCEL)
        assert lab.connection.cancel(work.target).detail == "GitLab says canceling"

    def test_every_request_is_counted_by_the_budget(self, lab: Lab) -> None:
        lab.fault(FaultKind.STATUS, status=502, times=2, path=JOBS)
        lab.connection.cancel(lab.work()[0].target)
        assert lab.connection.pace.requests == lab.count()


class TestLostAnswers:
    """Is nothing done twice that must not be, and nothing believed that was not seen?"""

    @pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.TRUNCATED])
    def test_a_cancel_whose_answer_is_lost_is_sent_again(self, lab: Lab, kind: FaultKind) -> None:
        (work, _) = lab.work()
        lab.fault(kind, method="POST", path=CANCEL, carried_out=True)
        assert lab.connection.cancel(work.target).detail == "GitLab says canceling"
        assert lab.count("POST", "/projects/{project}/jobs/{job}/cancel") == 2

    @pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.MALFORMED])
    def test_one_whose_answer_never_comes_is_observed(self, lab: Lab, kind: FaultKind) -> None:
        (work, _) = lab.work()
        lab.fault(kind, method="POST", path=CANCEL, carried_out=True, times=9)
        asked = lab.connection.cancel(work.target)
        assert (asked.outcome, bool(asked.detail)) == (None, True)
        assert lab.observe(work.target) == ["canceling"]

    def test_a_retry_whose_answer_is_lost_is_a_failure_sent_once_and_seen_afterwards(self, lab: Lab) -> None:
        work = cancelled(lab)
        assert lab.connection.rerun_seen(work.target, work.origin.own) is None
        lab.fault(FaultKind.RESET, method="POST", path="*/retry", carried_out=True)
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert (asked.outcome, asked.became) == (Outcome.FAILED, "")
        assert lab.count("POST", "/projects/{project}/jobs/{job}/retry") == 1
        (job,) = [one for one in lab.project().jobs.values() if one.status == "pending"]
        assert lab.connection.rerun_seen(work.target, work.origin.own) == str(job.id)

    def test_a_hold_whose_answer_is_lost_is_read_back(self, lab: Lab) -> None:
        place = lab.connection.shared_hold()
        assert place is not None
        lab.fault(FaultKind.RESET, method="POST", path="*/variables", carried_out=True)
        assert lab.connection.write_hold(place, '{"reason": "größe"}').outcome is Outcome.HELD
        lab.fault(FaultKind.RESET, method="DELETE", path="*/variables/*", carried_out=True)
        assert lab.connection.write_hold(place, None).outcome is Outcome.LIFTED

    def test_a_schedule_whose_answer_is_lost_is_read_back(self, lab: Lab) -> None:
        lab.service.world.add_schedule(lab.project(), "load nightly")
        (trigger,) = lab.find(triggers=True).triggers
        lab.fault(FaultKind.RESET, method="PUT", carried_out=True, times=9)
        assert lab.connection.write_trigger(trigger.target, trigger.suspended_form).outcome is None
        assert lab.connection.read_trigger(trigger.target) == trigger.suspended_form


class TestSecrets:
    """Does the token go to this GitLab alone, and nowhere else?"""

    def test_a_redirect_is_not_followed(self, lab: Lab) -> None:
        with serving() as other:
            location = (("Location", f"{other.server.url}/api/v4/groups/acme/projects"),)
            lab.fault(FaultKind.STATUS, status=302, headers=location, path="*/groups/*")
            (problem,) = lab.find().problems
            assert "which is not followed" in problem.asked.detail
            assert other.count() == 0

    def test_a_next_page_at_another_host_is_asked_for_here(self, lab: Lab) -> None:
        lab.pipeline(*(JobSpec(name=f"load {number}", stage="lab") for number in range(130)))
        # Behind a proxy an instance names itself otherwise.
        answers = lab.service.answer

        def renamed(request: Any, handler: Any) -> Any:
            answer = answers(request, handler)
            headers = tuple((k, v.replace("127.0.0.1", "gitlab.invalid")) for k, v in answer.headers)
            return type(answer)(status=answer.status, body=answer.body, kind=answer.kind, headers=headers)

        lab.service.answer = renamed  # type: ignore[method-assign]
        assert len(lab.work()) == 132

    def test_nothing_that_is_said_or_logged_holds_the_token(
        self, lab: Lab, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        work, _ = lab.work()
        place = lab.connection.shared_hold()
        assert place is not None
        said = [repr(lab.connection), repr(lab.connection.member)]
        for status in (401, 403, 404, 409, 500):
            lab.fault(FaultKind.STATUS, status=status, message=f"no {TOKEN}", times=12)
            said.append(repr(lab.find()))
            said.append(repr(lab.connection.cancel(work.target)))
            with pytest.raises(NotDone) as refused:
                lab.connection.read_hold(place)
            said.append(repr(refused.value))
            lab.server.faults.clear()
        assert TOKEN not in " ".join(said) + caplog.text

    def test_hostile_words_are_one_harmless_line(self, lab: Lab) -> None:
        name = "load \x1b[31m\n::set-output name=open::true"
        lab.pipeline(JobSpec(name=name), statuses=("running",), project="acme/evil")
        (work,) = [one for one in lab.work() if one.target.project == "acme/evil"]
        assert "\n" not in work.target.name + work.matched
        assert "\x1b" not in work.target.name + work.matched
        lab.fault(FaultKind.STATUS, status=409, message="a\nb\x1b[31m", path=CANCEL)
        assert "(GitLab says: a b[31m)" in lab.connection.cancel(work.target).detail


def test_sixteen_threads_have_sixteen_clients(lab: Lab) -> None:
    seen: list[str] = []
    barrier = threading.Barrier(16)

    def look() -> None:
        barrier.wait(timeout=10)
        seen.extend(lab.observe(*targets))

    targets = [work.target for work in lab.work()]
    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert seen == ["running"] * 32


def cancelled(lab: Lab) -> Work:
    """Return a job that was cancelled, as it was before."""
    work = lab.work()[0]
    lab.connection.cancel(work.target)
    lab.advance(601)
    assert lab.observe(work.target) == ["canceled"]
    return work
