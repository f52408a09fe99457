"""`make demo`: the gate step closed and then open in each CI system, and a fleet paused and resumed.

The shipped pipeline files run in real engines where those are on the machine. Where one is
missing, the command itself is shown as that system's log would carry it. The fleet is the
sandbox's: a GitHub, a GitLab and a Jenkins on loopback.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from gate.sandbox.focus import FocusServer, FocusState
from tests.engines import act, gitlab_ci_local, jenkins
from tests.engines.engine import EngineRun
from tests.support import BIN, ENGINES, GATE, clean_environ, find

STATES = {FocusState.WAITING: "no fibre", FocusState.READY: "fibre connected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A CI system, and the shipped pipeline in its engine.

    Attributes:
        name: as people say it.
        format: the format of `gate check` that stands for it where the engine is missing.
        file: the shipped pipeline file.
        engine: the engine's program.
        places: where to look for it besides PATH.
        others: what the engine needs besides.
        run: runs the file against a lab.
        seen: what a person sees on the run page.
    """

    name: str
    format: str
    file: str
    engine: str
    places: tuple[Path, ...] = ()
    others: tuple[str, ...] = ()
    run: Callable[[Path, str, Path, Mapping[str, str]], EngineRun]
    seen: Callable[[EngineRun], list[str]]


def _gitlab(program: Path, url: str, work: Path, environ: Mapping[str, str]) -> EngineRun:
    return gitlab_ci_local.run_pipeline(program, url, work, environ)


def _github_page(run: EngineRun) -> list[str]:
    signs = {"warning": "⚠", "error": "✗", "notice": "ℹ"}
    sign = signs.get(run.values.get("annotation.level", ""), "?")
    title, message = run.values.get("annotation.title", ""), run.values.get("annotation.message", "")
    return [f"annotation   {sign} {title}", f"             {message}"]


def _gitlab_page(run: EngineRun) -> list[str]:
    verdicts = [line.partition(" > ")[2] or line for line in run.output.splitlines() if "  staging: " in line]
    dotenv = run.values.get("gate.env", "").split()
    return [f"job log      {verdicts[0].strip() if verdicts else '?'}", f"dotenv       {' '.join(dotenv)}"]


def _jenkins_page(run: EngineRun) -> list[str]:
    return [
        f"description  {run.values.get('description', '')}",
        f"reason       {run.values.get('env.GATE_REASON', '')}",
        f"result       {run.values.get('result', '')}",
    ]


SYSTEMS = (
    System(
        name="GitHub Actions",
        format="github",
        file="pipelines/github/example.yml",
        engine="act",
        places=(BIN,),
        run=act.run_example,
        seen=_github_page,
    ),
    System(
        name="GitLab CI",
        format="gitlab",
        file="pipelines/gitlab/templates/fiber-gate.yml",
        engine="gitlab-ci-local",
        places=(ENGINES,),
        others=("rsync",),
        run=_gitlab,
        seen=_gitlab_page,
    ),
    System(
        name="Jenkins",
        format="jenkins",
        file="pipelines/jenkins/example.Jenkinsfile",
        engine="groovy",
        others=("sh",),
        run=jenkins.run_example,
        seen=_jenkins_page,
    ),
)


def main() -> int:
    """Show every system in both states; 1 where one of them did not do what it promises."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    started = time.monotonic()
    server = FocusServer(FocusState.WAITING)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept = [show(system, server) for system in SYSTEMS]
    server.shutdown()
    posted = sum(count for request, count in server.seen.items() if request.startswith("POST"))
    click.echo(f"\nThe lab saw {server.seen['GET /live_metadata']} readings and {posted} configure requests.")
    kept.append(show_fleet())
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s.")
    return 0 if all(kept) else 1


def show_fleet() -> bool:
    """Show a fleet that is paused and resumed, and return whether all of it was proven."""
    click.secho("\nA whole fleet", bold=True, nl=False)
    click.echo("  (gate drill: GitHub, GitLab and Jenkins emulated on loopback)")
    with tempfile.TemporaryDirectory(prefix="gate-demo-", ignore_cleanup_errors=True) as folder:
        environ = clean_environ(Path(folder, "cache"))
        ran = subprocess.run(
            [GATE, "drill", "--projects", "4", "--runs", "12"],
            cwd=folder,
            env=environ,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
    return ran.returncode == 0


def show(system: System, server: FocusServer) -> bool:
    """Show one system without and with a fibre, and return whether it kept its promise."""
    engine = find(system.engine, *system.places)
    missing = [name for name in system.others if find(name) is None]
    if engine is None:
        missing.insert(0, system.engine)
    by = f"{system.engine} is missing" if missing else f"{system.file}, run by {system.engine}"
    click.secho(f"\n{system.name}", bold=True, nl=False)
    click.echo(f"  ({by})")
    kept = True
    for state, words in STATES.items():
        server.state = state
        click.secho(f"  {words}", fg="yellow" if state is FocusState.WAITING else "green")
        with tempfile.TemporaryDirectory(prefix="gate-demo-", ignore_cleanup_errors=True) as folder:
            work = Path(folder)
            environ = clean_environ(work / "cache", GATE_ENVIRONMENT="staging")
            if engine is None or missing:
                kept &= _show_command(system, server, work, environ)
            else:
                kept &= _show_run(system, system.run(engine, server.url, work, environ), state)
    return kept


def _show_run(system: System, run: EngineRun, state: FocusState) -> bool:
    for line in system.seen(run):
        click.echo(f"    {line}")
    protected = sorted(name for name in run.ran if name in ("configure", "load"))
    others = sorted(run.ran - set(protected))
    ended = [name if name in run.succeeded else f"{name} (not a pass)" for name in [*others, *protected]]
    click.echo(f"    ran          {', '.join(ended)}")
    kept = protected == (["configure", "load"] if state is FocusState.READY else [])
    if state is FocusState.WAITING:
        click.echo("    held back    configure, load")
    if not kept:
        click.secho(f"    this is not what {system.file} promises; the engine said:", fg="red")
        click.echo(run.output)
    return kept


def _show_command(system: System, server: FocusServer, work: Path, environ: Mapping[str, str]) -> bool:
    ran = subprocess.run(
        [GATE, "check", "--format", system.format, "--output-dir", work],
        env={**environ, "GATE_FOCUS_SERVER": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    for line in ran.stdout.splitlines():
        click.echo(f"    {click.unstyle(line)}")
    click.echo(f"    exit code    {ran.returncode}")
    return ran.returncode == (0 if server.state is FocusState.READY else 75)


if __name__ == "__main__":
    sys.exit(main())
