"""Which gate does the Jenkins library use, is it fit for Jenkins, and do we use it ourselves?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gate
from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.jenkins import EXAMPLE, OWN, Build
from tests.engines.jenkins_bench import EVERY_STAGE, Bench, set_up_bench
from tests.support import BIN, ROOT

LIBRARY = ROOT / "pipelines" / "jenkins"
STEP = LIBRARY / "vars" / "fiberGate.groovy"


@pytest.fixture
def bench(focus: FocusServer, tmp_path: Path) -> Bench:
    """A bench whose agent has this very gate on its PATH."""
    return set_up_bench(focus, tmp_path)


def test_a_gate_of_this_version_on_path_is_used_as_it_is(bench: Bench) -> None:
    (run,) = bench.run(bench.example())
    assert "installing" not in run.output
    assert not list(bench.folder.glob("ws*@tmp/*/venv"))


def test_another_version_on_path_is_passed_over_for_one_that_is_installed(
    bench: Bench, wheelhouse: Path
) -> None:
    bench.program("gate", 'echo "gate 9.9.9"')
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheelhouse)}
    bench.lab.state = FocusState.READY
    (run,) = bench.run(bench.example(environ=bench.environ(**pip)))
    assert "no gate 0.1.0 on PATH; installing it" in run.output
    assert run.ran == EVERY_STAGE
    assert not list(bench.folder.glob("ws*@tmp/*/venv")), "the throw-away environment stays behind"


def test_on_windows_the_gate_is_installed_by_the_launcher(bench: Bench) -> None:
    bench.program("gate", "exit 1")
    bench.program(
        "py", 'test "$1 $2 $3 $4" = "-3 -m venv --clear" || exit 9', 'mkdir -p "$5/Scripts"', *FAKE_VENV
    )
    bench.lab.state = FocusState.READY
    (run,) = bench.run(bench.on_windows())
    assert "pip ran: -m pip install --quiet --disable-pip-version-check fiber-gate==0.1.0" in run.output
    assert run.ran == EVERY_STAGE


FAKE_VENV = (
    "cat > \"$5/Scripts/python.exe\" <<'END'",
    "#!/bin/sh",
    'echo "pip ran: $*"',
    "END",
    'cat > "$5/Scripts/gate.exe" <<END',
    "#!/bin/sh",
    f'exec "{BIN}/gate" "\\$@"',
    "END",
    'chmod +x "$5/Scripts/python.exe" "$5/Scripts/gate.exe"',
)


@pytest.mark.parametrize("windows", [False, True], ids=["sh", "bat"])
def test_a_gate_that_cannot_be_installed_opens_nothing(bench: Bench, windows: bool) -> None:
    bench.program("gate", "exit 1")
    for name in ("python3", "py", "python"):
        bench.program(name, "echo no such module >&2", "exit 1")
    (run,) = bench.run(bench.pipeline(windows=windows))
    assert run.ran == {"gate"}
    assert run.values["result"] == "FAILURE"
    assert "could not be installed" in run.output
    assert "could not be installed" in run.values["description"]


@pytest.mark.parametrize("state", ["sandbox", FocusState.WAITING])
def test_the_projects_own_pipeline_runs_its_stages(bench: Bench, state: str) -> None:
    bench.program("make", 'echo "make ran: $*"')
    asked = {} if state == "sandbox" else {"GATE_FOCUS_SERVER": bench.lab.url, "GATE_ENVIRONMENT": "staging"}
    workspace = bench.folder / "ws0"
    workspace.mkdir()
    (workspace / "make.py").write_text("def set_up():\n    print('set up')\n", encoding="utf-8")
    build = Build(jenkinsfile=OWN, workspace=workspace, environ=bench.environ(**asked))
    (run,) = bench.run(build)
    assert run.ran >= {"set up", "gate", "test", "lint"}
    assert "make ran: test" in run.output
    assert "make ran: lint" in run.output
    assert ("rehearse" in run.ran) is (state == "sandbox")
    assert not (workspace / ".gate" / "lab.pid").exists()


def test_the_library_holds_no_symbolic_link_which_jenkins_rejects() -> None:
    assert not [path for path in LIBRARY.rglob("*") if path.is_symlink()]


def test_the_library_installs_and_expects_this_very_version() -> None:
    text = STEP.read_text(encoding="utf-8")
    assert re.findall(r"VERSION = '([^']+)'", text) == [gate.__version__]
    for page in (EXAMPLE, LIBRARY / "README.md"):
        assert set(re.findall(r"fiber-gate@v([0-9.]+[0-9])", page.read_text(encoding="utf-8"))) == {
            gate.__version__
        }


@pytest.mark.parametrize("path", [STEP, EXAMPLE, OWN], ids=lambda path: path.name)
def test_no_script_is_put_together_from_values(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(?:sh|bat)\b[^'\n]*\"", text)
    if path == STEP:
        code = re.sub(r"(?m)^\s*//.*", "", text)
        assert '"' not in re.sub(r"'(?:[^'\\]|\\.)*'", "", code), "a text that interpolates"


@pytest.mark.parametrize("word", ["System.", "JsonSlurper", ".execute(", "new File", "=~ ", "evaluate("])
def test_the_library_uses_nothing_that_jenkins_sandbox_forbids(word: str) -> None:
    assert word not in STEP.read_text(encoding="utf-8").replace("==~ ", "")


def test_the_help_page_names_every_option() -> None:
    text = STEP.read_text(encoding="utf-8")
    options = set(re.findall(r"options\.(\w+)", text)) - {"keySet"}
    page = (STEP.with_suffix(".txt")).read_text(encoding="utf-8")
    assert {name for name in options if f"<code>{name}</code>" not in page} == set()
