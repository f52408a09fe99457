"""What the adapter for GitLab finds and stops in an emulated group, over real connections."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from gate.core.work import Outcome, Status, Work
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import Behaviour, FleetSpec
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.model import Job, JobSpec
from gate.sandbox.gitlab.words import STATUSES
from tests.emulated.gitlab_fleet import LOAD, PROTECTS, UNIT, Lab, ids, names, serving

CHILD = JobSpec(name="measure", stage="lab", child=(JobSpec(name="sweep", stage="run"), UNIT))
LOAD_CHILD = JobSpec(name="load child", stage="later", child=(JobSpec(name="sweep", stage="run"), UNIT))
BUILD = JobSpec(name="build", stage="build")


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitLab with an empty group."""
    with serving() as made:
        yield made


def protected_jobs(lab: Lab) -> set[str]:
    """Return what is in flight and protected by its own names, as the emulator itself knows it."""
    return {
        str(job.id)
        for project in lab.service.world.projects.values()
        for job in project.jobs.values()
        if job.status not in {"success", "failed", "canceled", "skipped", "manual"}
        and PROTECTS.matched((job.spec.name, job.spec.stage))
    }


class TestFinding:
    """Is everything found that is protected and in flight, and asked for as seldom as can be?"""

    def test_a_seeded_fleet_is_found_whole_with_one_list_a_project(self) -> None:
        with serving(spec=FleetSpec(projects=41, runs=160), threads=16) as lab:
            found = lab.find()
            assert (set(ids(found.work)), found.projects, found.problems) == (protected_jobs(lab), 41, ())
            assert found.looked_at >= 160
            assert lab.counted() == {
                "GET /groups/{group}/projects": 1,
                "GET /projects/{project}/jobs": 41,
                "POST /api/graphql": 3,  # twenty projects each
            }

    def test_a_job_is_kept_with_all_that_a_retry_needs(self, lab: Lab) -> None:
        pipeline = lab.pipeline(BUILD, LOAD, statuses=("success", "running"), ref="feature/größe 50%")
        (work,) = lab.work()
        job = pipeline.jobs[1]
        assert (work.target.kind, work.target.id, work.target.project) == ("job", str(job.id), "acme/panda")
        assert (work.target.name, work.matched, work.status) == (LOAD.name, LOAD.name, Status.RUNNING)
        assert work.target.url == f"{lab.server.url}/acme/panda/-/jobs/{job.id}"
        assert (work.origin.workflow, work.origin.ref) == (LOAD.name, "feature/größe 50%")
        assert (work.origin.order, work.origin.commit) == (pipeline.id, pipeline.sha)
        own = json.loads(work.origin.own)
        assert (own["project"], own["pipeline"], own["job"]) == (lab.project().id, pipeline.id, job.id)
        assert (own["was"], own["stage"]) == ("running", "lab")

    @pytest.mark.parametrize("status", STATUSES)
    def test_each_status_is_in_flight_over_or_left_to_a_person(self, lab: Lab, status: str) -> None:
        lab.pipeline(LOAD, statuses=(status,), still=True)
        assert len(lab.work()) == (status not in {"success", "failed", "canceled", "skipped", "manual"})

    def test_a_stage_protects_its_jobs_and_any_case_counts(self, lab: Lab) -> None:
        pipeline = lab.pipeline(
            JobSpec(name="soak", stage="LOAD tests"), JobSpec(name="Configure-Live"), UNIT, still=True
        )
        works = lab.work()
        assert ids(works) == names(pipeline.jobs[:2])
        assert [work.matched for work in works] == ["LOAD tests", "Configure-Live"]

    def test_lists_are_read_past_a_hundred(self, lab: Lab) -> None:
        for number in range(118):
            lab.project(f"acme/sub/p{number}")
        lab.pipeline(*(JobSpec(name=f"load {number}", stage="lab") for number in range(215)))
        assert len(lab.work()) == 215
        assert lab.count("GET", "/groups/{group}/projects") == 2
        assert lab.count("GET", "/projects/{project}/jobs") == 118 + 3
        assert lab.count("POST") == 6

    def test_stages_come_in_the_order_in_which_they_are_started_again(self, lab: Lab) -> None:
        jobs = [JobSpec(name=f"load {name}", stage=name) for name in ("c", "a", "b")]
        pipeline = lab.pipeline(*jobs, still=True)
        assert ids(lab.work()) == names(pipeline.jobs)

    @pytest.mark.parametrize(
        ("patterns", "count"),
        [
            pytest.param(("*",), 3, id="all"),
            pytest.param(("PANDA",), 1, id="below the group, any case"),
            pytest.param(("acme/sub/*",), 1, id="the full path"),
            pytest.param(("sub/*", "panda"), 2, id="several"),
            pytest.param(("nobody",), 0, id="none"),
        ],
    )
    def test_projects_are_chosen_by_their_paths(
        self, lab: Lab, patterns: tuple[str, ...], count: int
    ) -> None:
        for path in ("acme/panda", "acme/sub/prism", "acme/tunnel-100%"):
            lab.pipeline(project=path)
        found = lab.connect(projects=patterns).find(PROTECTS, lab.pool.each)
        assert (found.projects, len(found.work), found.problems) == (count, count, ())

    def test_archived_projects_and_those_without_ci_are_left_out_without_a_word(self, lab: Lab) -> None:
        lab.pipeline(project="acme/old")
        lab.project("acme/old").archived = True
        lab.pipeline(project="acme/none")
        lab.project("acme/none").builds = False
        found = lab.find()
        assert (found.work, found.problems) == ((), ())

    def test_manual_jobs_are_counted_and_left_alone(self, lab: Lab) -> None:
        lab.pipeline(
            JobSpec(name="load by hand", when="manual"),
            JobSpec(name="deploy", when="manual"),
            UNIT,
            statuses=("manual", "manual", "running"),
        )
        lab.pipeline(JobSpec(name="configure", when="manual"), statuses=("manual",))
        found = lab.find()
        assert (found.work, found.notes) == ((), ("2 protected manual jobs wait for a person; left alone",))

    def test_a_delayed_job_is_found_and_remembered_as_one(self, lab: Lab) -> None:
        lab.pipeline(JobSpec(name="load later", when="delayed"), statuses=("scheduled",))
        (work,) = lab.work()
        assert json.loads(work.origin.own)["was"] == "scheduled"
        assert lab.connection.cancel(work.target).outcome is Outcome.STOPPED


