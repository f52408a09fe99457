"""What do the Jenkins tests share? A controller with an agent and a lab, and pipelines for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gate.sandbox.focus import FocusServer
from tests.engines.engine import EngineRun
from tests.engines.jenkins import EXAMPLE, TEAM_PROGRAMS, Build, run_builds, write_program
from tests.support import clean_environ, need

HELD_BACK = {"configure", "load"}
EVERY_STAGE = {"gate", "unit tests", *HELD_BACK}

TEMPLATE = """
library 'fiber-gate'
pipeline {
    agent AGENT
    OPTIONS
    stages {
        stage('gate') { steps { GATE } }
        stage('unit tests') { steps { echo 'unit tests' } }
        stage('configure') {
            when { beforeAgent true; expression { WHEN } }
            steps { echo 'configures' }
        }
    }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A controller, an agent and a lab; each build gets a workspace of its own."""

    groovy: Path
    lab: FocusServer
    folder: Path
    programs: Path

    def environ(self, **values: str) -> Mapping[str, str]:
        """The agent's environment, with this bench's programs before all others on PATH."""
        clean = clean_environ(self.folder / "cache")
        return {**clean, "PATH": f"{self.programs}:{clean['PATH']}", **values}

    def program(self, name: str, *lines: str) -> None:
        """Put a shell script on the agent's PATH."""
        write_program(self.programs / name, *lines)

    def example(self, **changed: Any) -> Build:
        """The shipped example, asking this bench's lab."""
        for name in TEAM_PROGRAMS:
            self.program(name, f'echo "{name} ran: $*"')
        known = {"jenkinsfile": EXAMPLE, "params": {"FOCUS_SERVER": self.lab.url}, **changed}
        return self._build(**known)

    def on_windows(self, **changed: Any) -> Build:
        """The example as its first comment tells Windows users to write it."""
        path = self.folder / "windows.Jenkinsfile"
        text = EXAMPLE.read_text(encoding="utf-8")
        path.write_text(text.replace(" sh '", " bat '"), encoding="utf-8")
        return self.example(jenkinsfile=path, windows=True, **changed)

    def pipeline(
        self,
        step: str = "fiberGate()",
        when: str = "fiberGate.isOpen()",
        agent: str = "any",
        options: str = "",
        **changed: Any,
    ) -> Build:
        """A small pipeline around the given step and condition."""
        text = TEMPLATE.replace("AGENT", agent).replace("OPTIONS", options)
        path = self.folder / f"{len(list(self.folder.iterdir()))}.Jenkinsfile"
        path.write_text(text.replace("GATE }", f"{step} }}").replace("WHEN", when), encoding="utf-8")
        environ = self.environ(GATE_FOCUS_SERVER=self.lab.url, GATE_ENVIRONMENT="staging")
        return self._build(**{"jenkinsfile": path, "environ": environ, **changed})

    def run(self, *builds: Build) -> list[EngineRun]:
        """Run builds in one Java machine, each in a workspace of its own."""
        placed = [
            replace(build, workspace=self.folder / f"ws{number}") for number, build in enumerate(builds)
        ]
        return run_builds(self.groovy, placed)

    def _build(self, **known: Any) -> Build:
        return Build(**{"workspace": self.folder / "ws", "environ": self.environ(), **known})


def set_up_bench(lab: FocusServer, folder: Path) -> Bench:
    """Return a bench in a folder, or skip the test where there is no Groovy."""
    groovy = need("groovy")
    for name in ("builds", "programs"):
        (folder / name).mkdir()
    return Bench(groovy=groovy, lab=lab, folder=folder / "builds", programs=folder / "programs")


def skipped(run: EngineRun) -> set[str]:
    """Return the stages that a `when` condition held back."""
    return {
        name.partition(".")[2] for name, value in run.values.items() if value == "SKIPPED_FOR_CONDITIONAL"
    }
