"""How does a build change, when it is asked and when time goes by?

Read from the source of core, workflow-job and workflow-cps, 2026-11-24: a stop is asynchronous
and answers the same whether anything will come of it; a pipeline that no executor knows of is
killed by it (WorkflowRun.doStop); a pipeline that is paused, or on a controller that is quieting
down, cannot come to the end of an abort (CpsThreadGroup, workflow-cps#1818), except by a kill.
"""

from __future__ import annotations

from gate.sandbox.jenkins.agenda import Change
from gate.sandbox.jenkins.model import Build, Stage, Stops
from gate.sandbox.jenkins.world import World

ABORTED = "ABORTED"
_STAGE_ENDS = {"SUCCESS": "success", "UNSTABLE": "unstable", "ABORTED": "aborted", "NOT_BUILT": "not_built"}


def stop(world: World, build: Build, now: float, by: str) -> None:
    """Ask a build to stop; what is finished stays as it is."""
    if not build.building:
        return
    if build.pipeline and build.zombie:
        kill(world, build, now)
        return
    if build.stops is Stops.ON_STOP:
        world.agenda.at(now + world.timing.stop, lambda moment: abort(world, build, moment, by))


def term(world: World, build: Build, now: float) -> None:
    """Fail the steps that a pipeline is in."""
    if build.building and build.stops in {Stops.ON_STOP, Stops.ON_TERM}:
        world.agenda.at(now + world.timing.term, lambda moment: abort(world, build, moment))


def kill(world: World, build: Build, now: float) -> None:
    """Drop a pipeline's execution: no `post` runs, and no pause is in the way."""
    if build.building and build.stops is not Stops.NEVER:
        world.agenda.at(now + world.timing.kill, lambda moment: finish(world, build, moment, ABORTED))


def abort(world: World, build: Build, moment: float, by: str = "") -> None:
    """Interrupt a build as soon as it may go on; ``post`` still runs."""

    def change(when: float) -> None:
        if not build.building or build.ending:
            return
        build.ending = True
        if by:
            build.interrupted_by.append(by)
        if not (build.pipeline and build.post):
            finish(world, build, when, ABORTED)
            return
        # The result is there before the end: only `building` tells that post still runs.
        build.result = ABORTED
        world.agenda.at(when + build.post, lambda later: _post_ends(world, build, later))

    _when_it_may(world, build, moment, change)


def finish(world: World, build: Build, moment: float, result: str) -> None:
    """End a build; a result that was set before is kept."""
    if not build.building:
        return
    build.building, build.ended, build.paused = False, moment, False
    build.result = build.result or result
    build.deferred.clear()
    _end_stages(build, moment)
    world.release(build)
    if build.waiting is not None:
        world.leave(build.waiting, moment, cancelled=True)


def lose_executors(world: World, build: Build) -> None:
    """Make a zombie of a pipeline: it builds, and no executor knows of it."""
    build.zombie = True
    world.vacate(build)


def plan_stages(world: World, build: Build, now: float) -> None:
    """Let a build that has just begun go through its stages and end well."""
    names = build.item.stages if build.pipeline else ()
    if not names:
        world.agenda.at(now + world.timing.run, lambda moment: _go_on(world, build, moment))
        return
    enter_stage(build, now)
    _plan_next(world, build, now)


def enter_stage(build: Build, now: float) -> bool:
    """End the stage that runs and enter the next one; False where there is none."""
    for stage in build.stages:
        if stage.ended is None:
            stage.state, stage.ended = "success", now
    place = len(build.stages)
    if place >= len(build.item.stages):
        return False
    name = build.item.stages[place]
    build.stages.append(Stage(id=str(6 + 5 * place), name=name, state="running", started=now))
    return True


def pause(build: Build) -> None:
    """Pause a pipeline after its current step."""
    build.paused = build.building


def go_on(world: World, build: Build, now: float) -> None:
    """Let a paused pipeline go on, unless the controller is quieting down."""
    build.paused = False
    if world.quieting is None:
        deferred, build.deferred = build.deferred, []
        for change in deferred:
            change(now)


def quiet_down(world: World, reason: str) -> None:
    """Start nothing, and let no pipeline go on."""
    world.quieting = reason


def cancel_quiet_down(world: World, now: float) -> None:
    """Go on as before; what was asked meanwhile happens now."""
    world.quieting = None
    for build in tuple(world.running.values()):
        if not build.paused:
            go_on(world, build, now)
    world.touched = True


def _when_it_may(world: World, build: Build, moment: float, change: Change) -> None:
    if build.pipeline and (build.paused or world.quieting is not None):
        build.deferred.append(change)
    else:
        change(moment)


def _post_ends(world: World, build: Build, moment: float) -> None:
    _when_it_may(world, build, moment, lambda when: finish(world, build, when, ABORTED))


def _plan_next(world: World, build: Build, now: float) -> None:
    part = world.timing.run / len(build.item.stages)
    world.agenda.at(now + part, lambda moment: _go_on(world, build, moment))


def _go_on(world: World, build: Build, moment: float) -> None:
    """End the stage that runs, enter the next one or end the build."""

    def change(when: float) -> None:
        if not build.building or build.ending:
            return
        if build.pipeline and enter_stage(build, when):
            _plan_next(world, build, when)
        else:
            finish(world, build, when, "SUCCESS")

    _when_it_may(world, build, moment, change)


def _end_stages(build: Build, moment: float) -> None:
    ended = _STAGE_ENDS.get(build.result or "", "failure")
    for stage in build.stages:
        if stage.ended is None:
            stage.state, stage.ended = ended, moment
    if build.result != "FAILURE" or not build.pipeline:
        return
    # A declarative pipeline shows what a failure has made it skip.
    for place, name in enumerate(build.item.stages[len(build.stages) :], start=len(build.stages)):
        skipped = Stage(id=str(6 + 5 * place), name=name, state="skipped", started=moment, ended=moment)
        build.stages.append(skipped)
