"""What does the adapter for GitLab write, and what does it leave as it was?"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gate.core.event import Target
from gate.core.hold import parse_hold
from gate.core.work import Outcome, Trigger, Work
from gate.providers.protocol import NotDone
from gate.sandbox.faults import FaultKind
from gate.sandbox.gitlab.model import JobSpec, Schedule, Variable
from tests.emulated.gitlab_fleet import LOAD, UNIT, Lab, serving

HOLD = '{"id": "h1", "reason": "größe: 5 $ für die Faser\\n\\"x\\""}'


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitLab with an empty group."""
    with serving() as made:
        yield made


class TestTheHold:
    """Does a hold stand where it was read back, and nowhere else?"""

    def place(self, lab: Lab) -> Target:
        """Return the group's place."""
        place = lab.connection.shared_hold()
        assert place is not None
        return place

    def group(self, lab: Lab) -> list[Variable]:
        """Return the group's variables."""
        found = lab.service.world.group("acme")
        assert found is not None
        return found.variables

    def test_the_groups_variable_is_one_place_for_all(self, lab: Lab) -> None:
        place = self.place(lab)
        assert (place.kind, place.id, place.project, place.provider) == (
            "hold",
            "GATE_HOLD",
            "acme",
            "gitlab",
        )
        assert lab.connection.read_hold(place) is None
        asked = lab.connection.write_hold(place, HOLD)
        assert (asked.outcome, lab.connection.read_hold(place)) == (Outcome.HELD, HOLD)
        (variable,) = self.group(lab)
        assert (variable.raw, variable.masked, variable.protected) == (True, False, False)
        assert variable.environment_scope == "*"
        hold = parse_hold(variable.value)
        assert hold is not None
        assert hold.reason.startswith("größe: 5 $ für")

    def test_the_first_write_takes_two_requests(self, lab: Lab) -> None:
        lab.connection.write_hold(self.place(lab), HOLD)
        assert lab.counted() == {
            "POST /groups/{group}/variables": 1,
            "GET /groups/{group}/variables/{key}": 1,
        }

    def test_what_stands_there_is_written_over_and_taken_away(self, lab: Lab) -> None:
        place = self.place(lab)
        self.group(lab).append(Variable(key="GATE_HOLD", value="somebody's", protected=True))
        assert lab.connection.read_hold(place) == "somebody's"
        assert lab.connection.write_hold(place, HOLD).outcome is Outcome.HELD
        assert (self.group(lab)[0].value, self.group(lab)[0].protected) == (HOLD, False)
        assert lab.connection.write_hold(place, None).outcome is Outcome.LIFTED
        assert self.group(lab) == []
        assert lab.connection.write_hold(place, None).outcome is Outcome.LIFTED  # again, and nothing is there

    def test_a_variable_of_another_environment_scope_is_left_alone(self, lab: Lab) -> None:
        theirs = Variable(key="GATE_HOLD", value="theirs", environment_scope="production")
        self.group(lab).append(theirs)
        place = self.place(lab)
        assert lab.connection.read_hold(place) is None
        assert lab.connection.write_hold(place, HOLD).outcome is Outcome.HELD
        assert lab.connection.write_hold(place, None).outcome is Outcome.LIFTED
        assert self.group(lab) == [theirs]

    def test_where_the_group_refuses_it_each_project_has_a_place(self, lab: Lab) -> None:
        for path in ("acme/panda", "acme/sub/prism 50%"):
            lab.project(path)
        lab.grant(role="maintainer")
        with pytest.raises(NotDone) as refused:
            lab.connection.read_hold(self.place(lab))
        assert refused.value.outcome is Outcome.REFUSED
        assert "Owner role in the group" in refused.value.detail
        asked = lab.connection.write_hold(self.place(lab), HOLD)
        assert (asked.outcome, "Owner role" in asked.detail) == (Outcome.REFUSED, True)
        places = lab.connection.project_holds(lab.pool.each)
        assert [place.project for place in places] == ["acme/panda", "acme/sub/prism 50%"]
        for place in places:
            assert lab.connection.read_hold(place) is None
            assert lab.connection.write_hold(place, HOLD).outcome is Outcome.HELD
            assert lab.connection.read_hold(place) == HOLD
            assert [one.value for one in lab.project(place.project).variables] == [HOLD]

    def test_a_project_names_the_role_that_it_takes(self, lab: Lab) -> None:
        lab.project()
        lab.grant(role="developer")
        (place,) = lab.connection.project_holds(lab.pool.each)
        asked = lab.connection.write_hold(place, HOLD)
        assert asked.outcome is Outcome.REFUSED
        assert "Maintainer role in the project" in asked.detail
        assert "acme/panda" in asked.detail

    def test_projects_that_cannot_be_listed_are_no_places(self, lab: Lab) -> None:
        lab.grant(expired=True)
        with pytest.raises(NotDone, match="may have expired"):
            lab.connection.project_holds(lab.pool.each)

    def test_what_gitlab_would_not_take_is_said_before_it_is_sent(self, lab: Lab) -> None:
        asked = lab.connection.write_hold(self.place(lab), "x" * 10_001)
        assert (asked.outcome, "10000" in asked.detail) == (Outcome.FAILED, True)
        assert lab.count() == 0
        assert lab.connection.write_hold(self.place(lab), "x" * 10_000).outcome is Outcome.HELD

    def test_what_reads_otherwise_afterwards_does_not_stand(self, lab: Lab) -> None:
        lab.fault(FaultKind.STATUS, method="POST", status=201, message="as if", path="*/variables")
        asked = lab.connection.write_hold(self.place(lab), HOLD)
        assert (asked.outcome, "reads otherwise" in asked.detail) == (Outcome.FAILED, True)


