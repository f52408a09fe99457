"""The real command as a process, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import GATE, clean_environ


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a process."""

    code: int
    stdout: str
    stderr: str


def run_gate(
    folder: Path, *arguments: str, environ: dict[str, str] | None = None, program: Sequence[str] = ()
) -> Ran:
    """Run `gate` in `folder` and return what came of it; a traceback is never right."""
    process = subprocess.run(
        [*(program or [str(GATE)]), *arguments],
        cwd=folder,
        env=clean_environ(folder / "cache", **(environ or {})),
        capture_output=True,
        timeout=60,
        check=False,
    )
    ran = Ran(
        code=process.returncode,
        stdout=process.stdout.decode("utf-8").replace(os.linesep, "\n"),
        stderr=process.stderr.decode("utf-8").replace(os.linesep, "\n"),
    )
    assert "Traceback" not in ran.stderr + ran.stdout
    return ran
