"""A step of the GitHub action, started as the runner starts it but without a runner."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate import __version__
from gate.sandbox.focus import FocusServer
from tests.support import ROOT, clean_environ

ACTION = ROOT / "pipelines" / "github"
LAUNCHER = ACTION / "launch.py"

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and scripts")


def run_launcher(
    environ: Mapping[str, str], folder: Path, *, code: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the launcher as a step does, or `code` with `launch` at hand."""
    command = [sys.executable, str(LAUNCHER)]
    if code:
        command = [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(ACTION)!r}); import launch; {code}",
        ]
    return subprocess.run(
        command,
        env={**environ},
        cwd=folder,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def step_environ(folder: Path, focus: FocusServer, **values: str) -> Mapping[str, str]:
    """Return the environment of a step in which the gate of this checkout is on PATH."""
    return clean_environ(
        folder / "cache",
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(folder / "output"),
        GITHUB_ACTION_PATH=str(ACTION),
        RUNNER_TEMP=str(folder),
        **{"GATE_INPUT_FOCUS_SERVER": focus.url, **values},
    )


def outputs(folder: Path) -> dict[str, str]:
    """Return what stands in the step's output file, the last of each name, as the runner reads it."""
    text = (folder / "output").read_text(encoding="utf-8") if (folder / "output").exists() else ""
    return {name: value for name, _, value in re.findall(r"(?m)^(\w+)<<(\S+)\n(.*)\n\2$", text)}


def put_gate(folder: Path, script: str, says: str = f"gate {__version__}") -> str:
    """Put a program named gate into a folder, and return a PATH that begins with it."""
    folder.mkdir()
    program = folder / "gate"
    program.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{says}"; exit; fi\n{script}\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
