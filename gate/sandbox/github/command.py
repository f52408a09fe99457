"""`python -m gate.sandbox github --projects 300 --runs 1000 --seed 7`: rehearse without GitHub."""

from __future__ import annotations

import sys

import click

from gate.core.duration import parse_duration
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.github.timeline import Timing
from gate.sandbox.server import SandboxServer


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Return a duration such as ``50ms`` in seconds."""
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


SHARE = click.FloatRange(0, 1)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--owner", default="acme", show_default=True, help="The organisation that owns the fleet.")
@click.option("--projects", type=click.IntRange(0, 100_000), default=300, show_default=True)
@click.option("--runs", type=click.IntRange(0, 1_000_000), default=1000, show_default=True, help="In flight.")
@click.option("--protected", type=SHARE, default=1 / 3, help="The part of them that is protected.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--latency", callback=_seconds, default="0s", show_default=True, help="Of every answer.")
@click.option("--needs-force", type=SHARE, default=0.0, help="The part that stops only when forced.")
@click.option("--stuck", type=SHARE, default=0.0, help="The part that never stops.")
@click.option(
    "--cancel-time", callback=_seconds, default="2s", show_default=True, help="From 202 to the end."
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
    serve(options, port, latency)


def serve(options: GitHubOptions, port: int, latency: float) -> None:
    """Serve until interrupted.

    Raises:
        click.ClickException: the port is taken.
    """
    try:
        server = SandboxServer(GitHub(options), port, latency=latency)
    except OSError as error:
        raise click.ClickException(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
    fleet = options.fleet
    click.echo(f"github ({fleet.projects} repositories, {fleet.runs} runs in flight): {server.url}")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
