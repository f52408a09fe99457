"""What the GitLab tests run: the shipped files as a project has them, gates that misbehave, a fake API."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import yaml

from gate import __version__
from gate.sandbox.focus import FocusServer
from tests.support import GATE, ROOT

SHIPPED = ROOT / "pipelines" / "gitlab"
TEMPLATE = SHIPPED / "templates" / "fiber-gate.yml"

_FROM_ELSEWHERE = """\
  - project: fiber-gate/fiber-gate
    ref: v0.1.0
    file: pipelines/gitlab/templates/fiber-gate.yml
"""


def template() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the template's header and its jobs, inputs not yet put in."""
    header, jobs = yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8"))
    return header, jobs


def template_with_defaults() -> dict[str, Any]:
    """Return the template's jobs with every input at its default."""
    header = template()[0]
    text = TEMPLATE.read_text(encoding="utf-8").partition("\n---\n")[2]
    for name, entry in header["spec"]["inputs"].items():
        text = text.replace(f"$[[ inputs.{name} ]]", entry["default"])
    return cast(dict[str, Any], yaml.safe_load(text))


def example() -> str:
    """Return the example pipeline with the template from its own repository."""
    text = (SHIPPED / "example.gitlab-ci.yml").read_text(encoding="utf-8")
    assert _FROM_ELSEWHERE in text
    return text.replace(_FROM_ELSEWHERE, "  - local: pipelines/gitlab/templates/fiber-gate.yml\n")


def example_files() -> dict[str, str]:
    """Return what the example's jobs find in their repository."""
    passing = "import unittest\nclass Test(unittest.TestCase):\n    def test(self) -> None:\n        pass\n"
    names = ("example-lab.yml", "example-configure.json")
    files = {f"pipelines/gitlab/{name}": (SHIPPED / name).read_text(encoding="utf-8") for name in names}
    return {**files, "test_unit.py": passing, "smoke/test_smoke.py": passing}


def path_with(*folders: Path) -> str:
    """Return a PATH that finds no gate but in `folders`."""
    before = os.environ.get("PATH", "").split(os.pathsep)
    others = [folder for folder in before if not (Path(folder) / GATE.name).exists()]
    return os.pathsep.join([*map(str, folders), *others])


def gate_that(folder: Path, does: str, version: str = __version__) -> Path:
    """Return a folder with a `gate` that tells a version and runs `does`, shell, for all else."""
    folder.mkdir(parents=True)
    gate = folder / "gate"
    told = f'if [ "$1" = --version ]; then echo "gate {version}"; exit 0; fi'
    gate.write_text(f"#!/bin/sh\n{told}\n{does}\n", encoding="utf-8")
    gate.chmod(0o755)
    return folder


@contextmanager
def cancelling(focus: FocusServer, pid_file: Path) -> Iterator[None]:
    """Tell the process in `pid_file` to end once the lab has been asked, as a cancel does."""

    def cancel() -> None:
        give_up = time.monotonic() + 60
        while not focus.seen["GET /live_metadata"] and time.monotonic() < give_up:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(int(pid_file.read_text(encoding="ascii")), signal.SIGTERM)

    thread = threading.Thread(target=cancel, daemon=True)
    thread.start()
    yield
    thread.join(60)


class RenamingGitLab(ThreadingHTTPServer):
    """A GitLab API that notes what it is asked to rename, as path and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        """What `CI_API_V4_URL` says."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v4"


class _Handler(BaseHTTPRequestHandler):
    server: RenamingGitLab

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.path, body))
        self.send_response(200)
        self.end_headers()
