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


class _BeforeCommand(click.Command):
    """Keeps what stands behind ``--`` apart, as `command` in the context's `meta`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, behind = args, []
        if "--" in args:
            before, behind = args[: args.index("--")], args[args.index("--") + 1 :]
            if not behind:
                raise click.UsageError("expected a command behind --", ctx)
        ctx.meta["command"] = behind
        return super().parse_args(ctx, before)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


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
@click.option(
    "--recheck-if-overdue", is_flag=True, help="Do the recheck's tick first, where it has missed its time."
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


@cli.command(cls=_BeforeCommand)
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--for", "steady", type=_Duration(), default="0s", metavar="5s", help="All must hold so long.")
@click.option("--timeout", type=_Duration(), default="10m", metavar="10m", help="Then give up: exit code 69.")
@click.pass_context
def wait(context: click.Context, /, **options: Any) -> int:
    """Wait until every URL holds in the same moment, then run COMMAND.

    http(s)://, tcp://, dns://, amqp(s)://, mongodb:// and postgresql:// hold once they answer;
    fiber+https://10.10.10.100/focus-server holds once the lab is ready.
    """
    from gate.commands import wait

    command = tuple(context.meta["command"])
    return wait.run(wait.WaitOptions(state=context.obj["state"], command=command, **options), os.environ)


_format = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
_dry_run = click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
_yes = click.option("--yes", is_flag=True, help="Ask nobody; needed where there is no terminal.")
_by = click.option(
    "--by", metavar="WHO", help="Who does it; default: the CI system's actor, or the local user."
)


@cli.command("pause-all")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for everybody who meets the closed gate.")
@click.option("--category", default="", metavar="C", help="A word for statistics, such as maintenance.")
@click.option("--until", metavar="WHEN", help="When the hold ends by itself: 2h, 06:30Z, a date with time.")
@click.option("--environment", metavar="E", help="Only this lab.")
@click.option("--provider", multiple=True, type=click.Choice(["github", "gitlab", "jenkins"]))
@click.option("--project", multiple=True, metavar="GLOB", help="Only projects with such a path.")
@click.option("--suspend-triggers", is_flag=True, help="Also switch off what starts protected runs.")
@click.option("--no-force", "force", is_flag=True, default=True, flag_value=False, help="Do not ask harder.")
@click.option(
    "--kill", is_flag=True, help="Jenkins: as the last step kill builds, which leaves things behind."
)
@click.option(
    "--timeout", type=_Duration(), default="120s", metavar="120s", help="For each target to be over."
)
@_by
@_dry_run
@_yes
@_format
@click.pass_obj
def pause_all(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Close the whole fleet, stop what is protected, and prove that it has stopped."""
    from gate.commands import pause

    chosen = pause.PauseOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return pause.run(chosen, os.environ)


@cli.command("stop-tests")
@click.option("--environment", metavar="E", help="Only what names this lab: its host, or its name.")
@click.option(
    "--grace", type=_Duration(), default="10s", metavar="10s", help="To end by itself once interrupted."
)
@click.option("--force", is_flag=True, help="Also where tests: names nothing, or everything.")
@_by
@_dry_run
@_yes
@click.pass_obj
def stop_tests(obj: dict[str, Any], /, **options: Any) -> int:
    """Stop the pytest and Locust processes on this machine that would configure a lab."""
    from gate.commands import stop_tests

    chosen = stop_tests.StopOptions(config=obj["config"], state=obj["state"], **options)
    return stop_tests.run(chosen, os.environ)


