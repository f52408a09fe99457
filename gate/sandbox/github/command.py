"""`python -m gate.sandbox github --projects 300 --runs 1000 --seed 7`: rehearse without GitHub."""

from __future__ import annotations

import click

from gate.sandbox import serving
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.github.timeline import Timing


@click.command()
@serving.port
@click.option("--owner", default="acme", show_default=True, help="The organisation that owns the fleet.")
@click.option("--projects", type=click.IntRange(0, 100_000), default=300, show_default=True)
@click.option("--runs", type=click.IntRange(0, 1_000_000), default=1000, show_default=True, help="In flight.")
@click.option("--protected", type=serving.SHARE, default=1 / 3, help="The part of them that is protected.")
@serving.seed
@serving.latency
@click.option("--needs-force", type=serving.SHARE, default=0.0, help="The part that stops only when forced.")
@click.option("--stuck", type=serving.SHARE, default=0.0, help="The part that never stops.")
@click.option(
    "--cancel-time", type=serving.SECONDS, default="2s", show_default=True, help="From 202 to the end."
)
@click.option("--speed", type=click.FloatRange(0, 100_000), default=1.0, help="Sandbox seconds in a second.")
@click.option("--limits/--no-limits", default=True, help="GitHub's rate limits; GHES has none as it comes.")
@click.option("--limit-status", type=click.Choice(["403", "429"]), default="403", help="Of secondary limits.")
@click.option("--retry-after/--no-retry-after", default=True, help="Whether those say when to come back.")
@click.option("--strict-tokens", is_flag=True, help="Accept only tokens announced at /_sandbox/token.")
def github(
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
    limit_status: str,
    retry_after: bool,
    strict_tokens: bool,
) -> None:
    """Serve a GitHub with a seeded fleet until interrupted; its address is the first line printed."""
    options = GitHubOptions(
        fleet=FleetSpec(
            owner=owner,
            projects=projects,
            runs=runs,
            protected_share=protected,
            seed=seed,
            needs_force=needs_force,
            stuck=stuck,
        ),
        timing=Timing(cancel=cancel_time),
        limits=LimitSettings(enabled=limits, status=int(limit_status), retry_after=retry_after),
        speed=speed,
        strict_tokens=strict_tokens,
    )
    fleet = options.fleet
    what = f"github ({fleet.projects} repositories, {fleet.runs} runs in flight)"
    serving.serve(GitHub(options), port, latency, what)