class TestTheName:
    """Does a pipeline carry the reason, and still its own name?"""

    def stopped(self, lab: Lab, count: int = 1, **more: object) -> tuple[Work, ...]:
        """Return what is protected in a pipeline with an own name."""
        jobs = [JobSpec(name=f"load {number}", stage="lab") for number in range(count)]
        made = lab.pipeline(*jobs, statuses=("running",) * count)
        made.name = str(more["name"]) if "name" in more else None
        return lab.work()

    def name_of(self, lab: Lab) -> str:
        """Return the name of the only pipeline."""
        (pipeline,) = lab.project().pipelines.values()
        return pipeline.name or ""

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("Nightly | größe", "gate: held: no fibre | Nightly | größe", id="its own name"),
            pytest.param("gate: closed | Nightly", "gate: closed | Nightly", id="a reason stands there"),
        ],
    )
    def test_the_reason_goes_before_a_name(self, lab: Lab, before: str, after: str) -> None:
        (work,) = self.stopped(lab, name=before)
        assert lab.connection.annotate(work, "held: no fibre").outcome is Outcome.DONE
        assert self.name_of(lab) == after

    def test_without_a_name_the_commits_title_is_kept(self, lab: Lab) -> None:
        (work,) = self.stopped(lab)
        lab.connection.annotate(work, "held | no fibre")
        assert self.name_of(lab) == "gate: held / no fibre | Change"

    def test_a_long_reason_gives_way_to_the_name(self, lab: Lab) -> None:
        (work,) = self.stopped(lab, name="n" * 200)
        lab.connection.annotate(work, "r" * 300)
        name = self.name_of(lab)
        assert (len(name), name[-200:], name[:7]) == (255, "n" * 200, "gate: r")

    def test_a_name_that_leaves_no_room_stays(self, lab: Lab) -> None:
        (work,) = self.stopped(lab, name="n" * 250)
        asked = lab.connection.annotate(work, "held")
        assert (asked.outcome, "so long" in asked.detail) == (Outcome.FAILED, True)
        assert self.name_of(lab) == "n" * 250

    def test_sixteen_jobs_of_one_pipeline_rename_it_once(self) -> None:
        with serving(threads=16) as lab:
            works = self.stopped(lab, 16, name="Nightly")
            lab.counted()
            barrier = threading.Barrier(16)

            def annotate(work: Work) -> Outcome | None:
                barrier.wait(timeout=10)
                return lab.connection.annotate(work, "held").outcome

            assert set(lab.pool.each(annotate, works)) == {Outcome.DONE}
            assert sum(lab.counted().values()) == 1
            assert self.name_of(lab) == "gate: held | Nightly"

    def test_a_name_that_was_never_seen_is_read_first(self, lab: Lab) -> None:
        (work,) = self.stopped(lab, name="Nightly")
        other = lab.connect()
        assert other.annotate(work, "held").outcome is Outcome.DONE
        assert self.name_of(lab) == "gate: held | Nightly"

    def test_a_child_pipeline_is_in_no_list_and_its_parent_is_named(self, lab: Lab) -> None:
        above = lab.pipeline(JobSpec(name="lab", child=(LOAD,)), statuses=("running",))
        (work,) = lab.work()
        lab.connection.annotate(work, "held")
        assert above.name == "gate: held | Change"
        below = above.jobs[0].downstream
        assert below is not None
        assert below.name is None

    def test_a_refusal_names_the_role(self, lab: Lab) -> None:
        (work,) = self.stopped(lab)
        lab.grant(role="developer")
        asked = lab.connection.annotate(work, "held")
        assert (asked.outcome, "push or merge" in asked.detail) == (Outcome.REFUSED, True)


