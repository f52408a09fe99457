"""What do options of several commands have in common?"""

from __future__ import annotations

from typing import Any

import click

from gate.core.duration import parse_duration


class _Duration(click.ParamType[float]):
    """Seconds, given as `5s`, `10m` or `1h30m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = _Duration()


class BeforeCommand(click.Command):
    """Keeps what stands behind ``--`` apart, as `command` in the context's `meta`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before ``--``."""
        before, behind = args, []
        if "--" in args:
            before, behind = args[: args.index("--")], args[args.index("--") + 1 :]
            if not behind:
                raise click.UsageError("expected a command behind --", ctx)
        ctx.meta["command"] = behind
        return super().parse_args(ctx, before)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the pieces of the usage line, with the command behind it."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


environment_option = click.option(
    "--environment", metavar="E", help="The lab; default_environment if not given."
)
format_option = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
yes_option = click.option("--yes", is_flag=True, help="Ask nobody; needed where there is no terminal.")
by_option = click.option(
    "--by", metavar="WHO", help="Who does it; default: the CI system's actor, or the local user."
)
