"""The scheduled recheck in GitLab's and Jenkins' engines: the same command, twice in a row."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from gate.fleet.state import open_state
from gate.fleet.state.reading import read_state
from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.engine import EngineRun
from tests.engines.gitlab_ci_local import run_pipeline
from tests.engines.jenkins_bench import Bench, set_up_bench
from tests.support import ENGINES, ROOT, clean_environ, need

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the engines' shells are POSIX ones here")

PIPELINE = """\
include:
  - local: pipelines/gitlab/templates/fiber-recheck.yml
unit:
  rules: [{if: '$CI_PIPELINE_SOURCE != "schedule"'}]
  script: [echo unit tests]
"""
SCHEDULED = {"CI_PIPELINE_SOURCE": "schedule", "FIBER_RECHECK": "true"}
JENKINSFILE = ROOT / "pipelines" / "jenkins" / "recheck.Jenkinsfile"


@pytest.fixture
def state(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'state.db').as_posix()}"


def config(focus: FocusServer, state: str) -> str:
    labs = {"staging": {"focus_server": focus.url}}
    steadiness = {"open_after": 1, "close_after": 1, "steady_for": "0s"}
    return json.dumps({"environments": labs, "state": state, "steadiness": steadiness})


def holds(state: str) -> int:
    with closing(open_state(state)) as ledger:
        return len(read_state(ledger).holds)


# GitLab CI.


@pytest.fixture
def program() -> Path:
    """Where gitlab-ci-local is; it copies by rsync."""
    need("rsync")
    return need("gitlab-ci-local", ENGINES)


def scheduled(
    program: Path, focus: FocusServer, work: Path, state: str, variables: Mapping[str, str]
) -> EngineRun:
    environ = clean_environ(work / "cache")
    files = {"gate.yml": config(focus, state)}
    return run_pipeline(
        program, focus.url, work, environ, pipeline=PIPELINE, files=files, variables=variables
    )


def test_the_gitlab_schedule_closes_and_opens(
    program: Path, focus: FocusServer, tmp_path: Path, state: str
) -> None:
    run = scheduled(program, focus, tmp_path / "first", state, SCHEDULED)
    assert run.exit_code == 0, run.output
    assert run.succeeded == {"fiber-recheck"}
    assert "staging: closed, not ready in 1 reading" in run.output
    assert holds(state) == 1
    focus.state = FocusState.READY
    run = scheduled(program, focus, tmp_path / "second", state, SCHEDULED)
    assert (run.exit_code, "staging: opened" in run.output, holds(state)) == (0, True, 0)


def test_a_push_and_another_schedule_do_no_tick(
    program: Path, focus: FocusServer, tmp_path: Path, state: str
) -> None:
    run = scheduled(program, focus, tmp_path / "push", state, {})
    assert run.ran == {"unit"}
    run = scheduled(program, focus, tmp_path / "other", state, {"CI_PIPELINE_SOURCE": "schedule"})
    assert "fiber-recheck" not in run.ran


# Jenkins.


@pytest.fixture
def bench(focus: FocusServer, tmp_path: Path) -> Bench:
    """A bench whose agent has this very gate on its PATH."""
    return set_up_bench(focus, tmp_path)


def test_the_jenkins_cron_pipeline_closes_and_opens(bench: Bench, state: str) -> None:
    workspace = bench.folder / "ws0"
    workspace.mkdir()
    (workspace / "gate.yml").write_text(config(bench.lab, state), encoding="utf-8")
    text = JENKINSFILE.read_text(encoding="utf-8")
    start, end = text.index("    triggers {"), text.index("    stages {")
    path = bench.folder / "recheck.Jenkinsfile"
    path.write_text(
        text[:start] + text[end:], encoding="utf-8"
    )  # the engine has neither cron nor credentials
    (run,) = bench.run(bench.pipeline(jenkinsfile=path))
    assert run.exit_code == 0, run.output
    assert "staging: closed, not ready in 1 reading" in run.output
    bench.lab.state = FocusState.READY
    (run,) = bench.run(bench.pipeline(jenkinsfile=path))
    assert (run.exit_code, "staging: opened" in run.output, holds(state)) == (0, True, 0)


def test_a_tick_that_was_not_done_fails_the_build_and_says_where_to_look(bench: Bench) -> None:
    path = bench.folder / "recheck.Jenkinsfile"
    path.write_text("library 'fiber-gate'\nnode { fiberRecheck(config: 'none.yml') }\n", encoding="utf-8")
    (run,) = bench.run(bench.pipeline(jenkinsfile=path))
    assert "gate recheck ended with exit code 78: see the console; nothing has opened" in run.output
    assert run.values.get("result", "") != "SUCCESS"