class TestBelowTriggerJobs:
    """Is what trigger jobs have started, and will start, stopped with them?"""

    def test_a_child_pipeline_is_searched_by_its_own_names(self, lab: Lab) -> None:
        child = JobSpec(name="measure", child=(LOAD, UNIT))
        above = lab.pipeline(child, statuses=("running",))
        below = above.jobs[0].downstream
        assert below is not None
        (work,) = lab.work()
        assert (work.target.id, work.origin.workflow) == (str(below.jobs[0].id), f"measure / {LOAD.name}")
        assert work.origin.order == above.id

    def test_everything_below_a_protected_trigger_job_is_protected(self, lab: Lab) -> None:
        above = lab.pipeline(LOAD_CHILD, statuses=("running",))
        below = above.jobs[0].downstream
        assert below is not None
        works = lab.work()
        assert ids(works) == names(below.jobs)
        assert {work.matched for work in works} == {"load child"}
        lab.pipeline(CHILD, statuses=("running",), project="acme/other")
        assert len(lab.work()) == 2

    def test_a_child_whose_parent_is_over_is_asked_what_started_it(self, lab: Lab) -> None:
        spec = JobSpec(name="load child", child=(JobSpec(name="sweep"),), mirrors=False)
        above = lab.pipeline(spec, statuses=("success",))
        assert above.status == "success"
        lab.counted()
        (work,) = lab.work()
        assert (work.matched, work.origin.order) == ("load child", above.id)
        assert lab.counted()["POST /api/graphql"] == 2

    def test_a_grandchild_is_protected_by_the_trigger_job_of_its_parents_parent(self, lab: Lab) -> None:
        inner = JobSpec(name="inner", child=(JobSpec(name="sweep"),))
        above = lab.pipeline(JobSpec(name="load all", child=(inner,)), statuses=("running",))
        middle = above.jobs[0].downstream
        assert middle is not None
        lab.advance(601)  # the inner one starts as well
        (work,) = lab.work()
        assert (work.matched, work.origin.order) == ("load all", above.id)
        assert work.origin.workflow == "load all / inner / sweep"

    def test_a_trigger_job_that_waits_is_watched_and_what_it_starts_is_stopped(self, lab: Lab) -> None:
        above = lab.pipeline(BUILD, LOAD_CHILD, statuses=("running",))
        (work,) = lab.work()
        assert (work.target.id, work.status) == (str(above.jobs[1].id), Status.WAITING)
        assert work.target.url.endswith(f"/-/pipelines/{above.id}")
        asked = lab.connection.cancel(work.target)
        assert (asked.outcome, "before it starts" in asked.detail) == (None, True)
        assert lab.connection.find_again(PROTECTS, lab.pool.each).work == ()
        assert lab.observe(work.target) == ["created"]

        lab.advance(300)  # the build passes
        lab.advance(600)  # and the trigger job starts its pipeline
        below = above.jobs[1].downstream
        assert below is not None
        again = lab.connection.find_again(PROTECTS, lab.pool.each)
        assert (ids(again.work), again.problems) == (names(below.jobs), ())
        assert {one.matched for one in again.work} == {"load child"}
        assert lab.observe(work.target) == ["pending"]
        outcomes = [lab.connection.cancel(one.target).outcome for one in again.work]
        assert outcomes == [Outcome.STOPPED, Outcome.ALREADY_FINISHED]  # GitLab itself skips the second
        seen = lab.connection.observe([work.target], lab.pool.each)[work.target.key]
        assert (seen.status, seen.stopped) == (Status.FINISHED, True)
        assert lab.connection.find_again(PROTECTS, lab.pool.each).work == ()

    def test_a_trigger_job_that_need_not_wait_is_over_when_what_it_started_is(self, lab: Lab) -> None:
        spec = JobSpec(name="load child", child=(JobSpec(name="sweep"),), mirrors=False)
        above = lab.pipeline(BUILD, spec, statuses=("success", "pending"))
        (work,) = lab.work()
        lab.advance(601)
        assert above.jobs[1].status == "success"
        assert lab.observe(work.target) == ["pending"]
        (one,) = lab.connection.find_again(PROTECTS, lab.pool.each).work
        lab.connection.cancel(one.target)
        assert lab.observe(work.target) == ["canceled"]

    def test_a_trigger_job_behind_a_cancelled_job_is_skipped_and_that_is_seen(self, lab: Lab) -> None:
        lab.pipeline(LOAD, LOAD_CHILD, still=False, statuses=("running",))
        load, waiting = lab.work()
        lab.connection.cancel(load.target)
        lab.advance(601)
        seen = lab.connection.observe([waiting.target], lab.pool.each)[waiting.target.key]
        assert (seen.status, seen.word, seen.stopped) == (Status.FINISHED, "skipped", False)

    def test_a_pipeline_of_another_project_is_found_where_the_fleet_covers_it(self, lab: Lab) -> None:
        lab.project("acme/tunnel").template = (JobSpec(name="sweep"),)
        lab.pipeline(JobSpec(name="load there", elsewhere="acme/tunnel"), statuses=("running",))
        (work,) = lab.work()
        assert (work.target.project, work.target.name) == ("acme/tunnel", "sweep")
        assert work.matched == "load there"

    def test_a_pipeline_that_the_fleet_does_not_cover_is_a_note(self, lab: Lab) -> None:
        lab.project("lab/tunnel")
        lab.pipeline(JobSpec(name="load there", elsewhere="lab/tunnel"), statuses=("running",))
        lab.pipeline(JobSpec(name="build there", elsewhere="lab/tunnel"), statuses=("running",))
        found = lab.find()
        assert found.work == ()
        assert found.notes == (
            'acme/panda: the trigger job "load there" has started a pipeline in lab/tunnel, which this '
            "entry of the fleet does not cover; left alone",
        )

    def test_one_that_starts_there_later_is_a_note_too(self, lab: Lab) -> None:
        lab.project("lab/tunnel")
        lab.pipeline(BUILD, JobSpec(name="load there", stage="later", elsewhere="lab/tunnel"), still=False)
        (work,) = lab.work()
        lab.advance(2000)
        again = lab.connection.find_again(PROTECTS, lab.pool.each)
        assert (again.work, len(again.notes)) == ((), 1)
        assert "lab/tunnel" in again.notes[0]
        assert lab.connection.find_again(PROTECTS, lab.pool.each).notes == ()
        assert work.target.name == "load there"

    def test_more_pipelines_and_trigger_jobs_than_a_query_shows_are_read_on(self, lab: Lab) -> None:
        for _ in range(25):
            lab.pipeline(UNIT, LOAD_CHILD, statuses=("running",))
        lab.pipeline(
            UNIT, *(JobSpec(name=f"load {n}", stage="z", child=(UNIT,)) for n in range(30)), still=True
        )
        assert len(lab.work()) == 25 + 30
        assert lab.counted() == {
            "GET /groups/{group}/projects": 1,
            "GET /projects/{project}/jobs": 1,
            "GET /projects/{project}/pipelines/{pipeline}/trigger_jobs": 1,
            "POST /api/graphql": 2,
        }

    def test_two_children_with_the_same_jobs_are_two_workflows(self, lab: Lab) -> None:
        specs = [JobSpec(name=f"lab {n}", child=(JobSpec(name="load"),)) for n in (1, 2)]
        above = lab.pipeline(*specs, statuses=("running", "running"))
        works = lab.work()
        assert [work.origin.workflow for work in works] == ["lab 1 / load", "lab 2 / load"]
        assert {work.origin.order for work in works} == {above.id}

    def test_a_large_child_pipeline_is_listed(self, lab: Lab) -> None:
        child = tuple(JobSpec(name=f"sweep {number}") for number in range(130))
        lab.pipeline(JobSpec(name="load all", child=child), statuses=("pending",))
        assert len(lab.work()) == 1
        lab.advance(601)
        assert len(lab.connection.find_again(PROTECTS, lab.pool.each).work) == 130


