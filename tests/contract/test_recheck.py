"""Every provider tells alike how far a run is that was started again, and what gate steps have left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.kept import KeptStep
from gate.core.work import Protects, Work
from gate.providers import PROVIDERS
from gate.providers.protocol import Connection
from gate.sandbox.github.model import Artifact
from gate.sandbox.github.timeline import end as end_run
from gate.sandbox.jenkins import lifecycle
from tests.contract.sweeps.lab import Lab, May, served
from tests.contract.sweeps.labs import LABS

PROTECTS = Protects(patterns=("load*",))
REASON = "staging: held by recheck: not ready in 2 readings (hold auto-staging-9); load* is held back"


@pytest.fixture(params=PROVIDERS)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Each provider in turn."""
    with served(LABS[request.param]()) as made:
        yield made


@pytest.fixture
def here(lab: Lab) -> Iterator[Connection]:
    connection = lab.connect()
    yield connection
    connection.close()


def started_again(lab: Lab, here: Connection) -> tuple[Any, Work, str]:
    """Stop something and start it again; return what it is now, what it was, and its new id."""
    thing = lab.begin()
    (work,) = here.find(PROTECTS, map).work
    lab.stop(thing)
    for _ in range(50):
        if here.observe([work.target], map)[work.target.key].stopped:
            break
        lab.time.sleep(1.0)
    asked = here.rerun(work.target, work.origin.own)
    assert asked.became, asked
    lab.time.sleep(30.0)
    return newest(lab, thing), work, asked.became


def newest(lab: Any, thing: Any) -> Any:
    """Return what a rerun has made of something."""
    match lab.provider:
        case "gitlab":
            return max(thing.pipeline.jobs, key=lambda job: job.id)
        case "jenkins":
            lab.state(thing)
            return thing.item.builds[max(thing.item.builds)]
    return thing


def fail(lab: Any, thing: Any) -> None:
    """Let something fail."""
    match lab.provider:
        case "github":
            with lab.service.lock:
                end_run(thing, lab.time.now(), "failure")
        case "gitlab":
            lab._change(thing, "failed")
        case _:
            with lab.service.lock:
                lifecycle.finish(lab.world, thing, lab.time.now(), "FAILURE")


@pytest.mark.parametrize(
    ("ends", "proof"),
    [
        pytest.param(lambda *_: None, Canary.UNDER_WAY, id="goes on"),
        pytest.param(lambda lab, thing: lab.end(thing), Canary.PASSED, id="succeeds"),
        pytest.param(fail, Canary.FAILED, id="fails"),
        pytest.param(lambda lab, thing: lab.stop(thing), Canary.NOT_STARTED, id="is cancelled"),
    ],
)
def test_a_run_that_was_started_again_proves_what_came_of_it(
    lab: Lab, here: Connection, ends: Callable[[Lab, Any], object], proof: Canary
) -> None:
    thing, work, became = started_again(lab, here)
    ends(lab, thing)
    lab.time.sleep(60.0 if proof is Canary.NOT_STARTED else 0.0)
    assert here.proved(work.target, became, PROTECTS) is proof


def hold_back(lab: Any, thing: Any, reason: str = REASON) -> tuple[str, str]:
    """Leave what a closed gate step leaves; return the project, and the id of what was held back."""
    match lab.provider:
        case "github":
            repository = next(one for one in lab.projects if thing.id in one.runs)
            artifact = Artifact(id=1, name="fiber-gate-closed", run=thing, created=lab.time.now())
            other = Artifact(id=2, name="report", run=thing, created=lab.time.now())
            repository.artifacts += [artifact, other]
            return repository.full_name, str(thing.id)
        case "gitlab":
            thing.pipeline.name = f"gate: {reason} | my own name"
            return thing.pipeline.project.path, str(thing.pipeline.id)
        case _:
            thing.description = f"built by noa | {reason}"
            return thing.item.full_name, str(thing.number)


def kept(lab: Lab, here: Connection, ago: timedelta = timedelta(hours=1)) -> tuple[KeptStep, ...]:
    found = here.closed_steps(datetime.fromtimestamp(lab.time.now(), UTC) - ago, map)
    assert found.notes == ()
    return found.steps


def test_what_a_closed_gate_step_has_left_is_found(lab: Lab, here: Connection) -> None:
    assert kept(lab, here) == ()
    thing = lab.begin()
    lab.begin(project=1)
    project, run = hold_back(lab, thing)
    (closed,) = kept(lab, here)
    assert (closed.step.provider, closed.step.project, closed.step.run) == (lab.provider, project, run)
    assert closed.step.environment == "staging"
    assert closed.step.instance == lab.member.url
    assert closed.step.url.startswith("http")
    if lab.provider != "github":  # whose artifact is not read
        assert (closed.step.code, closed.step.hold) == ("held", "auto-staging-9")


def test_whether_it_is_over_is_told_where_the_same_run_is_started_again_and_shows_the_same(
    lab: Lab, here: Connection
) -> None:
    thing = lab.begin()
    hold_back(lab, thing)
    (going,) = kept(lab, here)
    assert going.over is (lab.provider != "gitlab")  # a later attempt, or build, leaves one of its own
    fail(lab, thing) if lab.provider == "gitlab" else lab.end(thing)
    (over,) = kept(lab, here)
    assert over.over


def test_it_takes_one_list_for_each_project(lab: Lab, here: Connection) -> None:
    thing = lab.begin()
    lab.begin(project=1)
    before = here.pace.requests
    kept(lab, here)
    listing = 1
    assert here.pace.requests - before == listing + 2
    hold_back(lab, thing)
    before = here.pace.requests
    kept(lab, here)
    of_runs = 1 if lab.provider == "github" else 0  # an artifact does not tell its workflow
    assert here.pace.requests - before == listing + 2 + of_runs


def test_what_is_older_is_left_out(lab: Lab, here: Connection) -> None:
    hold_back(lab, lab.begin())
    lab.time.sleep(7200.0)
    assert kept(lab, here) == ()


def test_what_was_held_back_as_a_whole_can_be_started_again(lab: Lab, here: Connection) -> None:
    thing = lab.begin()
    hold_back(lab, thing)
    fail(lab, thing) if lab.provider == "gitlab" else lab.end(thing)
    (closed,) = kept(lab, here)
    step = closed.step
    target = Target(
        provider=step.provider,
        instance=step.instance,
        project=step.project,
        kind=step.run_kind or "run",
        id=step.run,
        url=step.url,
    )
    assert target.kind in {"run", "job", "queue_item", "trigger", "hold"}
    assert here.observe([target], map)[target.key].status == "finished"
    assert here.rerun_seen(target, step.own or "{}") is None
    assert here.rerun(target, step.own or "{}").outcome == "rerun"
    assert here.rerun_seen(target, step.own or "{}") is not None
    assert lab.starts(thing) == 1


def test_what_cannot_be_listed_is_a_note(lab: Lab, here: Connection) -> None:
    lab.begin()
    lab.deny(May.LIST)
    found = here.closed_steps(datetime.now(UTC) - timedelta(days=1), map)
    assert found.steps == ()
    assert found.notes