class TestSchedules:
    """Is a schedule switched off where it starts what is protected, by nobody but its owner?"""

    def trigger(self, lab: Lab, description: str = "Load nightly", **more: Any) -> Trigger:
        """Return the only schedule that is found."""
        lab.service.world.add_schedule(lab.project(), description, **more)
        (found,) = lab.find(triggers=True).triggers
        return found

    def schedule(self, lab: Lab) -> Schedule:
        """Return the only schedule."""
        (one,) = lab.project().schedules.values()
        return one

    def test_it_is_switched_off_and_put_back_to_the_letter(self, lab: Lab) -> None:
        found = self.trigger(lab, ref="refs/heads/größe 50%")
        before = lab.connection.read_trigger(found.target)
        assert (before, found.active, found.cannot) == (found.form, True, "")
        assert (found.target.kind, found.matched, found.target.project) == (
            "trigger",
            "Load nightly",
            "acme/panda",
        )
        assert lab.connection.write_trigger(found.target, found.suspended_form).outcome is None
        assert self.schedule(lab).active is False
        assert lab.connection.read_trigger(found.target) == found.suspended_form
        assert lab.connection.write_trigger(found.target, found.form).outcome is None
        assert (lab.connection.read_trigger(found.target), self.schedule(lab).active) == (found.form, True)

    @pytest.mark.parametrize("field", ["description", "ref", "cron", "owner"])
    def test_what_somebody_changes_meanwhile_shows_in_its_form(self, lab: Lab, field: str) -> None:
        found = self.trigger(lab)
        setattr(self.schedule(lab), field, "7 7 * * *")
        assert lab.connection.read_trigger(found.target) != found.form

    def test_one_that_somebody_else_owns_is_refused_by_that_name_and_never_taken_over(self, lab: Lab) -> None:
        found = self.trigger(lab, owner="noa")
        asked = lab.connection.write_trigger(found.target, found.suspended_form)
        assert asked.outcome is Outcome.REFUSED
        assert "belongs to noa" in asked.detail
        assert (self.schedule(lab).owner, self.schedule(lab).active) == ("noa", True)

    def test_one_that_is_gone_has_no_form(self, lab: Lab) -> None:
        found = self.trigger(lab)
        lab.project().schedules.clear()
        assert lab.connection.read_trigger(found.target) is None

    def test_one_of_a_project_that_is_hidden_cannot_be_read(self, lab: Lab) -> None:
        found = self.trigger(lab)
        lab.grant(projects=["acme/other"])
        with pytest.raises(NotDone, match="Developer role"):
            lab.connection.read_trigger(found.target)

    def test_it_is_known_by_the_jobs_that_it_started_last_and_by_those_below_them(self, lab: Lab) -> None:
        for number, specs in enumerate(((UNIT, LOAD), (JobSpec(name="all", child=(LOAD,)),), (UNIT,))):
            made = lab.service.world.add_schedule(lab.project(), f"nightly {number}")
            made.last_pipeline = lab.pipeline(*specs, statuses=("running",) * len(specs))
        found = lab.find(triggers=True)
        assert [(one.target.name, one.matched) for one in found.triggers] == [
            ("nightly 0", LOAD.name),
            ("nightly 1", LOAD.name),
        ]
        assert found.notes == (
            "1 active schedule matches no pattern, neither by description nor by the jobs of the last "
            "pipeline; left on",
        )

    def test_those_that_are_off_already_are_known_to_be(self, lab: Lab) -> None:
        lab.service.world.add_schedule(lab.project(), "load", active=False)
        lab.service.world.add_schedule(lab.project(), "other", active=False)
        found = lab.find(triggers=True)
        assert ([trigger.active for trigger in found.triggers], found.notes) == ([False], ())

    def test_more_than_a_hundred_are_read(self, lab: Lab) -> None:
        for number in range(130):
            lab.service.world.add_schedule(lab.project(), f"load {number}" if number < 120 else f"x {number}")
        lab.counted()
        assert len(lab.find(triggers=True).triggers) == 120
        counts = lab.counted()
        assert counts["GET /projects/{project}/pipeline_schedules"] == 2
        assert counts["POST /api/graphql"] == 1 + 3

    def test_they_are_asked_for_only_where_they_are_wanted(self, lab: Lab) -> None:
        lab.service.world.add_schedule(lab.project(), "load")
        assert lab.find().triggers == ()
        assert lab.count("GET", "/projects/{project}/pipeline_schedules") == 0

    def test_those_that_cannot_be_listed_are_a_problem(self, lab: Lab) -> None:
        lab.pipeline()
        lab.fault(FaultKind.STATUS, status=403, message="403 Forbidden", path="*/pipeline_schedules")
        found = lab.find(triggers=True)
        (problem,) = found.problems
        assert (problem.target.kind, problem.asked.outcome) == ("trigger", Outcome.REFUSED)
        assert len(found.work) == 1


