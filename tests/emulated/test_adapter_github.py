"""What the GitHub adapter finds in flight, over real connections with the real PyGithub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from gate.core.work import Outcome, Protects, Status
from gate.providers import github
from gate.providers.github.runs import ACTIVE
from gate.providers.protocol import Member
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import FleetSpec, Match, seed_fleet
from tests.emulated.github_lab import JOBS, LAB, RUNS, WORKFLOWS, Lab, github_lab

FLEET = FleetSpec(projects=120, runs=240, finished=1)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A GitHub with one repository that has no runs yet."""
    with github_lab() as made:
        yield made


def one_after_another(call: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    return map(call, items)


def ids(lab: Lab, **more: Any) -> list[str]:
    return [work.target.id for work in lab.connection.find(LAB, lab.pool.each, **more).work]


def test_a_seeded_fleet_is_found_whole_with_as_few_requests_as_the_api_allows() -> None:
    seeded = seed_fleet(FLEET)
    flying = [(p.pipelines[r.pipeline], r) for p in seeded for r in p.runs if r.state.in_flight]
    protected = sum(pipeline.match is not Match.NOTHING for pipeline, _ in flying)
    by_job = sum(pipeline.match in {Match.NOTHING, Match.JOB} for pipeline, _ in flying)
    with github_lab(fleet=FLEET) as lab:
        found = lab.connection.find(LAB, lab.pool.each)
        assert (len(found.work), found.looked_at, found.projects) == (protected, 240, 120)
        assert (found.problems, found.notes, found.triggers) == ((), (), ())
        assert lab.count("GET", "/orgs/{org}/repos") == 2  # a hundred on a page
        assert lab.count("GET", RUNS) == 5 * 120
        assert lab.count("GET", JOBS) == by_job
        assert lab.server.log.count() == lab.connection.pace.requests == 2 + 5 * 120 + by_job
        assert lab.server.log.summary()["peak"] <= 8


@pytest.mark.parametrize("status", ACTIVE)
def test_a_run_is_found_in_every_state_before_its_end(lab: Lab, status: str) -> None:
    run = lab.run(status=status)
    lab.run(status="completed", conclusion="success")
    (work,) = lab.connection.find(LAB, lab.pool.each).work
    assert (work.target.id, work.word) == (str(run.id), status)
    assert work.status is not Status.FINISHED
    assert work.status is not Status.UNKNOWN


@pytest.mark.parametrize(
    ("name", "file", "jobs", "matched"),
    [
        pytest.param("LOAD soak", "soak.yml", ("build",), "LOAD soak", id="workflow name, any case"),
        pytest.param("Live", "load-live.yml", ("build",), "load-live", id="file stem"),
        pytest.param("Live", "load-live.yaml", ("build",), "load-live", id="the other ending"),
        pytest.param("Ci", "ci.yml", ("build", "Configure / größe 100%"), "Configure / größe 100%", id="job"),
        pytest.param(
            "Ci", "ci.yml", ("build", "call / load-live"), "load-live", id="reusable workflow's job"
        ),
        pytest.param("Ci / load 50 %", "täglich %2F.yml", ("build",), None, id="nothing"),
    ],
)
def test_a_run_is_protected_by_workflow_file_or_unfinished_job(
    lab: Lab, name: str, file: str, jobs: tuple[str, ...], matched: str | None
) -> None:
    lab.run(lab.workflow(name, file, *jobs))
    found = lab.connection.find(LAB, lab.pool.each)
    assert [work.matched for work in found.work] == ([matched] if matched else [])
    assert found.looked_at == 1


def test_a_job_that_is_over_protects_nothing(lab: Lab) -> None:
    lab.run(lab.workflow("Ci", "ci.yml", "load-live-job", "report"), done_jobs=1)
    assert ids(lab) == []


def test_what_a_rerun_needs_is_kept(lab: Lab) -> None:
    run = lab.run(branch="feature/größe 50%")
    work = lab.work(run)
    assert work.origin.workflow == f".github/workflows/{run.workflow.file}"
    assert (work.origin.ref, work.origin.commit, work.origin.order) == ("feature/größe 50%", run.sha, run.id)
    assert work.origin.own == f'{{"attempt":1,"node":"{run.node_id}","workflow":{run.workflow.id}}}'
    assert work.target.url.endswith(f"/{lab.repository.full_name}/actions/runs/{run.id}")


def test_paging_goes_past_a_hundred(lab: Lab) -> None:
    runs = [lab.run(status="queued") for _ in range(230)]
    assert sorted(ids(lab)) == sorted(str(run.id) for run in runs)
    assert lab.count("GET", RUNS) == 3 + 4


def test_more_runs_than_one_search_may_return_are_found_by_their_age(lab: Lab) -> None:
    for number in range(1120):
        lab.run(status="queued", age=2000.0 - number)
    assert len(set(ids(lab))) == 1120
    assert lab.count("GET", RUNS) == 10 + 2 + 4


def test_what_leaves_a_list_while_it_is_read_hides_nobody(lab: Lab) -> None:
    runs = [lab.run(status="queued", age=1000.0 - number) for number in range(150)]

    def end_some() -> None:
        for run in runs[100:110]:
            run.status, run.conclusion = "completed", "success"

    lab.before(1 + 4 + 1, end_some)  # the repositories, three empty lists, the first page
    found = {work.target.id for work in lab.connection.find(LAB, one_after_another).work}
    assert {str(run.id) for run in (*runs[:100], *runs[110:])} <= found


def test_a_run_that_moves_on_between_two_lists_is_found_once(lab: Lab) -> None:
    run = lab.run(status="queued")
    lab.before(1 + 5, lambda: setattr(run, "status", "in_progress"))  # after the list of queued ones
    assert [work.target.id for work in lab.connection.find(LAB, one_after_another).work] == [str(run.id)]


def test_projects_are_chosen_by_pattern_archived_ones_never(lab: Lab) -> None:
    world = lab.service.world
    for name in ("Panda-ui", "prism", "panda-old"):
        repository = world.add_repository("acme", name)
        world.add_run(repository, lab.workflow("load", "load.yml", repository=repository))
    old = world.repository("acme", "panda-old")
    assert old is not None
    old.archived = True
    for patterns, wanted in (
        (("PANDA-*",), {"acme/Panda-ui"}),
        (("acme/p*",), {"acme/Panda-ui", "acme/prism"}),
        (("none-*",), set()),
    ):
        found = lab.connect(projects=patterns).find(LAB, lab.pool.each)
        assert {work.target.project for work in found.work} == wanted
        assert bool(found.notes) is (not wanted)
    assert "the token sees no repository that is meant" in found.notes[0]


def test_a_users_private_repositories_are_found_too(lab: Lab) -> None:
    world = lab.service.world
    world.add_organization("noa", is_user=True)
    repository = world.add_repository("noa", "rig")
    world.add_run(repository, lab.workflow("load", "load.yml", repository=repository))
    for token in ("ghp_lab", "ghs_lab"):
        connection = github.connect(
            Member(provider="github", url=lab.member.url, root="noa", token=type(lab.member.token)(token)),
            lab.connection.pace,
        )
        found = connection.find(LAB, lab.pool.each)
        assert [work.target.project for work in found.work] == ["noa/rig"]
        connection.close()


def test_an_owner_who_does_not_exist_is_a_problem(lab: Lab) -> None:
    found = lab.connect(root="nobody").find(LAB, lab.pool.each)
    (problem,) = found.problems
    assert problem.asked.outcome is Outcome.REFUSED
    assert problem.asked.detail.startswith(
        f"nobody at {lab.connection.member.url[7:].split('/')[0]}: not there"
    )


def test_workflows_are_found_with_their_switch(lab: Lab) -> None:
    states = ("active", "disabled_manually", "disabled_inactivity", "disabled_fork", "deleted")
    for state in states:
        lab.workflow(f"load {state}", f"{state}.yml").state = state
    lab.workflow("Docs", "docs.yml")
    lab.run(lab.workflow("Ci", "ci.yml", "load-live-job"))
    found = lab.connection.find(Protects(patterns=("load *", "load-live-job")), lab.pool.each, triggers=True)
    assert {(t.target.name, t.active, t.form) for t in found.triggers} == {
        *((f"load {state}", state == "active", f'{{"state":"{state}"}}') for state in states),
        ("Ci", True, '{"state":"active"}'),
    }
    assert {t.suspended_form for t in found.triggers} == {'{"state":"disabled_manually"}'}
    assert lab.count("GET", WORKFLOWS) == 1


def test_runs_without_jobs_are_told_of(lab: Lab) -> None:
    lab.run(lab.workflow("Ci", "ci.yml"), "pending").jobs.clear()
    (note,) = lab.connection.find(LAB, lab.pool.each).notes
    assert "1 run has no jobs yet" in note


def test_a_repository_renamed_meanwhile_keeps_its_filter(lab: Lab) -> None:
    run = lab.run()
    for _ in range(120):
        lab.run(status="completed", conclusion="success")

    def renaming(call: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        listed = list(items)
        if lab.repository.name != "moved":
            lab.service.world.rename(lab.repository, "moved")
        return map(call, listed)

    found = lab.connection.find(LAB, renaming)
    assert ([work.target.id for work in found.work], found.problems) == ([str(run.id)], ())
    assert lab.count("GET", RUNS) == 10  # each was led on once, and answered filtered


@pytest.mark.parametrize(
    ("fault", "outcome", "said"),
    [
        ({"kind": FaultKind.MALFORMED}, Outcome.FAILED, "it is no JSON"),
        ({"kind": FaultKind.TRUNCATED, "times": 4}, Outcome.FAILED, "cannot be reached"),
        ({"kind": FaultKind.RESET, "times": 4}, Outcome.FAILED, "the connection is refused or broken"),
        ({"status": 502, "times": 4}, Outcome.FAILED, "GitHub answers 502: Server Error"),
        ({"status": 401, "message": "Bad credentials"}, Outcome.REFUSED, "the token is not accepted"),
        (
            {"status": 403, "message": "Resource not accessible by integration"},
            Outcome.REFUSED,
            "the token lacks actions: read (a classic token: the scope repo)",
        ),
        (
            {"status": 403, "headers": (("X-GitHub-SSO", "required; url=https://x/sso?t=geheim"),)},
            Outcome.REFUSED,
            "not authorised for the organisation's single sign-on",
        ),
        ({"status": 404, "message": "Not Found"}, Outcome.REFUSED, "not there, or hidden from a token"),
    ],
    ids=["malformed", "truncated", "reset", "5xx", "expired", "forbidden", "sso", "hidden"],
)
def test_a_repository_that_cannot_be_looked_at_is_a_problem_and_the_others_still_answer(
    lab: Lab, fault: dict[str, Any], outcome: Outcome, said: str
) -> None:
    run, bad = lab.run(), lab.service.world.add_repository("acme", "broken")
    lab.fault(**{"path": f"/repos/{bad.full_name}/actions/runs", **fault})
    found = lab.connection.find(LAB, lab.pool.each)
    assert [work.target.id for work in found.work] == [str(run.id)]
    (problem,) = found.problems
    assert (problem.asked.outcome, problem.target.project) == (outcome, "acme/broken")
    assert (problem.target.kind, problem.target.id) == ("run", "*")
    assert problem.asked.detail.startswith("acme/broken at 127.0.0.1:")
    assert said in problem.asked.detail
    assert "geheim" not in problem.asked.detail


def test_a_token_that_expires_on_the_way_loses_nothing_that_was_seen(lab: Lab) -> None:
    lab.run()
    other = lab.service.world.add_repository("acme", "late")
    lab.service.world.add_run(other, lab.workflow("load", "load.yml", repository=other))
    lab.fault(status=401, message="Bad credentials", skip=6, times=99)
    found = lab.connection.find(LAB, one_after_another)
    assert (len(found.work), [problem.target.project for problem in found.problems]) == (1, ["acme/late"])


def test_an_instance_that_does_not_answer_is_one_problem(lab: Lab) -> None:
    found = lab.connect(url="http://127.0.0.1:9").find(LAB, lab.pool.each)
    (problem,) = found.problems
    assert problem.asked.outcome is Outcome.FAILED
    assert problem.asked.detail.startswith("acme at 127.0.0.1:9: GitHub cannot be reached: ")


@pytest.mark.parametrize("times", [1, 3])
def test_a_burst_of_errors_is_waited_out(lab: Lab, times: int) -> None:
    run = lab.run()
    lab.fault(status=503, times=times)
    assert ids(lab) == [str(run.id)]
    assert (lab.patience.slept, lab.pace.pauses) == ([0.5, 1.0, 2.0][:times], [])


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        ({"status": 429, "headers": (("Retry-After", "7"),)}, 7),
        ({"status": 429, "message": "Too many"}, 60),
        ({"status": 403, "message": "You have exceeded a secondary rate limit."}, 60),
        ({"status": 403, "message": "slow down", "headers": (("Retry-After", "3"),)}, 3),
    ],
    ids=["429 with Retry-After", "429 without", "secondary", "403 with Retry-After"],
)
def test_a_rate_limit_is_waited_out_as_github_says(lab: Lab, fault: dict[str, Any], waits: float) -> None:
    run = lab.run()
    lab.fault(**fault)
    assert ids(lab) == [str(run.id)]
    assert lab.patience.slept == lab.pace.pauses == [waits]  # all threads keep it


