"""What the artifact of a closed gate step tells of its run and its attempt, with the real PyGithub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.entry import canonical
from gate.core.kept import KeptStep
from gate.sandbox.github.model import Artifact, Run
from tests.contract.sweeps.github import GitHubLab
from tests.contract.sweeps.lab import served
from tests.contract.test_recheck import hold_back


@pytest.fixture
def lab() -> Iterator[GitHubLab]:
    made = GitHubLab()
    with served(made):
        yield made


def kept(lab: GitHubLab) -> tuple[KeptStep, ...]:
    """Return what is found of the last hour."""
    connection = lab.connect()
    try:
        since = datetime.fromtimestamp(lab.time.now(), UTC) - timedelta(hours=1)
        found = connection.closed_steps(since, map)
    finally:
        connection.close()
    assert found.notes == ()
    return found.steps


def start_again(lab: GitHubLab, run: Run) -> None:
    """Start a run again, and wait until it has begun."""
    lab.end(run)
    lab.time.sleep(5.0)
    lab.start_again(run)
    lab.time.sleep(30.0)
    lab.state(run)


def test_two_workflows_of_one_commit_are_told_apart(lab: GitHubLab) -> None:
    runs = [lab.begin(name=name) for name in ("load-live", "load-soak")]
    for run in runs:
        hold_back(lab, run)
    files = {one.step.run: one.step.workflow for one in kept(lab)}
    assert files == {str(run.id): run.workflow.path for run in runs}
    assert len(set(files.values())) == 2


def test_branch_commit_page_and_attempt_are_the_runs(lab: GitHubLab) -> None:
    run = lab.begin()
    start_again(lab, run)
    hold_back(lab, run)
    (step,) = [one.step for one in kept(lab)]
    assert (step.ref, step.commit, step.order) == (run.branch, run.sha, run.id)
    assert step.url.endswith(f"/acme/panda/actions/runs/{run.id}")
    assert step.own == canonical({"attempt": 2})


def test_an_attempt_that_began_since_is_no_longer_held_back(lab: GitHubLab) -> None:
    run = lab.begin()
    hold_back(lab, run)
    assert len(kept(lab)) == 1
    start_again(lab, run)
    assert kept(lab) == ()
    hold_back(lab, run)
    (one,) = kept(lab)
    assert one.step.own == canonical({"attempt": 2})


def test_a_run_that_is_not_among_the_newest_hundred_is_read_by_itself(lab: GitHubLab) -> None:
    run = lab.begin()
    hold_back(lab, run)
    for _ in range(100):
        lab.begin()
    (one,) = kept(lab)
    assert (one.step.run, one.step.workflow) == (str(run.id), run.workflow.path)


def test_a_run_that_was_deleted_is_left_out(lab: GitHubLab) -> None:
    run, gone = lab.begin(), lab.begin()
    hold_back(lab, run)
    repository = lab.projects[0]
    repository.artifacts.append(Artifact(id=9, name="fiber-gate-closed", run=gone, created=lab.time.now()))
    with lab.service.lock:
        del repository.runs[gone.id]
        repository.active.pop(gone.id)
    assert [one.step.run for one in kept(lab)] == [str(run.id)]
