"""The command line: options in, exit code out; the only place that catches everything.

Commands are imported when they run, so that a gate step pays for nothing that it leaves
unused.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from gate import __version__
from gate.core.duration import parse_duration
from gate.errors import Exit, GateError


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


_environment = click.option("--environment", metavar="E", help="The lab; default_environment if not given.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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


@cli.command()
@_environment
@click.option(
    "--wait", type=_Duration(), default="0s", metavar="10m", help="Ask again until ready, held, or over."
)
@click.option(
    "--max-age", type=_Duration(), default="5s", metavar="5s", help="How old a shared reading may be."
)
@click.option("--cancel-downstream", is_flag=True, help="When closed, cancel this run's protected jobs.")
@click.option("--cancel-run", is_flag=True, help="When closed, cancel this whole run.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", "text", "json", "github", "gitlab", "jenkins"]),
    default="auto",
    help="auto recognises the CI system by its environment.",
)
@click.option(
    "--output-dir", type=click.Path(path_type=Path), default=".", metavar="D", help="Where files go."
)
@click.option(
    "--child-from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="GitLab: the real jobs, for gate-child.yml.",
)
@click.pass_obj
def check(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Ask the lab, decide, tell the pipeline, and say why."""
    from gate.commands import check

    chosen = check.CheckOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return check.run(chosen, os.environ)


@cli.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@_environment
@click.option("--watch", is_flag=True, help="Stop COMMAND, and all it started, when the gate closes.")
@click.option("--locust", is_flag=True, help="COMMAND runs Locust: with gate's guard, as if it imported it.")
@click.option(
    "--max-age", type=_Duration(), default="5s", metavar="5s", help="How old a reading may be; also --watch."
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def guard(obj: dict[str, Any], /, **options: Any) -> int:
    """Run COMMAND, put behind --, only while the gate is open, and with its guards on.

    Inside it, pytest and Locust then send nothing that would configure a lab that is not ready.
    """
    from gate.commands import guard

    chosen = guard.GuardOptions(config=obj["config"], state=obj["state"], **options)
    return guard.run(chosen, os.environ)


@cli.command()
@click.option("--verify", is_flag=True, help="Check the hash chain; exit 1 where it is broken.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def history(obj: dict[str, Any], format_: str, verify: bool) -> int:
    """Show the ledger, oldest first."""
    from gate.commands import history

    return history.run(obj["config"], obj["state"], verify, format_, os.environ)


@cli.group()
def config() -> None:
    """Check a configuration, or print its schema."""


@config.command("check")
@click.argument("file", required=False)
@click.pass_obj
def config_check(obj: dict[str, Any], file: str | None) -> int:
    """Say whether FILE (or the configuration in force) is right, naming every problem."""
    from gate.commands import config

    return config.check(file or obj["config"], os.environ)


@config.command("schema")
def config_schema() -> int:
    """Print the JSON Schema of gate.yml, for editors."""
    from gate.commands import config

    return config.schema()


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
