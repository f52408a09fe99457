"""A gate step imports nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer
from tests.support import clean_environ

NEVER = {"github", "gitlab", "jenkins", "yaml", "rich", "xml", "asyncio", "sqlalchemy", "gate.sandbox"}


def imported(folder: Path, focus: FocusServer, *arguments: str, **environ: str) -> set[str]:
    """Return the modules that a gate process imported, and their packages."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gate", *arguments],
        env=clean_environ(folder, GATE_FOCUS_SERVER=focus.url, **environ),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
    names = {line.rpartition("|")[2].strip() for line in lines}
    return names | {name.partition(".")[0] for name in names}


def test_a_plain_check_imports_requests_and_nothing_of_a_provider(tmp_path: Path, focus: FocusServer) -> None:
    names = imported(tmp_path, focus, "check", "--format", "json")
    assert {"gate.commands.check", "requests"} <= names
    assert not names & NEVER
    assert not any(name.startswith("gate.providers.") and name != "gate.providers.protocol" for name in names)


def test_a_gate_that_finds_a_young_reading_does_not_even_import_requests(
    tmp_path: Path, focus: FocusServer
) -> None:
    imported(tmp_path, focus, "check")
    assert "requests" not in imported(tmp_path, focus, "check", "--max-age", "1h")


@pytest.mark.parametrize(
    "environ", [{"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "out"}, {"JENKINS_URL": "http://127.0.0.1:1/"}]
)
def test_in_a_pipeline_the_client_libraries_stay_out_until_something_is_cancelled(
    tmp_path: Path, focus: FocusServer, environ: dict[str, str]
) -> None:
    assert not imported(tmp_path, focus, "check", **environ) & {"github", "gitlab", "jenkins", "yaml"}
