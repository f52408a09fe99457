"""`python -m gate.sandbox jenkins --jobs 1000 --runs 300 --seed 7`: a controller to rehearse with."""

from __future__ import annotations

import click

from gate.sandbox import serving
from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.jenkins.controller import Settings
from gate.sandbox.jenkins.seed import fleet_spec, seeded_world
from gate.sandbox.jenkins.service import JenkinsService
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.world import Timing


def seeded_service(
    spec: FleetSpec,
    *,
    settings: Settings | None = None,
    timing: Timing | None = None,
    speed: float = 1.0,
    strict: bool = False,
    crumbs: bool = True,
) -> JenkinsService:
    """Return a controller with a seeded fleet; a reset makes the same one again.

    Args:
        spec: see `seed.fleet_spec`.
        settings: how it is installed.
        timing: how long things take.
        speed: how much faster than outside its time runs.
        strict: whether users must be announced.
        crumbs: whether a password's POST needs a crumb.
    """
    return JenkinsService(
        lambda: seeded_world(spec, Clock(speed), timing or Timing()),
        settings,
        strict=strict,
        crumbs=crumbs,
    )


@click.command()
@serving.port
@click.option("--jobs", type=click.IntRange(1), default=1000, help="Branch jobs come on top.")
@click.option("--runs", type=click.IntRange(0), default=300, help="Builds in flight and queue items.")
@serving.seed
@serving.latency
@click.option("--speed", type=click.FloatRange(0), default=1.0, help="How much faster time goes by.")
@click.option("--needs-term", type=serving.SHARE, default=0.0, help="Part of the builds.")
@click.option("--stuck", type=serving.SHARE, default=0.0, help="Part that nothing ends.")
@click.option("--root-url", default="", help="The configured root URL, if it is another.")
@click.option("--stages", type=click.Choice([str(api) for api in StagesApi]), multiple=True, default=["tree"])
@click.option("--strict", is_flag=True, help="Accept only users who were announced.")
@click.option("--no-crumbs", is_flag=True, help="Ask no crumb of a password's POST.")
def jenkins(
    port: int,
    jobs: int,
    runs: int,
    seed: int,
    latency: float,
    speed: float,
    needs_term: float,
    stuck: float,
    root_url: str,
    stages: tuple[str, ...],
    strict: bool,
    no_crumbs: bool,
) -> None:
    """Serve a Jenkins controller until interrupted; its address is the first line printed."""
    service = seeded_service(
        fleet_spec(jobs=jobs, runs=runs, seed=seed, needs_force=needs_term, stuck=stuck),
        settings=Settings(root_url=root_url, stage_apis=frozenset(map(StagesApi, stages))),
        speed=speed,
        strict=strict,
        crumbs=not no_crumbs,
    )
    serving.serve(service, port, latency, service.name)
