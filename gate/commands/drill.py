"""`gate drill`: rehearse a pause and a resume with your own names; nothing real is asked or touched."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gate.commands import pause, resume, status
from gate.commands.fleet import who
from gate.config import DEFAULT_FILE, Config, named_file, read_config
from gate.core.model import DEFAULT_PROTECT
from gate.errors import Exit

if TYPE_CHECKING:
    from gate.sandbox.drill import Stage
    from gate.sandbox.fleet import FleetSpec

Environ = Mapping[str, str]

_ROOTS: Final = {"github": "owner", "gitlab": "group", "jenkins": "folder"}
_USUAL: Final = (
    {"provider": "github", "owner": "acme"},
    {"provider": "gitlab", "group": "lab"},
    {"provider": "jenkins", "folder": "lab"},
)
# What a drill must not see: it would lead to the real lab, or hold or name the drill's own steps.
_FOREIGN: Final = ("GATE_", "GITHUB_", "GITLAB_", "CI_", "JENKINS_", "BUILD_", "JOB_")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillOptions:
    """The options of `gate drill`."""

    config: str | None = None
    projects: int = 12
    runs: int = 40
    seed: int = 7
    suspend_triggers: bool = False


def run(options: DrillOptions, environ: Environ) -> int:
    """Pause and resume an emulated fleet, and show each step.

    Returns:
        0 where every step did what it promises, else 1.

    Raises:
        ConfigError: the configuration is wrong.
    """
    from gate.sandbox.drill import staged

    own = _own_config(options.config, environ)
    entries = _entries(own)
    by = who(None, environ)
    inner = {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}
    parts = [(str(entry["provider"]), _spec(entry, own, options)) for entry in entries]
    with (
        tempfile.TemporaryDirectory(prefix="gate-drill-", ignore_cleanup_errors=True) as folder,
        staged(parts) as stage,
    ):
        _say(f"a rehearsal: {len(stage.servers)} servers and a lab without fibre on 127.0.0.1, nothing real")
        config = _write_config(Path(folder), own, entries, stage)
        kept = _rehearse(config, f"sqlite:///{Path(folder, 'state.db')}", by, options, stage, inner)
        kept &= not any(server.errors for server in stage.servers)
    _say(
        "the drill is over: everything did what it promises"
        if kept
        else "the drill is over, with failures above"
    )
    return Exit.OK if kept else Exit.PARTLY


def _rehearse(
    config: str, state: str, by: str, options: DrillOptions, stage: Stage, environ: Environ
) -> bool:
    from gate.sandbox.focus import FocusState

    _command(f'gate pause-all --reason "drill"{" --suspend-triggers" * options.suspend_triggers} --yes')
    pausing = pause.PauseOptions(
        reason="drill", config=config, state=state, by=by, yes=True, suspend_triggers=options.suspend_triggers
    )
    kept = pause.run(pausing, environ) == Exit.OK
    _command("gate status")
    status.run(config, state, "text", environ)
    _say("the fibre is connected again")
    stage.focus.state = FocusState.READY
    _command("gate resume-all --rerun newest --yes")
    resuming = resume.ResumeOptions(config=config, state=state, by=by, rerun="newest", yes=True)
    kept &= resume.run(resuming, environ) == Exit.OK
    _command("gate status")
    status.run(config, state, "text", environ)
    return kept


def _own_config(path: str | None, environ: Environ) -> Config:
    """Return the person's own configuration; without one, a drill has names of its own."""
    chosen = named_file(path, environ)
    return read_config(Path(chosen)) if chosen else Config(source="the drill")


def _entries(own: Config) -> tuple[dict[str, Any], ...]:
    return tuple(own.document.get("fleet", ())) or _USUAL


def _spec(entry: Mapping[str, Any], own: Config, options: DrillOptions) -> FleetSpec:
    from gate.sandbox.fleet import FleetSpec

    provider = entry["provider"]
    named = tuple(pattern for pattern in entry.get("projects", ()) if pattern != "*")
    protect = own.protect if own.protect != DEFAULT_PROTECT else ()
    return FleetSpec(
        owner=str(entry.get(_ROOTS[provider], "")).strip("/") or "lab",
        projects=options.projects,
        runs=options.runs,
        seed=options.seed,
        named=named,
        protect=protect,
    )


def _write_config(folder: Path, own: Config, entries: Sequence[Mapping[str, Any]], stage: Stage) -> str:
    """Write the person's configuration with every address replaced by a loopback one; return its path."""
    names = own.names or ("staging",)
    fleet = []
    for entry, server in zip(entries, stage.servers, strict=True):
        kept = {
            key: entry[key]
            for key in ("provider", "owner", "group", "folder", "projects", "environment")
            if key in entry
        }
        fleet.append({**kept, "url": server.url, "token": "drill", "user": "drill"})
    document = {
        "environments": {name: {"focus_server": stage.focus.url} for name in names},
        "default_environment": own.default_environment or names[0],
        "protect": list(own.protect),
        "fleet": fleet,
    }
    path = folder / DEFAULT_FILE
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    return str(path)


def _say(line: str) -> None:
    click.secho(f"drill: {line}", bold=True)


def _command(line: str) -> None:
    click.secho(f"\n$ {line}", fg="cyan")
