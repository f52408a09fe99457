"""Does the shipped GitLab template hold back what it should, in a real engine, and nothing else?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from gate import __version__
from gate.sandbox.focus import FocusServer, FocusState
from tests.engines import gitlab_ci_local as engine
from tests.engines.engine import EngineRun
from tests.engines.gitlab_ci_local import COMPONENT, PLAIN, pipeline_with, run_pipeline
from tests.engines.gitlab_projects import (
    RenamingGitLab,
    cancelling,
    example,
    example_files,
    gate_that,
    path_with,
    template,
    template_with_defaults,
)
from tests.support import ENGINES, GATE, ROOT, clean_environ, need

HELD = "held back: waiting for fiber"
REASON = 'lab: waiting for fiber (prr 0.0, sw_version "waiting for fiber")'
GUARDED = """\
smoke:
  extends: .fiber-gate-guard
  script:
    - gate guard -- touch sent
    - echo the lab was used
"""

Run = Callable[..., EngineRun]


@pytest.fixture
def program() -> Path:
    """Where gitlab-ci-local is; it copies by rsync."""
    need("rsync")
    return need("gitlab-ci-local", ENGINES)


@pytest.fixture
def gitlab() -> Iterator[RenamingGitLab]:
    """A GitLab API on loopback."""
    server = RenamingGitLab()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(program: Path, focus: FocusServer, tmp_path: Path) -> Run:
    """Run a pipeline against the lab of this test."""

    def against_the_lab(
        pipeline: str | None = None,
        *,
        lab_url: str | None = None,
        path: str | None = None,
        environ: dict[str, str] | None = None,
        **more: Any,
    ) -> EngineRun:
        values = dict(clean_environ(tmp_path / "cache", **(environ or {})))
        values |= {"PATH": path} if path is not None else {}
        url = focus.url if lab_url is None else lab_url
        return run_pipeline(program, url, tmp_path / "work", values, pipeline=pipeline, **more)

    return against_the_lab


FORMS = pytest.mark.parametrize(
    "include", [pytest.param(PLAIN, id="include"), pytest.param(COMPONENT, id="component")]
)


class TestTheChild:
    """The dynamic child pipeline: the real jobs, or one that names the reason."""

    @FORMS
    def test_a_closed_gate_runs_one_job_that_names_the_reason_and_no_lab_job(
        self, run: Run, include: str
    ) -> None:
        done = run(pipeline_with(include=include))
        assert done.ran == {"fiber-gate", "unit", "fiber-gate-child", HELD}
        assert done.succeeded == {"unit", "fiber-gate-child"}
        assert done.exit_code == 0
        job = [line for line in done.output.splitlines() if f"{HELD} > " in line]
        assert REASON in job[0]

    @FORMS
    def test_an_open_gate_runs_the_lab_jobs(self, run: Run, focus: FocusServer, include: str) -> None:
        focus.state = FocusState.READY
        done = run(pipeline_with(include=include))
        assert done.ran == done.succeeded == {"fiber-gate", "unit", "fiber-gate-child", "configure", "load"}
        assert done.exit_code == 0

    def test_a_lab_that_cannot_be_known_runs_no_lab_job(self, run: Run) -> None:
        done = run(lab_url="http://127.0.0.1:1/focus-server")
        assert done.ran == {"fiber-gate", "unit", "fiber-gate-child", "held back: lab state unknown"}
        assert "refuses the connection" in done.output

    def test_on_closed_fail_makes_the_pipeline_red(self, run: Run) -> None:
        done = run(pipeline_with(on_closed="fail"))
        assert done.ran == {"fiber-gate", "unit"}
        assert done.exit_code == 1

    def test_without_a_child_there_is_the_gate_job_alone(self, run: Run, focus: FocusServer) -> None:
        focus.state = FocusState.READY
        done = run(pipeline_with(child=""))
        assert done.ran == {"fiber-gate", "unit"}
        assert "gate-child.yml" not in done.values

    def test_a_stage_and_a_name_can_be_chosen(self, run: Run, focus: FocusServer) -> None:
        focus.state = FocusState.READY
        done = run(pipeline_with(stage=".pre", name="north-lab"))
        assert done.succeeded == {"north-lab", "unit", "north-lab-child", "configure", "load"}

    def test_it_waits_for_the_lab_as_long_as_it_is_told(self, run: Run, focus: FocusServer) -> None:
        threading.Timer(3, lambda: setattr(focus, "state", FocusState.READY)).start()
        assert "configure" in run(pipeline_with(wait="60s")).succeeded


class TestTheFiles:
    """What GitLab reads for its pages and hands to later jobs."""

    def test_they_all_carry_the_one_reason(self, run: Run, focus: FocusServer) -> None:
        files = run().values
        assert (
            files["gate.env"]
            == "GATE_OPEN=false\nGATE_STATE=waiting_for_fiber\nGATE_CODE=waiting_for_fiber\n"
        )
        (link,) = json.loads(files["gl-annotations.json"])["gate"]
        assert link["external_link"]["label"].startswith(REASON)
        assert link["external_link"]["url"] == f"{focus.url}/live_metadata"
        skipped = ElementTree.fromstring(files["gate-junit.xml"]).find(".//skipped")
        assert skipped is not None
        assert skipped.get("message") == link["external_link"]["label"]
        assert list(yaml.safe_load(files["gate-child.yml"])) == [HELD]

    def test_the_child_of_an_open_gate_is_the_projects_own_file(self, run: Run, focus: FocusServer) -> None:
        focus.state = FocusState.READY
        files = run().values
        assert files["gate-child.yml"] == engine.LAB_JOBS
        assert files["gate.env"] == "GATE_OPEN=true\nGATE_STATE=ready\nGATE_CODE=ready\n"

    def test_later_jobs_get_the_answer_as_variables(self, run: Run) -> None:
        report = "report:\n  needs: [fiber-gate]\n  script: ['echo \"open=$GATE_OPEN code=$GATE_CODE\"']\n"
        assert "> open=false code=waiting_for_fiber" in run(pipeline_with(more=report)).output

    def test_the_reports_are_declared_as_gitlab_wants_them(self) -> None:
        job = template_with_defaults()["fiber-gate"]
        assert job["artifacts"]["when"] == "always"
        assert job["artifacts"]["reports"] == {
            "dotenv": "gate.env",
            "annotations": "gl-annotations.json",
            "junit": "gate-junit.xml",
        }

    def test_only_a_closed_gate_is_a_warning(self) -> None:
        assert template_with_defaults()[".fiber-gate-on-closed-skip"] == {
            "allow_failure": {"exit_codes": [69, 75]}
        }
        assert template_with_defaults()[".fiber-gate-on-closed-fail"] == {"allow_failure": False}

    def test_a_job_token_renames_the_pipeline(self, run: Run, gitlab: RenamingGitLab) -> None:
        known = {"GITLAB_CI": "true", "CI_API_V4_URL": gitlab.url, "CI_JOB_TOKEN": "job-secret"}
        done = run(variables=known)
        ((path, body),) = gitlab.seen
        assert path.endswith("/metadata")
        assert json.loads(body)["name"].startswith(f"gate: {REASON}")
        assert "job-secret" not in done.output


class TestTheGuard:
    """`gate guard -- COMMAND` at the head of a job."""

    def test_a_closed_gate_ends_the_job_as_a_warning_before_its_command(self, run: Run) -> None:
        done = run(pipeline_with(child="", more=GUARDED))
        assert done.ran == {"fiber-gate", "unit", "smoke"}
        assert done.succeeded == {"unit"}
        assert re.search(r"^smoke .*WARN 75", done.output, re.M)
        assert f"> gate: {REASON}" in done.output
        assert "> the lab was used" not in done.output

    def test_an_open_gate_runs_the_command_and_the_rest_of_the_job(
        self, run: Run, focus: FocusServer
    ) -> None:
        focus.state = FocusState.READY
        done = run(pipeline_with(child="", more=GUARDED))
        assert done.succeeded == {"fiber-gate", "unit", "smoke"}
        assert "> the lab was used" in done.output

    def test_it_asks_by_itself_whatever_a_variable_says(self, run: Run) -> None:
        done = run(pipeline_with(child="", more=GUARDED), variables={"GATE_OPEN": "true"})
        assert "smoke" not in done.succeeded

    def test_an_unknown_lab_is_a_warning_too(self, run: Run) -> None:
        done = run(pipeline_with(child="", more=GUARDED), lab_url="http://127.0.0.1:1/focus-server")
        assert re.search(r"^smoke .*WARN 69", done.output, re.M)

    def test_on_closed_fail_makes_it_an_error(self, run: Run) -> None:
        done = run(pipeline_with(child="", on_closed="fail", more=GUARDED))
        assert re.search(r"^smoke .*FAIL 75", done.output, re.M)
        assert done.exit_code == 1


class TestWhichGateRuns:
    """One of its own version where there is one, and else a throw-away one."""

    def test_one_of_its_own_version_on_path_is_used(self, run: Run) -> None:
        done = run(pipeline_with(python="/nonexistent/python"))
        assert f"> fiber-gate: using {GATE}" in done.output
        assert HELD in done.ran

    def test_without_one_it_installs_its_version_and_leaves_nothing(
        self, run: Run, focus: FocusServer, wheelhouse: Path, tmp_path: Path
    ) -> None:
        focus.state = FocusState.READY
        environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheelhouse)}
        done = run(pipeline_with(python=sys.executable, more=GUARDED), path=path_with(), environ=environ)
        assert done.output.count(f"> fiber-gate: installing version {__version__}") == 2
        assert done.succeeded == {"fiber-gate", "unit", "smoke", "fiber-gate-child", "configure", "load"}
        assert list((tmp_path / "work" / "tmp").glob("tmp.*")) == []

    def test_without_its_version_it_is_an_error_and_no_other_version_is_used(
        self, run: Run, tmp_path: Path
    ) -> None:
        old = gate_that(tmp_path / "old", "echo the old gate ran; exit 0", version="0.0.1")
        environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
        done = run(pipeline_with(python=sys.executable), path=path_with(old), environ=environ)
        assert "the old gate ran" not in done.output
        assert re.search(r"^fiber-gate .*FAIL 1", done.output, re.M)
        assert not done.ran & {"configure", "load"}


class TestInputs:
    """Values from inputs go before the project's variables, and are never commands."""

    def test_an_empty_input_leaves_the_projects_variable_in_force(self, run: Run, focus: FocusServer) -> None:
        run(pipeline_with(focus_server="", environment=""))
        assert focus.seen["GET /live_metadata"] == 1

    def test_an_input_goes_before_the_projects_variable(self, run: Run, focus: FocusServer) -> None:
        lab = pipeline_with(focus_server=focus.url, environment="north", more=GUARDED)
        done = run(lab, lab_url="http://127.0.0.1:1/focus-server")
        assert done.output.count("north: waiting for fiber") >= 2
        assert "smoke" in done.ran

    @pytest.mark.parametrize(
        "text", ["$(touch pwned)", "`touch pwned`", "; touch pwned", "'; touch pwned; '"]
    )
    @pytest.mark.parametrize("names", ["environment child", "wait", "version python"])
    def test_an_input_cannot_become_a_command(self, run: Run, tmp_path: Path, names: str, text: str) -> None:
        done = run(pipeline_with(**dict.fromkeys(names.split(), text)))
        assert {"fiber-gate", "unit"} <= done.ran
        assert list(tmp_path.rglob("pwned")) == []

    def test_every_input_has_a_default_that_gitlab_accepts(self) -> None:
        for name, entry in template()[0]["spec"]["inputs"].items():
            assert re.search(entry.get("regex", ""), entry["default"]), name
            assert entry["default"] in entry.get("options", [entry["default"]]), name
            assert entry["description"], name

    @pytest.mark.parametrize("part", ["setup", "check"])
    def test_both_shells_read_the_same_inputs_and_name_the_same_files(self, part: str) -> None:
        named = [
            set(
                re.findall(
                    r"GATE_\w+|gate[\w-]*\.\w+|--[a-z-]+|fiber-gate==", str(template_with_defaults()[job])
                )
            )
            for job in (f".fiber-gate-{part}-bash", f".fiber-gate-{part}-powershell")
        ]
        assert named[0] == named[1]

    def test_its_version_is_the_packages_own(self) -> None:
        assert template()[0]["spec"]["inputs"]["version"]["default"] == __version__


