"""Fixtures for the tests that run real CI engines."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.probe.lock import try_lock
from tests.support import ROOT


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheels of this very gate and all that it needs, also to be built; made once a run.

    With `PIP_NO_INDEX=1` and `PIP_FIND_LINKS` set to it, `pip install fiber-gate==VERSION`
    is what it will be once the version is published.
    """
    folder = tmp_path_factory.getbasetemp().parent / "wheelhouse"
    folder.mkdir(exist_ok=True)
    done = folder / "done"
    while not done.exists():
        with try_lock(folder / "lock") as ours:
            if ours and not done.exists():
                pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(folder)]
                command = [*pip, str(ROOT), "hatchling>=1.27"]
                subprocess.run(command, check=True, capture_output=True, timeout=300)
                done.touch()
        time.sleep(0.1)
    return folder