class TestRerunning:
    """Is what was cancelled started again once, and nothing that a person starts?"""

    def cancelled(self, lab: Lab, *specs: JobSpec, statuses: tuple[str, ...] = ()) -> tuple[Work, ...]:
        """Return what was cancelled, as it was before."""
        lab.pipeline(*specs, statuses=statuses)
        works = lab.work()
        for work in works:
            lab.connection.cancel(work.target)
        lab.advance(601)
        return works

    def test_a_retry_gives_a_new_job_in_the_same_pipeline(self, lab: Lab) -> None:
        (work,) = self.cancelled(lab, LOAD, statuses=("running",))
        assert lab.connection.rerun_seen(work.target, work.origin.own) is None
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert (asked.outcome, asked.became != work.target.id) == (Outcome.RERUN, True)
        assert lab.connection.rerun_seen(work.target, work.origin.own) == asked.became
        assert lab.project().jobs[int(asked.became)].status == "pending"
        assert lab.connection.busy(work.target, work.origin.own) == ""

    def test_what_was_skipped_behind_it_comes_back_with_it(self, lab: Lab) -> None:
        after = JobSpec(name="report", stage="report")
        (work,) = self.cancelled(lab, LOAD, after, statuses=("running",))
        report = list(lab.project().jobs.values())[1]
        assert report.status == "skipped"
        lab.connection.rerun(work.target, work.origin.own)
        assert report.status == "created"

    def test_one_that_somebody_has_retried_is_changed_since(self, lab: Lab) -> None:
        (work,) = self.cancelled(lab, LOAD, statuses=("running",))
        lab.connection.rerun(work.target, work.origin.own)
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert (asked.outcome, "already" in asked.detail) == (Outcome.CHANGED_SINCE, True)

    def test_a_delayed_job_starts_at_once_and_that_is_said(self, lab: Lab) -> None:
        (work,) = self.cancelled(lab, JobSpec(name="load", when="delayed"), statuses=("scheduled",))
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert (asked.outcome, asked.detail) == (Outcome.RERUN, "a delayed job: it starts at once")

    def test_a_manual_job_that_had_not_been_offered_yet_is_not_started(self, lab: Lab) -> None:
        specs = (JobSpec(name="build", stage="a"), JobSpec(name="load", when="manual", stage="b"))
        (work,) = self.cancelled(lab, *specs, statuses=("running", "created"))
        lab.counted()
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert (asked.outcome, "left to a person" in asked.detail) == (Outcome.REFUSED, True)
        assert lab.counted() == {"POST /api/graphql": 1}

    def test_one_that_nobody_can_tell_to_be_manual_is_not_started(self, lab: Lab) -> None:
        specs = (JobSpec(name="build", stage="a"), JobSpec(name="load", stage="b"))
        (work,) = self.cancelled(lab, *specs, statuses=("running", "created"))
        lab.fault(FaultKind.STATUS, status=403, path="/api/graphql")
        assert lab.connection.rerun(work.target, work.origin.own).outcome is Outcome.REFUSED
        lab.counted()
        assert lab.connection.rerun(work.target, work.origin.own).outcome is Outcome.RERUN

    def test_a_manual_job_that_a_person_had_started_is_started_again(self, lab: Lab) -> None:
        (work,) = self.cancelled(lab, JobSpec(name="load", when="manual"), statuses=("running",))
        assert lab.connection.rerun(work.target, work.origin.own).outcome is Outcome.RERUN

    def test_a_trigger_job_is_retried_as_well(self, lab: Lab) -> None:
        specs = (UNIT, JobSpec(name="load all", stage="z", child=(UNIT,)))
        pipeline = lab.pipeline(*specs, statuses=("running", "created"))
        (work,) = lab.work()
        pipeline.jobs[1].status = "canceled"  # as the cancel of its pipeline leaves it
        assert lab.connection.rerun_seen(work.target, work.origin.own) is None
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert asked.outcome is Outcome.RERUN
        assert lab.connection.rerun_seen(work.target, work.origin.own) == asked.became

    def test_a_refusal_names_the_role_and_a_pipeline_that_is_gone_is_told(self, lab: Lab) -> None:
        (work,) = self.cancelled(lab, LOAD, statuses=("running",))
        lab.grant(role="developer")
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert (asked.outcome, "push or merge" in asked.detail) == (Outcome.REFUSED, True)
        lab.project().pipelines.clear()
        with pytest.raises(NotDone, match="it is gone"):
            lab.connection.rerun_seen(work.target, work.origin.own)

    def test_what_cannot_be_understood_is_not_started(self, lab: Lab) -> None:
        (work,) = self.cancelled(lab, LOAD, statuses=("running",))
        for own in ("{}", json.dumps({"project": "x"})):
            assert lab.connection.rerun(work.target, own).outcome is Outcome.FAILED
            with pytest.raises(NotDone):
                lab.connection.rerun_seen(work.target, own)
        assert lab.count("POST", "/projects/{project}/jobs/{job}/retry") == 0

    def test_the_newest_is_found_past_a_hundred_jobs(self, lab: Lab) -> None:
        specs = [JobSpec(name=f"unit {number}") for number in range(150)]
        (work,) = self.cancelled(lab, LOAD, *specs, statuses=("running",))
        asked = lab.connection.rerun(work.target, work.origin.own)
        assert lab.connection.rerun_seen(work.target, work.origin.own) == asked.became
