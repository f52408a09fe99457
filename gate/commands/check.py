"""`gate check`: is the gate open? Ask, decide, tell the pipeline, say why."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate import asking
from gate.commands import step
from gate.commands.say import say
from gate.config import Config, load_config
from gate.core.model import DEFAULT_PROTECT
from gate.core.reason import one_line, without_credentials
from gate.core.verdict import exit_code, misconfigured
from gate.core.work import Outcome
from gate.errors import ConfigError, GateError, OutputError
from gate.fleet.where import given_state
from gate.providers import PROVIDERS, detect, own_run
from gate.providers.protocol import OwnRun, Result
from gate.report import OutputFile, Report, Scene, load_format

if TYPE_CHECKING:
    from gate.core.ledger_state import LedgerState

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """The options of `gate check`; durations in seconds."""

    config: str | None = None
    state: str | None = None
    environment: str | None = None
    wait: float = 0.0
    max_age: float = 5.0
    cancel_downstream: bool = False
    cancel_run: bool = False
    format: str = "auto"
    output_dir: Path = Path()
    child_from: Path | None = None
    recheck_if_overdue: bool = False


def run(options: CheckOptions, environ: Environ) -> int:
    """Check, report and return the exit code of the verdict.

    Raises:
        OutputError: a file that other jobs rely on cannot be written.
    """
    provider = detect(environ)
    shown_as = (provider or "text") if options.format == "auto" else options.format
    _remove_old(shown_as, options.output_dir)
    child = _read_child(options.child_from)
    link, state, ledger = "", None, None
    try:
        config = load_config(options.config, environ)
        state = given_state(options.state, config, environ)
        if options.recheck_if_overdue:
            _recheck(config, state, environ)
        question = asking.prepare(config, options.environment, options.state, environ, say)
        ledger = question.ledger
        _tell_heartbeat(config, ledger)
        link = without_credentials(question.environment.focus_server).rstrip("/") + "/live_metadata"
        verdict = asking.ask_until(question, options.wait, options.max_age, environ, say)
    except ConfigError as error:
        if shown_as == "text":
            raise
        for problem in error.problems:
            say(one_line(problem, 600))
        named = options.environment or environ.get("GATE_ENVIRONMENT", "")
        verdict = misconfigured(error.problems[0], named, datetime.now(UTC), DEFAULT_PROTECT)
    scene = Scene(
        environ=environ,
        output_dir=options.output_dir,
        now=datetime.now(UTC),
        token=uuid.uuid4().hex,
        link=link,
        colour=shows_colour(environ),
        child=child,
    )
    report = load_format(shown_as).render(verdict, scene)
    here = own_run(provider, environ) if provider else None
    if here:
        _act("annotate", lambda: here.annotate(verdict.reason, opened=verdict.open))
    write_report(report)
    step.record(verdict, state, ledger, environ)
    if not verdict.open:
        _cancel(options, here, verdict.protects)
    return exit_code(verdict)


def shows_colour(environ: Environ) -> bool:
    """Return whether stdout is a terminal that wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def write_report(report: Report) -> None:
    """Write what a format returned: files first, since the pipeline's decision hangs on them.

    Raises:
        OutputError: a required file cannot be written.
    """
    for file in report.files:
        _write_file(file)
    try:
        click.echo(report.stderr, nl=False, err=True)
        click.echo(report.stdout, nl=False, color=True)
    except OSError as error:
        raise OutputError(f"standard output: cannot write the verdict: {error.strerror}") from None


def _write_file(file: OutputFile) -> None:
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with file.path.open("ab" if file.append else "wb") as stream:
            stream.write(file.content)
    except OSError as error:
        problem = f"{file.name}: cannot write {file.path}: {error.strerror or error}"
        if file.required:
            raise OutputError(
                f"{problem}; the step fails, so that a lost open=false is never read as open"
            ) from None
        say(f"note: {problem}")


def _remove_old(shown_as: str, output_dir: Path) -> None:
    """Remove what an earlier run left, so that a gate which dies leaves nothing that opens."""
    for name in getattr(load_format(shown_as), "FILES", ()):
        try:
            (output_dir / name).unlink(missing_ok=True)
        except OSError as error:
            problem = f"{name}: cannot replace {output_dir / name}: {error.strerror or error}"
            raise OutputError(f"{problem}; an old verdict must not be read as a new one") from None


def _read_child(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--child-from: cannot read {path}: {error.strerror or error}") from None
    if not content.strip():
        raise ConfigError(f"--child-from: {path} is empty; a child pipeline needs at least one job")
    return content


def _recheck(config: Config, state: str | None, environ: Environ) -> None:
    """Do a tick of the recheck where one is overdue; what goes wrong with it is a note.

    Whether the ledger can be read is seen right afterwards, and decides.
    """
    if state is None:
        say("note: --recheck-if-overdue: no ledger is named (state:), so that there is nothing to recheck")
        return
    from gate.commands.recheck import run_if_overdue

    try:
        run_if_overdue(config, state, environ)
    except GateError as error:
        say(f"note: the overdue recheck was not done: {one_line(str(error), 600)}")


def _tell_heartbeat(config: Config, ledger: LedgerState | None) -> None:
    """Say when the recheck was last here, and warn where that is too long ago."""
    if ledger is None or ledger.rechecked_at is None:
        return
    from gate.core.heartbeat import last_seen, overdue_words

    now = datetime.now(UTC)
    say(overdue_words(ledger.rechecked_at, now, config.recheck_every) or last_seen(ledger.rechecked_at, now))


def _cancel(options: CheckOptions, here: OwnRun | None, protects: tuple[str, ...]) -> None:
    if not (options.cancel_downstream or options.cancel_run):
        return
    if here is None:
        say(f"note: nothing to cancel: this is no run of {', '.join(PROVIDERS)}")
        return
    if options.cancel_downstream:
        _act("cancel", lambda: here.cancel_downstream(protects, whole_run=options.cancel_run))
    else:
        _act("cancel", here.cancel_run)


def _act(action: str, carry_out: Callable[[], Sequence[Result]]) -> None:
    """Do what was asked in the own run and tell what came of it; a refusal is a note."""
    try:
        results = carry_out()
    except GateError as error:
        say(f"note: {one_line(str(error), 600)}")
        return
    for result in results:
        mark = "" if result.outcome in (Outcome.DONE, Outcome.STOPPED) else "note: "
        detail = f": {result.detail}" if result.detail else ""
        say(one_line(f"{mark}{action} {result.target}: {result.outcome}{detail}", 600))