def test_a_limit_without_an_end_is_asked_less_and_less_often(lab: Lab) -> None:
    lab.fault(status=429, times=99)
    (problem,) = lab.connection.find(LAB, lab.pool.each).problems
    assert lab.patience.slept == [60, 120, 240, 480]
    assert "GitHub has been asked too often (Server Error)" in problem.asked.detail


def test_an_hour_that_is_used_up_is_told_with_its_end(lab: Lab) -> None:
    lab.fault(
        status=403,
        message="API rate limit exceeded for user ID 1.",
        headers=(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9999999999")),
        times=9,
    )
    (problem,) = lab.connection.find(LAB, lab.pool.each).problems
    assert problem.asked.outcome is Outcome.FAILED
    assert "too often, until " in problem.asked.detail
    assert lab.patience.slept == []


def test_a_last_request_that_is_forbidden_is_no_limit(lab: Lab) -> None:
    lab.fault(
        status=403,
        message="Resource not accessible by integration",
        headers=(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9999999999")),
    )
    (problem,) = lab.connection.find(LAB, lab.pool.each).problems
    assert problem.asked.outcome is Outcome.REFUSED


def test_find_again_asks_nothing(lab: Lab) -> None:
    assert lab.connection.find_again(LAB, lab.pool.each).work == ()
    assert lab.connection.pace.requests == 0
