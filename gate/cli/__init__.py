"""The command line: options in, exit code out; the only place that catches everything.

A command and its options are imported when it is named, so that a gate step pays for nothing that
it leaves unused.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from types import FrameType
from typing import Final, NoReturn

import click

from gate import __version__
from gate.errors import Exit, GateError

COMMANDS: Final[Mapping[str, str]] = {
    "check": "step:check",
    "guard": "step:guard",
    "pause-all": "fleet:pause_all",
    "resume-all": "fleet:resume_all",
    "recheck": "fleet:recheck",
    "status": "fleet:status",
    "debt": "fleet:debt",
    "history": "fleet:history",
    "replay": "fleet:replay",
    "drill": "fleet:drill",
    "wait": "machine:wait",
    "stop-tests": "machine:stop_tests",
    "diagnose": "machine:diagnose",
    "notify": "machine:notify",
    "wire": "files:wire",
    "lint": "files:lint",
    "config": "files:config",
}


_COMMON: Final = ("config", "state", "verbose")


class _Commands(click.Group):
    """Loads a command when it is named; it takes the options of all commands, too."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, name = COMMANDS[cmd_name].partition(":")
        return _with_common(getattr(import_module(f"gate.cli.{module}"), name))


def _with_common(command: click.Command) -> click.Command:
    """Let a command take behind its name what may stand before it; the last one counts."""
    known = {name for parameter in command.params for name in parameter.opts}
    if not isinstance(command, click.Group) and "--config" not in known:
        command.params += [_behind(option) for option in cli.params if option.name in _COMMON]
    return command


def _behind(option: click.Parameter) -> click.Option:
    assert isinstance(option, click.Option)
    return click.Option(
        option.opts,
        is_flag=option.is_flag,
        metavar=option.metavar,
        help=option.help,
        expose_value=False,
        callback=_set,
    )


def _set(context: click.Context, option: click.Parameter, value: object) -> None:
    if value:
        context.obj = {**context.obj, str(option.name): value}


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option("--config", metavar="FILE", help="Default: gate.yml, then $GATE_CONFIG.")
@click.option("--state", metavar="URL", help="The ledger; default: what the configuration says.")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of a bug.")
@click.version_option(__version__, prog_name="gate", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, config: str | None, state: str | None, verbose: bool) -> None:
    """A CI gate for shared fibre-sensing labs: only a ready lab opens it.

    Exit codes: 0 open or done, 1 done in part, 2 usage, 69 the lab's state cannot be known,
    70 a bug in gate, 75 waiting for fiber or held, 78 configuration, 130 interrupted.
    """
    context.obj = {"config": config, "state": state, "verbose": verbose}


def main() -> NoReturn:
    """Run the command line and end the process with one of the documented exit codes.

    The process ends at once, without the interpreter's tidying up: that takes a seventh of
    a gate step (see `benchmarks/`), and a reading that was given up may still hold a thread.
    """
    gc.set_threshold(50_000)  # imports allocate much and free nothing; the default looks 100 times
    code = _run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except OSError:  # what was to be said is lost, so it must not read as open
            code = code or Exit.CONFIG
    os._exit(code)


def _run(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where it is closed or replaced
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(cli.main(arguments, prog_name="gate", standalone_mode=False) or Exit.OK)
    except click.UsageError as error:
        error.show()
        return Exit.USAGE
    except GateError as error:
        for line in str(error).splitlines():
            click.echo(f"gate: {line}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("gate: interrupted; the gate stays closed", err=True)
        return Exit.INTERRUPTED
    except Exception as error:
        return _bug(error, arguments)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _bug(error: Exception, arguments: list[str]) -> int:
    click.echo(f"gate: a bug in gate, and the gate stays closed: {error!r}", err=True)
    click.echo("gate: please report it with the output of the same command with -v", err=True)
    if {"-v", "--verbose"} & set(arguments):
        import traceback

        traceback.print_exception(error)
    return Exit.BUG
