"""Does a Jenkinsfile that `gate wire` has wired hold its protected stages back, and nothing else?"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gate.sandbox.focus import FocusServer, FocusState
from tests.engines.engine import EngineRun
from tests.engines.jenkins import Build, java_environ
from tests.engines.jenkins_bench import Bench, set_up_bench
from tests.support import need
from tests.unit.wiring.jenkins_corpus import FILES, wired

# Files of the corpus whose steps the harness knows, and the stages that a closed gate holds back.
RUN = {
    "plain": {"configure", "load"},
    "tabs": {"configure lab"},
    "allman": {"Load"},
    "one-line": {"load"},
    "one-line-without-end": {"load"},
    "one-line-stages-separated": {"configure", "load"},
    "old-mac-line-ends": {"load"},
    "mixed-line-ends": {"load one", "load two"},
    "hebrew": {"configure – קריית סבא"},
    "comments-everywhere": {"load", "configure"},
    "library-of-ours-by-block": {"configure"},
    "library-of-ours-by-step": {"configure"},
    "when-branch": {"load"},
    "when-in-one-line": {"load", "configure"},
    "when-any-of-branches": {"load"},
    "when-before-agent": {"load"},
    "when-on-lines-of-its-own": {"load"},
    "when-with-a-comment": {"load", "configure"},
    "input-without-when": {"configure"},
    "parallel": {"load", "configure nested"},
    "parallel-protected-as-a-whole": {"load tests", "load one", "two"},
    "sequential": {"load", "configure x"},
    "matrix": {"load"},
    "matrix-protected-as-a-whole": {"Load matrix", "go"},
    "deep": {"load in c", "configure"},
    "protected-in-protected": {"load", "configure first", "then load"},
    "gate-of-somebody-else": {"load"},
    "variable-believed-after-a-restart": {"load a", "load b", "load c"},
    "semicolons": {"load"},
    "odd-blanks": {"load"},
    "line-continued": {"load"},
}
PROGRAMS = ("locust", "make", "pytest", "quality-gate", "splice", "x", "y")


@pytest.fixture
def bench(focus: FocusServer, tmp_path: Path) -> Bench:
    """A bench whose agent has this very gate, and the programs that the corpus calls, on its PATH."""
    made = set_up_bench(focus, tmp_path)
    for name in PROGRAMS:
        made.program(name, "exit 0")
    return made


def build_of(bench: Bench, name: str, text: str) -> Build:
    path = bench.folder / f"{name}.Jenkinsfile"
    path.write_text(text, encoding="utf-8", newline="")
    lab = {"GATE_FOCUS_SERVER": bench.lab.url, "GATE_ENVIRONMENT": "staging"}
    env = {"BRANCH_NAME": "main", "PERSON": "Dana", "USERS": "5"}
    params = {"PLATFORM_FILTER": "all"}
    return replace(bench.example(), jenkinsfile=path, environ=bench.environ(**lab), env=env, params=params)


def run_all(bench: Bench, texts: Sequence[tuple[str, str]]) -> list[EngineRun]:
    return bench.run(*(build_of(bench, name, text) for name, text in texts))


@pytest.mark.parametrize("state", [FocusState.WAITING, FocusState.READY])
def test_wired_files_run_as_before_but_for_protected_stages_of_a_closed_gate(
    bench: Bench, state: FocusState
) -> None:
    bench.lab.state = state
    originals = run_all(bench, [(name, FILES[name].text) for name in RUN])
    runs = run_all(bench, [(f"wired-{name}", wired(FILES[name]).text) for name in RUN])
    for (name, held_back), before, after in zip(RUN.items(), originals, runs, strict=True):
        assert "ERROR" not in after.output.replace("ERROR: gate closed", ""), f"{name}:\n{after.output}"
        gate = after.ran - before.ran
        expected = before.ran if state is FocusState.READY else before.ran - held_back
        assert (name, after.ran - gate) == (name, expected)
        assert len(gate) <= 1
        if state is FocusState.READY:
            assert held_back <= after.ran, name


def test_a_wired_file_that_is_restarted_from_a_protected_stage_asks_anew(bench: Bench) -> None:
    build = replace(build_of(bench, "restarted", wired(FILES["plain"]).text), restart_from="load")
    (waiting,) = bench.run(build)
    assert waiting.ran == set()
    assert waiting.values["stage.load"] == "SKIPPED_FOR_CONDITIONAL"
    bench.lab.state = FocusState.READY
    cold = bench.environ(
        GATE_FOCUS_SERVER=bench.lab.url, GATE_ENVIRONMENT="staging", XDG_CACHE_HOME=str(bench.folder / "cold")
    )
    (ready,) = bench.run(replace(build, environ=cold))
    assert ready.ran == {"load"}


def test_a_closed_gate_asks_nobody_for_input(bench: Bench) -> None:
    asking = FILES["input-without-when"]
    before, after = run_all(bench, [("before", asking.text), ("after", wired(asking).text)])
    assert "input in configure" in before.output
    assert "input in configure" not in after.output


def test_the_groovy_parser_reads_every_wired_file(tmp_path: Path) -> None:
    groovy = need("groovy")
    script = tmp_path / "parse.groovy"
    script.write_text(
        "import org.codehaus.groovy.control.*\n"
        "new File(args[0]).listFiles().sort().each { file ->\n"
        "    try {\n"
        "        def unit = new CompilationUnit(new CompilerConfiguration(sourceEncoding: 'UTF-8'))\n"
        "        unit.addSource(file)\n"
        "        unit.compile(Phases.CONVERSION)\n"
        '        println "ok ${file.name}"\n'
        "    } catch (Exception problem) { println problem.message }\n"
        "}\n",
        encoding="utf-8",
    )
    folder = tmp_path / "wired"
    folder.mkdir()
    for name, source in FILES.items():
        (folder / f"{name}.groovy").write_text(wired(source).text, encoding="utf-8", newline="")
    told = subprocess.run(
        [str(groovy), str(script), str(folder)],
        env=java_environ(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    ).stdout
    assert [line for line in told.splitlines() if not line.startswith("ok ")] == []
    assert told.count("ok ") == len(FILES)
