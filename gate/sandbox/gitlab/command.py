"""`python -m gate.sandbox gitlab --projects 300 --runs 1000 --seed 7`: rehearse without GitLab."""

from __future__ import annotations

import click

from gate.sandbox import serving
from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.gitlab.flow import Timing
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.service import GitLabService

NO_LIMITS = LimitSettings(requests=None, actions={})


@click.command()
@serving.port
@click.option("--owner", default="acme", show_default=True, help="The group that owns the fleet.")
@click.option("--projects", type=click.IntRange(0, 100_000), default=300, show_default=True)
@click.option("--runs", type=click.IntRange(0, 1_000_000), default=1000, show_default=True, help="In flight.")
@click.option("--protected", type=serving.SHARE, default=1 / 3, help="The part of them that is protected.")
@serving.seed
@serving.latency
@click.option("--needs-force", type=serving.SHARE, default=0.0, help="The part that stops only when forced.")
@click.option("--stuck", type=serving.SHARE, default=0.0, help="The part that never stops.")
@click.option("--cancel-time", type=serving.SECONDS, default="2s", show_default=True, help="In canceling.")
@click.option("--speed", type=click.FloatRange(0, 100_000), default=1.0, help="Sandbox seconds in a second.")
@click.option("--limits/--no-limits", default=True, help="GitLab.com's; self-managed has no throttle.")
@click.option("--retry-after/--no-retry-after", default=True, help="Whether a 429 says when to come back.")
@click.option("--strict-tokens", is_flag=True, help="Accept only tokens announced at /_sandbox/token.")
def gitlab(
    *,
    port: int,
    owner: str,
    projects: int,
    runs: int,
    protected: float,
    seed: int,
    latency: float,
    needs_force: float,
    stuck: float,
    cancel_time: float,
    speed: float,
    limits: bool,
    retry_after: bool,
    strict_tokens: bool,
) -> None:
    """Serve a GitLab with a seeded fleet until interrupted; its address is the first line printed."""
    spec = FleetSpec(
        owner=owner,
        projects=projects,
        runs=runs,
        protected_share=protected,
        seed=seed,
        needs_force=needs_force,
        stuck=stuck,
    )
    service = GitLabService(
        spec,
        timing=Timing(cancel=cancel_time),
        limits=LimitSettings(retry_after=retry_after) if limits else NO_LIMITS,
        clock=Clock(speed),
        strict=strict_tokens,
    )
    what = f"gitlab ({spec.projects} projects, {spec.runs} pipelines in flight)"
    serving.serve(service, port, latency, what)
