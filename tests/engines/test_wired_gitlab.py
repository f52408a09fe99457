"""Do wired GitLab pipelines run nothing protected while closed, and all as before while open?"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate.core.work import Protects
from gate.sandbox.focus import FocusServer, FocusState
from gate.wiring import gitlab
from gate.wiring.edits import apply_edits
from gate.wiring.gitlab.guard import ASK
from gate.wiring.gitlab.include import COMPONENT
from gate.wiring.records import Source, WireOptions
from tests.engines.engine import EngineRun
from tests.engines.gitlab_ci_local import PLAIN, engine_environ, make_project, run_pipeline
from tests.engines.gitlab_projects import template_with_defaults
from tests.support import ENGINES, clean_environ, need
from tests.unit.wiring.gitlab_corpus import FILES, read

PROTECT = ("configure*", "load*")
PARSER = """\
import path from "node:path";
import {pathToFileURL} from "node:url";
const [engine, ...files] = process.argv.slice(2);
const {handler} = await import(pathToFileURL(path.join(engine, "src", "handler.js")));
for (const file of files) {
  let out = "", error = "";
  const streams = {stdout: (text) => { out += text; }, stderr() {}, memoStdout() {}, flush() {}};
  const options = {cwd: ".", file, preview: true, jsonSchemaValidation: false, forceShellExecutor: true};
  try { await handler(options, streams); } catch (failure) { error = String(failure.message ?? failure); }
  console.log("RESULT " + JSON.stringify({file, out, error}));
}
"""
FAR = "before from far"  # what a before_script of another file does cannot be held back here
PART = f"""\
.part:
  before_script: [echo "{FAR}"]
  script: [echo "far away"]
.other-part:
  variables: {{KIND: other}}
"""
# What the engine cannot read, wired or not: files of other servers, GitLab's oldest and newest words.
NOT_READ = {
    *("include-kinds", "include-url", "include-null", "wired-by-child", "wired-by-hand"),
    *("types", "variables-raw"),
}

ALONE = """\
stages: [build, load lab]
default:
  before_script: [echo "before by default"]
.far: &far
  before_script:
    - echo "before from far"
  stage: build
  script: [echo "far away"]
.near: {extends: .far}
configure:   # by its name
  stage: build
  script: |
    if true; then
    \techo "a tab"
    fi
heavy:
  stage: load lab
  script: [echo "by stage"]
load-flow: {stage: build, script: [echo flow], before_script: "echo before", allow_failure: false}
load-chain:
  stage: build
  extends: .near
load-merged:
  <<: *far
  stage: build
load-alias: *far
load-matrix:
  stage: build
  parallel: {matrix: [{LAB: [north, south]}]}
  script: ['echo "lab $LAB"']
report:
  stage: build
  needs: [configure]
  script: [echo report]
unit:
  stage: build
  before_script: [&said "echo before"]
  script: [echo unit, *said]
"""
WITH_OTHERS = """\
include: ci/part.yml
load-own:
  script:
    - echo own
load-far:
  extends: .part
load-both:
  extends: [.part, .other-part]
unit:
  extends: .part
"""
TRIGGER = """\
lab-load:
  script: [echo "not protected"]
load:
  trigger:
    include: [{local: ci/lab.yml}]
    strategy: depend
  needs: [lab-load]
