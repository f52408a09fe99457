"""How git is run: bounded in time, with all that it started, and without asking anybody."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from gate.fleet.state.git_command import Ran, git_environ, run_git
from gate.fleet.state.git_trouble import pushing_trouble, reading_trouble
from gate.fleet.state.git_url import parse_place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell stands in for git")
PLACE = parse_place("git+https://dana:geheim@127.0.0.1/x.git")


def fake(folder: Path, script: str) -> dict[str, str]:
    """Return an environment in which git is a shell script."""
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "git").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_git_that_does_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    environ = fake(tmp_path, "echo said; (sleep 1.5; touch late) &\nwait; sleep 60")
    began = time.monotonic()
    ran = run_git(["fetch"], tmp_path, environ, timeout=0.3)
    assert time.monotonic() - began < 10
    assert (ran.code, ran.ok, ran.out) == (None, False, b"said\n")
    threading.Event().wait(1.6)
    assert not (tmp_path / "late").exists()


def test_a_helper_that_outlives_git_keeps_nobody_waiting(tmp_path: Path) -> None:
    environ = fake(tmp_path, "sleep 30 &\necho $! > pid; echo done")
    began = time.monotonic()
    assert run_git(["fetch"], tmp_path, environ, timeout=20).out == b"done\n"
    assert time.monotonic() - began < 10
    fake(tmp_path, "kill $(cat pid)")
    assert run_git(["kill"], tmp_path, environ, timeout=20).ok


def test_neither_token_nor_other_secrets_are_among_the_arguments(tmp_path: Path) -> None:
    environ = git_environ(PLACE, fake(tmp_path, 'echo "$@"; cat; echo $LC_ALL $GIT_TERMINAL_PROMPT $GIT_DIR'))
    ran = run_git(["fetch", PLACE.remote], tmp_path, environ, timeout=20, given=b"given\n")
    said, given, settings = ran.out.decode().splitlines()
    assert said.endswith("fetch https://127.0.0.1/x.git")
    assert (given, settings) == ("given", "C 0 .")
    assert "heim" not in ran.out.decode()


def test_what_takes_too_long_is_said_with_how_long_it_was_given() -> None:
    slow = Ran(code=None, out=b"", err="")
    reading, pushing = reading_trouble(PLACE, slow, 60.0), pushing_trouble(PLACE, slow, 60.0)
    start = "state git+https://127.0.0.1/x.git#refs/gate/state: does not answer within 60 s; see whether"
    assert str(reading).startswith(start)
    assert str(pushing).endswith("; nothing was written")


def test_what_git_says_is_shown_without_a_password_that_a_setting_put_into_the_url() -> None:
    ran = Ran(code=128, out=b"", err="fatal: unable to access 'https://me:geheim@proxy/x.git/': reset")
    assert "geheim" not in str(reading_trouble(PLACE, ran, 60.0))