class TestStopping:
    """Is a cancel what its answer proves, and an observation what is there?"""

    @pytest.mark.parametrize("status", [one for one in STATUSES if one != "canceling"])
    def test_the_answers_own_status_decides(self, lab: Lab, status: str) -> None:
        (work,) = works_of(lab, lab.pipeline(LOAD, statuses=("running",)).jobs)
        job = lab.project().jobs[int(work.target.id)]
        job.status = status
        asked = lab.connection.cancel(work.target)
        match status:
            case "success" | "failed" | "skipped":
                assert (asked.outcome, asked.detail) == (Outcome.ALREADY_FINISHED, f"it ended as {status}")
            case "running":
                assert (asked.outcome, asked.detail) == (None, "GitLab says canceling")
            case _:
                assert asked.outcome is Outcome.STOPPED

    def test_canceling_is_observed_until_it_is_canceled(self, lab: Lab) -> None:
        (work,) = works_of(lab, lab.pipeline().jobs)
        lab.connection.cancel(work.target)
        assert lab.observe(work.target) == ["canceling"]
        lab.advance(601)
        seen = lab.connection.observe([work.target], lab.pool.each)[work.target.key]
        assert (seen.status, seen.word, seen.stopped) == (Status.FINISHED, "canceled", True)

    def test_what_ended_by_itself_was_not_stopped(self, lab: Lab) -> None:
        (work,) = works_of(lab, lab.pipeline().jobs)
        lab.advance(301)
        seen = lab.connection.observe([work.target], lab.pool.each)[work.target.key]
        assert (seen.status, seen.word, seen.stopped) == (Status.FINISHED, "success", False)

    def test_a_stubborn_job_is_forced_and_a_stuck_one_is_not(self, lab: Lab) -> None:
        specs = [
            JobSpec(name=f"load {kind}", behaviour=kind) for kind in (Behaviour.NEEDS_FORCE, Behaviour.STUCK)
        ]
        works = works_of(lab, lab.pipeline(*specs, statuses=("running", "running")).jobs)
        for work in works:
            lab.connection.cancel(work.target)
        forced, stuck = (lab.connection.escalate(work.target, 1) for work in works)
        assert forced is not None
        assert forced.outcome is Outcome.STOPPED
        assert stuck is not None
        assert (stuck.outcome, stuck.detail) == (None, "GitLab says canceling")
        assert lab.connection.escalate(works[1].target, 2, kill=True) is None

    def test_a_job_that_the_cancel_never_reached_is_told_again_and_not_forced(self, lab: Lab) -> None:
        (work,) = works_of(lab, lab.pipeline().jobs)
        asked = lab.connection.escalate(work.target, 1)
        assert asked is not None
        assert asked.detail == "GitLab says canceling"
        assert lab.count("POST", "/projects/{project}/jobs/{job}/cancel") == 2

    def test_force_needs_a_maintainer_and_says_so(self, lab: Lab) -> None:
        lab.grant(role="developer")
        (work,) = works_of(lab, lab.pipeline(ref="feature/x").jobs)
        lab.connection.cancel(work.target)
        asked = lab.connection.escalate(work.target, 1)
        assert asked is not None
        assert (asked.outcome, "Maintainer role" in asked.detail) == (Outcome.REFUSED, True)

    @pytest.mark.parametrize(
        ("role", "fields", "words"),
        [
            pytest.param("reporter", {}, "Developer role", id="reporter"),
            pytest.param("developer", {}, "right to push or merge", id="protected branch"),
            pytest.param("owner", {"cancel_role": None}, "minimum role to cancel", id="nobody may"),
        ],
    )
    def test_a_refused_cancel_names_what_is_missing(
        self, lab: Lab, role: str, fields: dict[str, None], words: str
    ) -> None:
        lab.grant(role=role)
        (work,) = works_of(lab, lab.pipeline().jobs)
        for name, value in fields.items():
            setattr(lab.project(), name, value)
        asked = lab.connection.cancel(work.target)
        assert asked.outcome is Outcome.REFUSED
        assert words in asked.detail
        assert work.target.name in asked.detail

    def test_a_reading_token_is_told_of_its_scope(self, lab: Lab) -> None:
        lab.grant(scopes=["read_api"])
        (work,) = works_of(lab, lab.pipeline().jobs)
        asked = lab.connection.cancel(work.target)
        assert (asked.outcome, "scope api" in asked.detail) == (Outcome.REFUSED, True)
        assert "insufficient_scope" in asked.detail

    def test_what_is_gone_is_over(self, lab: Lab) -> None:
        works = works_of(lab, [*lab.pipeline().jobs, *lab.pipeline().jobs])
        del lab.project().jobs[int(works[0].target.id)]
        asked = lab.connection.cancel(works[0].target)
        assert (asked.outcome, asked.detail) == (Outcome.ALREADY_FINISHED, "it is gone")
        assert lab.observe(*(work.target for work in works)) == ["gone", "running"]
        lab.service.world.remove(lab.project())
        assert lab.observe(works[1].target) == ["gone"]

    def test_hundreds_are_observed_in_a_handful_of_requests(self) -> None:
        with serving(spec=FleetSpec(projects=60, runs=300), threads=16) as lab:
            works = lab.work()
            lab.counted()
            seen = lab.connection.observe([work.target for work in works], lab.pool.each)
            assert len(seen) == len(works) >= 100
            points = 4 * len(works) + len({work.target.project for work in works})
            assert lab.counted() == {"POST /api/graphql": -(-points // 240) + (points % 240 > 230)}

    def test_what_graphql_does_not_show_is_asked_one_by_one(self, lab: Lab) -> None:
        works = works_of(lab, [*lab.pipeline().jobs, *lab.pipeline().jobs])
        lab.fault(FaultKind.STATUS, status=403, message="403 Forbidden", path="/api/graphql")
        assert lab.observe(*(work.target for work in works)) == ["running", "running"]
        assert lab.count("GET", "/projects/{project}/jobs/{job}") == 2

    def test_what_cannot_be_seen_is_left_out(self, lab: Lab) -> None:
        (work,) = works_of(lab, lab.pipeline().jobs)
        lab.fault(FaultKind.STATUS, status=500, times=9, path="/api/graphql")
        assert lab.observe(work.target) == [""]

    def test_a_renamed_project_is_stopped_all_the_same(self, lab: Lab) -> None:
        works = works_of(lab, [*lab.pipeline().jobs, *lab.pipeline().jobs])
        lab.service.world.move(lab.project(), "acme/über / umgezogen")
        assert lab.connection.cancel(works[0].target).detail == "GitLab says canceling"
        assert lab.observe(*(work.target for work in works)) == ["canceling", "running"]
        later = lab.connect()  # another process knows the old path alone
        assert later.cancel(works[1].target).detail == "GitLab says canceling"
        seen = later.observe([work.target for work in works], lab.pool.each)
        assert [seen[work.target.key].word for work in works] == ["canceling", "canceling"]

    def test_cancels_in_one_project_keep_below_its_limit(self) -> None:
        limits = LimitSettings(requests=None, actions={"job_cancel_project": 100})
        with serving(limits=limits, threads=16) as lab:
            lab.pipeline(*(JobSpec(name=f"load {number}", stage="lab") for number in range(160)))
            works = lab.work()
            asked = list(lab.pool.each(lab.connection.cancel, [work.target for work in works]))
            assert {one.outcome for one in asked} == {Outcome.STOPPED}
            assert set(lab.server.log.summary()["statuses"]) == {"200", "201"}
            assert lab.time.slept

    def test_sixteen_threads_stop_a_fleet_as_one_would(self) -> None:
        with serving(spec=FleetSpec(projects=30, runs=200, odd_names=0.5), threads=16) as lab:
            works = lab.work()
            asked = list(lab.pool.each(lab.connection.cancel, [work.target for work in works]))
            assert {one.outcome for one in asked} <= {Outcome.STOPPED, None}
            lab.advance(601)
            seen = lab.connection.observe([work.target for work in works], lab.pool.each)
            assert {one.word for one in seen.values()} == {"canceled"}
            assert len(seen) == len(works)
            assert protected_jobs(lab) == set()


def works_of(lab: Lab, jobs: list[Job]) -> list[Work]:
    """Return what was found of some jobs, in their order."""
    found = {work.target.id: work for work in lab.find().work}
    return [found[str(job.id)] for job in jobs]
