"""When is a run guarded, and with which lab?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer
from tests.guards.running import configured, run_suite, write_suite

ONE_OF_EACH = """
def test_configures(): configure()
def test_reads(): assert read() == 200
"""
NOTHING: dict[str, str] = {}


def test_an_unguarded_run_is_left_alone(tmp_path: Path, focus: FocusServer) -> None:
    suite = write_suite(tmp_path / "suite", test_it=ONE_OF_EACH)
    ran = run_suite(suite, focus, tmp_path, environ=NOTHING)
    assert (ran.counts(), configured(focus), ran.code) == ({"passed": 2}, 1, 0)
    assert not [word for word in ("gate:", "blocked", "held back") if word in ran.output]


def test_gate_off_goes_before_everything_else(tmp_path: Path, focus: FocusServer) -> None:
    suite = write_suite(tmp_path / "suite", ini="gate = true", test_it=ONE_OF_EACH)
    ran = run_suite(suite, focus, tmp_path, "--gate", "--gate-off")
    assert (ran.counts(), configured(focus)) == ({"passed": 2}, 1)


@pytest.mark.parametrize("how", ["option", "ini", "variable"])
def test_a_run_is_guarded_by_option_ini_file_or_variable(
    tmp_path: Path, focus: FocusServer, how: str
) -> None:
    suite = write_suite(tmp_path / "suite", ini="gate = true" if how == "ini" else "", test_it=ONE_OF_EACH)
    config = tmp_path / "labs.yml"
    config.write_text(f"environments: {{staging: {{focus_server: '{focus.url}'}}}}\n", "utf-8")
    named = {"GATE_FOCUS_SERVER": focus.url} if how == "variable" else {"GATE_CONFIG": str(config)}
    ran = run_suite(suite, focus, tmp_path, *(["--gate"] if how == "option" else []), environ=named)
    assert (ran.counts(), configured(focus)) == ({"blocked": 1, "passed": 1}, 0)
    assert f"at {focus.url}; held back while it is dark: POST /configure, POST /config/*" in ran.output


def test_gate_yml_of_the_suite_is_found_from_its_folders(tmp_path: Path, focus: FocusServer) -> None:
    suite = write_suite(tmp_path / "suite", ini="gate = true")
    labs = (
        f"environments: {{a: {{focus_server: '{focus.url}'}}, b: {{focus_server: 'http://127.0.0.1:9'}}}}\n"
    )
    (suite / "gate.yml").write_text(labs, "utf-8")
    write_suite(suite / "deep", test_it=ONE_OF_EACH)
    (suite / "deep" / "pytest.ini").unlink()
    ran = run_suite(suite / "deep", focus, tmp_path, "--gate-environment", "a", environ=NOTHING)
    assert (ran.counts(), configured(focus)) == ({"blocked": 1, "passed": 1}, 0)
    assert ran.report["blocked"][0]["environment"] == "a"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "gate: no configuration: there is no gate.yml in "),
        ({"GATE_FOCUS_SERVER": "lab"}, "gate: GATE_FOCUS_SERVER: expected a URL"),
        ({"GATE_CONFIG": "absent.yml"}, "absent.yml"),
    ],
    ids=["none", "bad-address", "no-file"],
)
def test_a_wrong_configuration_runs_no_test(
    tmp_path: Path, focus: FocusServer, environ: dict[str, str], words: str
) -> None:
    suite = write_suite(tmp_path / "suite", ini="gate = true", test_it=ONE_OF_EACH)
    ran = run_suite(suite, focus, tmp_path, environ=environ)
    assert (ran.code, ran.counts(), configured(focus)) == (4, {}, 0)
    assert words in ran.output
    assert "Traceback" not in ran.output


def test_the_markers_are_known_though_nothing_is_guarded(tmp_path: Path, focus: FocusServer) -> None:
    marked = "import pytest\n@pytest.mark.requires_fiber\n@pytest.mark.no_fiber\ndef test_it(): pass\n"
    ran = run_suite(write_suite(tmp_path / "suite", test_it=marked), focus, tmp_path, environ=NOTHING)
    assert ran.counts() == {"passed": 1}


def test_an_unguarded_run_imports_nothing_of_gate_but_the_plugin() -> None:
    program = (
        "import sys, gate.guards.pytest_plugin\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('gate', 'requests', 'yaml')))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert found.stdout.decode().strip() == "['gate', 'gate.guards', 'gate.guards.pytest_plugin']"
