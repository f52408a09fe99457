"""What do the commands that serve an emulator have in common?"""

from __future__ import annotations

import sys
from typing import Any

import click

from gate.core.duration import parse_duration
from gate.sandbox.server import SandboxServer, Service

SHARE = click.FloatRange(0, 1)
port = click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
seed = click.option("--seed", type=int, default=7, show_default=True, help="The same number, the same fleet.")


class _Seconds(click.ParamType[float]):
    """A duration such as ``50ms``, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


SECONDS = _Seconds()
latency = click.option(
    "--latency", type=SECONDS, default="0s", show_default=True, help="What every answer takes at least."
)


def serve(service: Service, port: int, latency: float, what: str) -> None:
    """Serve until interrupted; the first line that is printed is `what` with the address.

    Raises:
        click.ClickException: the port is taken.
    """
    try:
        server = SandboxServer(service, port, latency=latency)
    except OSError as error:
        raise click.ClickException(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
    click.echo(f"{what}: {server.url}")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