"""
PIPELINES = [
    pytest.param(ALONE, id="alone"),
    pytest.param(WITH_OTHERS, id="with-others"),
]

Run = Callable[[str], EngineRun]


@pytest.fixture
def program() -> Path:
    """Where gitlab-ci-local is; it copies by rsync."""
    need("rsync")
    return need("gitlab-ci-local", ENGINES)


@pytest.fixture
def run(program: Path, focus: FocusServer, tmp_path: Path) -> Run:
    """Run a pipeline against the lab of this test."""
    count = iter(range(10))

    def against_the_lab(pipeline: str) -> EngineRun:
        work = tmp_path / f"work{next(count)}"
        environ = dict(clean_environ(tmp_path / "cache"))
        return run_pipeline(program, focus.url, work, environ, pipeline=pipeline, files={"ci/part.yml": PART})

    return against_the_lab


def _wired(text: str) -> str:
    """Return a wired text that includes the template of this repository instead of the component."""
    wiring = gitlab.wire(Source(name=".gitlab-ci.yml", text=text), PROTECT, WireOptions())
    return apply_edits(text, wiring.edits).replace(f"component: {COMPONENT}", PLAIN)


def _protected(names: frozenset[str]) -> set[str]:
    return {name for name in names if name.startswith(("configure", "load", "heavy"))}


def _said(run: EngineRun) -> dict[str, list[str]]:
    """Return what each job printed, without what the gate and its set-up say."""
    found: dict[str, list[str]] = {}
    for job, line in re.findall(r"^\t*(\S.*?)\s+> (.*)$", run.output, re.M):
        if not re.match(r"fiber-gate: |gate: |gate \d", line):
            found.setdefault(job, []).append(line)
    return found


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_closed_nothing_protected_says_a_word_and_the_rest_goes_on(run: Run, pipeline: str) -> None:
    done = run(_wired(pipeline))
    assert not _protected(done.succeeded)
    said = _said(done)
    assert {line for job in _protected(frozenset(said)) for line in said[job]} <= {FAR}
    assert {name for name in ("unit", "report") if f"\n{name}:" in pipeline} <= done.succeeded
    assert done.exit_code == 0


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_open_every_job_says_what_it_said_before(run: Run, focus: FocusServer, pipeline: str) -> None:
    focus.state = FocusState.READY
    before, after = run(pipeline), run(_wired(pipeline))
    assert after.ran == before.ran | {"fiber-gate"}
    assert after.succeeded == before.succeeded | {"fiber-gate"}
    said = _said(after)
    said.pop("fiber-gate", None)
    assert said == _said(before)
    assert after.exit_code == before.exit_code


def test_closed_a_trigger_job_starts_one_job_that_names_the_reason(run: Run) -> None:
    done = run(_wired(TRIGGER))
    assert done.ran == {"fiber-gate", "lab-load", "load", "held back: waiting for fiber"}


def test_open_a_trigger_job_starts_its_file(run: Run, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    lab = {"configure", "load"}
    assert run(TRIGGER).succeeded == {"lab-load", *lab}
    assert run(_wired(TRIGGER)).succeeded == {"fiber-gate", "lab-load", *lab}


def test_the_engine_reads_every_wired_file_as_the_old_one_with_the_gate(
    program: Path, tmp_path: Path
) -> None:
    names = [name for name in FILES if name not in NOT_READ]
    files = {f"old/{name}.yml": read(name) for name in names}
    files |= {f"new/{name}.yml": _wired(read(name)) for name in names}
    found = _expanded(program, tmp_path, files)
    wrong = {name: problem for name in names if (problem := _problem(found, name))}
    assert wrong == {}


def _expanded(program: Path, work: Path, files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what the engine makes of each file, read in one process."""
    project = make_project(work, "a: {script: [x]}\n", {**files, "ci/part.yml": PART})
    script = work / "parser.mjs"
    script.write_text(PARSER, encoding="utf-8")
    engine = ENGINES.parent / "gitlab-ci-local"
    done = subprocess.run(
        [str(need("node")), str(script), str(engine), *files],
        cwd=project,
        env=engine_environ(dict(clean_environ(work / "cache")), work),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    results = [
        json.loads(line.removeprefix("RESULT ")) for line in done.stdout.splitlines() if line[:7] == "RESULT "
    ]
    wrong = {result["file"]: result["error"] for result in results if result["error"]}
    assert wrong == {}
    return {result["file"]: yaml.safe_load(result["out"]) for result in results}


def _problem(found: Mapping[str, dict[str, Any]], name: str) -> str:
    old, new = found[f"old/{name}.yml"], found[f"new/{name}.yml"]
    protects = Protects(patterns=PROTECT)
    for job, body in old.items():
        if job in ("stages", "variables", "workflow") or job.startswith("fiber-gate"):
            continue
        if "trigger" in body and protects.matched([job]):
            if new[job]["trigger"]["include"][0].get("artifact") != "gate-child.yml":
                return f"{job} starts {new[job]['trigger']}"
        elif protects.matched([job, body.get("stage", "")]):
            if _lines(new[job]) != _lines(body):
                return f"{job} runs {_lines(new[job])}"
            if new[job] != body and not _asks_first(new[job]):
                return f"{job} does not ask first"
            if _rest(new[job]) != _rest(body):
                return f"{job} is {_rest(new[job])}"
        elif new[job] != body:
            return f"{job} is {new[job]}"
    return ""


def _all_lines(body: Mapping[str, Any]) -> list[str]:
    return [*(body.get("before_script") or ()), *body["script"]]


def _lines(body: Mapping[str, Any]) -> list[str]:
    setup = template_with_defaults()[".fiber-gate-setup-bash"]["before_script"]
    return [line for line in _all_lines(body) if line not in (*setup, ASK)]


def _asks_first(body: Mapping[str, Any]) -> bool:
    """Return whether the guard comes before every line but those that another file gives."""
    lines = _all_lines(body)
    asked = next((at for at, line in enumerate(lines) if line.startswith("gate guard -- ")), len(lines))
    held = [line for line in lines[:asked] if "far" not in line and "echo before" not in line]
    return asked < len(lines) and len(held) <= 1


def _rest(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job says besides its lines, the gate's variables and what may fail."""
    variables = {
        key: value for key, value in body.get("variables", {}).items() if not key.startswith("GATE_INPUT_")
    }
    rest = {
        key: value for key, value in body.items() if key not in {"before_script", "script", "allow_failure"}
    }
    return {**rest, "variables": variables}
