"""Runs a pipeline with the shipped GitLab template in gitlab-ci-local, a real engine without a server.

What it does otherwise than GitLab (4.61.1, measured 2026-11-24): `allow_failure: exit_codes`
counts as `allow_failure: true` for the jobs that follow; a child pipeline that fails leaves
its trigger job green; `CI_PROJECT_DIR` is wrong for a job with an image; there is no cancel.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from gate.report.gitlab import FILES
from tests.engines.engine import EngineRun
from tests.support import ROOT

TEMPLATES = ROOT / "pipelines" / "gitlab" / "templates"
VARIABLES = ".gitlab-ci-local-variables.yml"  # what a project sets, which child pipelines see too
TIMEOUT = 120.0

PLAIN = "local: pipelines/gitlab/templates/fiber-gate.yml"
COMPONENT = "component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/fiber-gate@$CI_COMMIT_SHA"

LAB_JOBS = """\
configure:
  script: [echo "configuring the lab"]
load:
  needs: [configure]
  script: [echo "loading the lab"]
"""

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NOISE = re.compile(
    r"^(Using fallback git|Unable to retrieve default| WARN  (spec:inputs:regex|Avoid overriding)).*\n", re.M
)
_STARTED = re.compile(r"^\t*(?:\[.*\] -> )?(\S.*?)\s+starting shell \(", re.M)
_PASSED = re.compile(r"^ PASS  (?:\[.*\] -> )?(\S.*?)\s*$", re.M)
_IDENTITY = ("-c", "user.name=gate", "-c", "user.email=gate@localhost", "-c", "commit.gpgsign=false")


def run_pipeline(
    program: Path,
    lab_url: str,
    work: Path,
    environ: Mapping[str, str],
    *,
    pipeline: str | None = None,
    jobs: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> EngineRun:
    """Run a whole pipeline and return what came of it.

    Args:
        program: gitlab-ci-local.
        lab_url: what `GATE_FOCUS_SERVER` says, as a project's own variable would.
        work: an empty folder of this run alone.
        environ: the environment of the engine, from which its jobs get their `PATH`.
        pipeline: the text of `.gitlab-ci.yml`; by default `pipeline_with` its own defaults.
        jobs: which jobs to run; all where none is named.
        files: what the project's repository holds besides, by path.
        variables: further project variables.

    Returns:
        The run. `ran` and `succeeded` name jobs, those of the child pipeline as well. `values`
        holds the text of each report that the job `fiber-gate` left, by file name.
    """
    project = make_project(work, pipeline or pipeline_with(), files or {})
    known = {"GATE_FOCUS_SERVER": lab_url, **(variables or {})}
    _write(project, {VARIABLES: json.dumps(known)})
    done = subprocess.run(
        engine_command(program, work, *jobs),
        cwd=project,
        env=engine_environ(environ, work),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=TIMEOUT,
        check=False,
    )
    return engine_run(project, done.returncode, done.stdout)


def pipeline_with(*, include: str = PLAIN, child: str = "ci/lab.yml", more: str = "", **inputs: str) -> str:
    """Return the text of a `.gitlab-ci.yml` that includes the template, with a job that is not held back."""
    given = "".join(f'      {name.replace("_", "-")}: "{value}"\n' for name, value in inputs.items())
    return (
        f'include:\n  - {include}\n    inputs:\n      child: "{child}"\n{given}'
        f"unit:\n  script: [echo unit tests]\n{more}"
    )


def make_project(work: Path, pipeline: str, files: Mapping[str, str]) -> Path:
    """Return a new repository with one commit that holds the template, a pipeline and the lab's jobs."""
    project = work / "project"
    for folder in ("pipelines/gitlab/templates", "templates"):  # as include, and as component
        shutil.copytree(TEMPLATES, project / folder)
    _write(project, {".gitlab-ci.yml": pipeline, "ci/lab.yml": LAB_JOBS, **files})
    _git(project, "init", "--quiet", "--initial-branch=main")
    _git(project, "add", "--all", "--force")
    _git(project, *_IDENTITY, "commit", "--quiet", "--no-verify", "--message=pipeline")
    return project


def engine_command(program: Path, work: Path, *more: str) -> list[str]:
    """Return the engine's command line; each job gets a folder of its own, as on a runner."""
    home = f"--home={work / 'home'}"
    return [str(program), "--force-shell-executor", "--shell-isolation", "--no-color", home, *more]


def engine_environ(environ: Mapping[str, str], work: Path) -> dict[str, str]:
    """Return the environment with a home and a folder for temporary files inside `work`."""
    for name in ("home", "tmp"):
        (work / name).mkdir(parents=True, exist_ok=True)
    return {
        **environ,
        "HOME": str(work / "home"),
        "TMPDIR": str(work / "tmp"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


def engine_run(project: Path, exit_code: int, output: str) -> EngineRun:
    """Return what the engine's output and the folder of the gate job say."""
    output = _NOISE.sub("", _ESCAPES.sub("", output))
    passed = frozenset(_PASSED.findall(output))  # a trigger job starts no shell
    built = project / ".gitlab-ci-local" / "builds" / "fiber-gate"
    values = {
        path.name: path.read_text(encoding="utf-8") for name in FILES if (path := built / name).exists()
    }
    return EngineRun(
        ran=passed | frozenset(_STARTED.findall(output)),
        succeeded=passed,
        exit_code=exit_code,
        output=output,
        values=values,
    )


def _write(project: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _git(project: Path, *arguments: str) -> None:
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=project, env=environ, check=True, capture_output=True, timeout=60)
