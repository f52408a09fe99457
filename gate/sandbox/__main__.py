"""`python -m gate.sandbox focus|github|gitlab|jenkins`: rehearse on loopback, without a lab and a fleet.

The Focus server is part of every installation. The three CI systems come with a checkout only:
they would make the base install half a megabyte larger.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

import click

from gate.sandbox.focus import FocusServer, FocusState

EMULATORS: Final = ("github", "gitlab", "jenkins")


class _Sandbox(click.Group):
    """Loads an emulator's command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        there = [name for name in EMULATORS if find_spec(f"gate.sandbox.{name}")]
        return [*super().list_commands(ctx), *there]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in EMULATORS and find_spec(f"gate.sandbox.{cmd_name}"):
            return cast(click.Command, getattr(import_module(f"gate.sandbox.{cmd_name}.command"), cmd_name))
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Sandbox, help="Servers on loopback to rehearse with.")
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


if __name__ == "__main__":
    sandbox(prog_name="python -m gate.sandbox")