class TestNothingOpensByAccident:
    """What once opened gates by mistake, here or elsewhere."""

    @pytest.mark.parametrize("code", [1, 2, 70, 75, 78, 130])
    def test_a_gate_that_dies_with_any_code_runs_no_lab_job(
        self, run: Run, tmp_path: Path, code: int
    ) -> None:
        done = run(path=path_with(gate_that(tmp_path / "shim", f"exit {code}")))
        assert not done.ran & {"configure", "load"}

    def test_what_an_earlier_run_left_is_not_read_as_the_answer(self, run: Run, tmp_path: Path) -> None:
        left = {"gate-child.yml": engine.LAB_JOBS, "gate.env": "GATE_OPEN=true\n"}
        done = run(path=path_with(gate_that(tmp_path / "shim", "exit 75")), files=left)
        assert not done.ran & {"configure", "load"}
        assert done.values == {}

    def test_a_gate_that_says_nothing_runs_no_lab_job(self, run: Run, tmp_path: Path) -> None:
        quiet = gate_that(tmp_path / "shim", ": > gate-child.yml; : > gate.env; exit 0")
        done = run(path=path_with(quiet))
        assert not done.ran & {"configure", "load"}

    def test_a_gate_that_is_cancelled_in_the_middle_runs_no_lab_job(
        self, run: Run, focus: FocusServer, tmp_path: Path
    ) -> None:
        pid = tmp_path / "pid"
        traced = gate_that(tmp_path / "shim", f'echo $$ > "{pid}"; exec "{GATE}" "$@"')
        with cancelling(focus, pid):
            done = run(pipeline_with(wait="10m"), path=path_with(traced))
        assert re.search(r"^fiber-gate .*FAIL 130", done.output, re.M)
        assert not done.ran & {"configure", "load"}

    def test_a_rule_on_the_answer_never_opens_since_rules_come_first(
        self, run: Run, focus: FocusServer
    ) -> None:
        focus.state = FocusState.READY
        rule = (
            'by-rule:\n  needs: [fiber-gate]\n  rules: [{if: $GATE_OPEN == "true"}]\n  script: [echo sent]\n'
        )
        done = run(pipeline_with(more=rule))
        assert "configure" in done.succeeded
        assert "by-rule" not in done.ran

    def test_a_file_of_lab_jobs_that_is_missing_is_an_error(self, run: Run, focus: FocusServer) -> None:
        focus.state = FocusState.READY
        done = run(pipeline_with(child="ci/missing.yml"))
        assert re.search(r"^fiber-gate .*FAIL 78", done.output, re.M)
        assert not done.ran & {"configure", "load"}