@cli.command("resume-all")
@click.option("--hold", metavar="ID", help="Lift only this one; default: every hold that a person raised.")
@click.option(
    "--rerun", type=click.Choice(["none", "newest", "all"]), default="none", help="Of what was stopped."
)
@click.option("--force", is_flag=True, help="Start again even while the gate is closed.")
@click.option(
    "--patience",
    type=_Duration(),
    default="20s",
    metavar="20s",
    help="How long to look at what a pause that was cut off may have told to stop.",
)
@_by
@_dry_run
@_yes
@_format
@click.pass_obj
def resume_all(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Lift holds, put back exactly what was changed, and start again what was stopped."""
    from gate.commands import resume

    chosen = resume.ResumeOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return resume.run(chosen, os.environ)


@cli.command()
@click.option(
    "--no-sweep", "sweep", is_flag=True, default=True, flag_value=False, help="Only raise and lift."
)
@click.option("--suspend-triggers", is_flag=True, help="When closing, as with pause-all.")
@click.option(
    "--timeout", type=_Duration(), default="120s", metavar="120s", help="For each target to be over."
)
@_format
@click.pass_obj
def recheck(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Read every lab once; close what is not ready, and open what is ready again.

    One tick, made to be run by a schedule. It never touches a person's hold. Exit code 0 says that
    the tick was done, however the labs are.
    """
    from gate.commands import recheck

    chosen = recheck.RecheckOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return recheck.run(chosen, os.environ)


@cli.command()
@_format
@click.pass_obj
def status(obj: dict[str, Any], format_: str) -> int:
    """Show verdicts, holds, what is paused where, and the last recheck."""
    from gate.commands import status

    return status.run(obj["config"], obj["state"], format_, os.environ)


@cli.command()
@click.option("--ref", default="", metavar="REF", help="Only this branch, tag or commit.")
@click.option("--fail", is_flag=True, help="Exit 1 where something is owed: a check before a release.")
@_format
@click.pass_obj
def debt(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """List the commits that were held back from the lab, and have not run there since."""
    from gate.commands import debt

    chosen = debt.DebtOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return debt.run(chosen, os.environ)


@cli.command()
@_environment
@click.option("--kubeconfig", metavar="FILE", help="Default: as kubectl; without one, in a pod, its account.")
@click.option("--context", metavar="C", help="The kubeconfig's context; default: its current one.")
@click.option("--namespace", "-n", metavar="N", help="Default: the context's namespace.")
@click.option(
    "--selector",
    multiple=True,
    metavar="ROLE=LABELS",
    help="Whose pods have which labels, where names do not say it: focus=app=x; also mongodb, rabbitmq.",
)
@click.option("--suggest", is_flag=True, help="Print a patch that would help on stdout; never applied.")
@click.option(
    "--bundle", type=click.Path(path_type=Path), metavar="OUT.zip", help="Write all of it, without secrets."
)
@_format
@click.pass_obj
def diagnose(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Say why the gate is closed: causes with their evidence, and what to do."""
    from gate.commands import diagnose

    chosen = diagnose.DiagnoseOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return diagnose.run(chosen, os.environ)


@cli.command()
@click.option(
    "--projects", type=click.IntRange(1, 500), default=12, show_default=True, help="Of each server."
)
@click.option(
    "--runs", type=click.IntRange(0, 5000), default=40, show_default=True, help="In flight at each."
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same number, the same fleet.")
@click.option("--suspend-triggers", is_flag=True, help="As with pause-all.")
@click.pass_obj
def drill(obj: dict[str, Any], /, **options: Any) -> int:
    """Rehearse a pause and a resume with your own names, on loopback: nothing real is touched."""
    from gate.commands import drill

    return drill.run(drill.DrillOptions(config=obj["config"], **options), os.environ)


@cli.command()
@click.option("--dry-run", is_flag=True, help="Print what would be told, and tell nobody.")
@click.pass_obj
def notify(obj: dict[str, Any], dry_run: bool) -> int:
    """Tell people what is due now: closed, open again, flapping, not stopped, recheck overdue."""
    from gate.commands import notify

    chosen = notify.NotifyOptions(config=obj["config"], state=obj["state"], dry_run=dry_run)
    return notify.run(chosen, os.environ)


@cli.command()
@click.option("--verify", is_flag=True, help="Check the hash chain; exit 1 where it is broken.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def history(obj: dict[str, Any], format_: str, verify: bool) -> int:
    """Show the ledger, oldest first."""
    from gate.commands import history

    return history.run(obj["config"], obj["state"], verify, format_, os.environ)


@cli.command()
@click.option(
    "--steadiness",
    metavar="POLICY",
    help="Such as open_after=3,close_after=2,steady_for=60s; default: what the configuration says.",
)
@click.option("--since", type=_Duration(), metavar="30d", help="Only readings that are not older.")
@_format
@click.pass_obj
def replay(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Show how often another policy would have closed and opened, over the recorded readings."""
    from gate.commands import replay

    chosen = replay.ReplayOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return replay.run(chosen, os.environ)


_pipelines = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
_protect = click.option(
    "--protect", multiple=True, metavar="PATTERN", help="In the place of what the configuration protects."
)
_system = click.option(
    "--system",
    type=click.Choice(["github", "gitlab", "jenkins"]),
    help="In the place of what name and content say.",
)


@cli.command()
@_pipelines
@click.option("--write", is_flag=True, help="Change the files; without it only the diff is shown.")
@click.option("--unwire", is_flag=True, help="Give back what stood there before.")
@click.option(
    "--aggregate", is_flag=True, help="GitHub: add a job to require, since a skip counts as a pass."
)
@click.option(
    "--form",
    type=click.Choice(["guard", "child"]),
    default="guard",
    help="GitLab: guard each protected job, or move them to a child pipeline.",
)
@_protect
@_system
@_format
@click.pass_obj
def wire(obj: dict[str, Any], /, format_: str, form: str, aggregate: bool, **options: Any) -> int:
    """Put the gate into pipeline files that exist, or into those below a folder."""
    from gate.commands import wire
    from gate.wiring.records import Form, WireOptions

    wiring = WireOptions(form=Form(form), aggregate=aggregate)
    return wire.run(wire.Options(config=obj["config"], format=format_, wiring=wiring, **options), os.environ)


@cli.command()
@_pipelines
@_protect
@_system
@click.option("--format", "format_", type=click.Choice(["text", "json", "sarif"]), default="text")
@click.pass_obj
def lint(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Find where load could get through pipeline files, or through those below a folder."""
    from gate.commands import lint

    return lint.run(lint.Options(config=obj["config"], format=format_, **options), os.environ)


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
