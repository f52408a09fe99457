"""`python -m gate.sandbox focus|github|gitlab|jenkins`: rehearse on loopback, without a lab and a fleet."""

from __future__ import annotations

import sys

import click

from gate.sandbox.focus import FocusServer, FocusState
from gate.sandbox.github.command import github
from gate.sandbox.gitlab.command import gitlab
from gate.sandbox.jenkins.command import jenkins


@click.group(help=__doc__)
def sandbox() -> None:
    """Servers on loopback to rehearse with."""


@sandbox.command()
@click.option("--state", type=click.Choice([str(state) for state in FocusState]), default="waiting")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
def focus(state: str, port: int) -> None:
    """Serve a Focus server until interrupted; its address is the first line printed."""
    try:
        server = FocusServer(FocusState(state), port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
    click.echo(f"focus server ({state}): {server.url}")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


sandbox.add_command(github)
sandbox.add_command(gitlab)
sandbox.add_command(jenkins)

if __name__ == "__main__":
    sandbox(prog_name="python -m gate.sandbox")