class TestOurOwnPipelines:
    """The example, and what this project itself runs."""

    def test_the_example_configures_and_loads_an_open_lab(self, run: Run, focus: FocusServer) -> None:
        need("curl")
        focus.state = FocusState.READY
        done = run(example(), files=example_files())
        assert {"fiber-gate", "unit", "smoke", "configure", "load", "report"} <= done.succeeded
        assert focus.seen["POST /configure"] == 1
        assert focus.seen["GET /channels"] == 5

    def test_the_example_leaves_a_dark_lab_alone(self, run: Run, focus: FocusServer) -> None:
        done = run(example().replace("wait: 2m", "wait: 0s"), files=example_files())
        assert {"unit", "report", HELD} <= done.ran
        assert "smoke" not in done.succeeded
        assert set(focus.seen) == {"GET /live_metadata"}

    def test_our_own_pipeline_rehearses_the_gate_closed_and_open(self, run: Run) -> None:
        text = (ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8")
        done = run(text, lab_url="", jobs=("fiber-gate", "rehearsal"))
        assert done.succeeded == {"fiber-gate", "rehearsal"}, done.output
        assert "GATE_OPEN=false" in done.output
        assert "GATE_OPEN=true" in done.output

    def test_our_own_pipeline_expands_as_it_stands(self, program: Path, tmp_path: Path) -> None:
        text = (ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8")
        project = engine.make_project(tmp_path / "work", text, {})
        command = engine.engine_command(program, tmp_path / "work", "--preview")
        environ = engine.engine_environ(clean_environ(tmp_path / "cache"), tmp_path / "work")
        done = subprocess.run(
            command, cwd=project, env=environ, check=True, capture_output=True, encoding="utf-8", timeout=60
        )
        jobs = yaml.safe_load(done.stdout[done.stdout.index("---") :])
        assert {"fiber-gate", "rehearsal", "test", "lint"} <= set(jobs)
        assert jobs["test"]["script"] == ["make test"]
        assert jobs["lint"]["script"] == ["make lint"]
        assert "gate --version" in str(jobs["fiber-gate"]["before_script"])
