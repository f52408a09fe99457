"""What does Jenkins do with a Jenkinsfile and the shared library? Groovy 2.4 and a harness show it.

The harness in `tests/engines/jenkins/` interprets the declarative form as the plugins do, runs each
`sh` for real and each `bat` through the part of cmd that the library uses. It has no CPS
transformation and no script sandbox.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.engines.engine import EngineRun

ROOT: Final = Path(__file__).resolve().parents[2]
HARNESS: Final = Path(__file__).parent / "jenkins"
EXAMPLE: Final = ROOT / "pipelines" / "jenkins" / "example.Jenkinsfile"
OWN: Final = ROOT / "Jenkinsfile"
TEAM_PROGRAMS: Final = ("pytest", "locust")
LONGEST_SECONDS: Final = 300
QUICK_START: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
JVMS: Final = Path("/usr/lib/jvm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong in the first script that contains a text.

    Attributes:
        contains: part of the script.
        code: the exit code that the step tells without running anything; -1 is a lost agent.
        interrupt_at: what the script has to say before somebody stops the build.
    """

    contains: str
    code: int | None = None
    interrupt_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build, and the controller and agent that it meets.

    Attributes:
        jenkinsfile: what to run.
        workspace: the agent's folder for it; made if it is not there.
        environ: the agent's environment.
        env: what the controller puts into the build's environment besides its name and number.
        params: the build's parameters.
        windows: whether the agent is one.
        restart_from: the stage from which an earlier build is restarted.
        description: what stands in the build's description before.
        missing: steps whose plugin is not installed.
        faults: what goes wrong.
        undeletable: whether the agent fails to delete folders.
    """

    jenkinsfile: Path
    workspace: Path
    environ: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    windows: bool = False
    restart_from: str = ""
    description: str = ""
    missing: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    undeletable: bool = False


def run_jenkins(groovy: Path, build: Build) -> EngineRun:
    """Run one build; see `run_builds`."""
    return run_builds(groovy, [build])[0]


def run_builds(groovy: Path, builds: Sequence[Build]) -> list[EngineRun]:
    """Run builds one after the other in one Java machine.

    Args:
        groovy: where Groovy 2.4 is.
        builds: each with a workspace of its own.

    Returns:
        What came of each. `values` holds `result`, `description`, `nodes` (the labels of the
        nodes taken, one a line), `junit` (the published files), `env.NAME` for the build's own
        environment, and `stage.NAME`: its result, or `SKIPPED_FOR_` and why.

    Raises:
        RuntimeError: the harness failed, which says nothing about the pipeline.
    """
    with tempfile.TemporaryDirectory(prefix="jenkins-") as folder:
        asked, told = Path(folder, "builds.json"), Path(folder, "results.json")
        asked.write_text(json.dumps([_encode(build) for build in builds]), encoding="utf-8")
        command = [str(groovy), "-cp", str(HARNESS), str(HARNESS / "run.groovy"), str(asked), str(told)]
        done = subprocess.run(
            command, env=java_environ(), capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
        if done.returncode or not told.exists():
            raise RuntimeError(f"the Jenkins harness failed:\n{done.stdout}{done.stderr}")
        results = json.loads(told.read_text(encoding="utf-8"))
    return [_engine_run(result, done.returncode) for result in results]


def java_environ() -> dict[str, str]:
    """Return this process's environment, with what Groovy needs to find Java and to start quickly."""
    environ = {**os.environ, **_java(os.environ), "JAVA_OPTS": QUICK_START, "LC_ALL": "C.UTF-8"}
    environ.pop("CLASSPATH", None)
    return environ


def run_example(groovy: Path, lab: str, work: Path, environ: Mapping[str, str]) -> EngineRun:
    """Run the shipped example against a lab; see `run_builds`.

    Args:
        groovy: where Groovy 2.4 is.
        lab: the address of the Focus server.
        work: an empty folder for the workspace and for the stand-ins of the team's programs.
        environ: the agent's environment.
    """
    programs = work / "programs"
    programs.mkdir()
    for name in TEAM_PROGRAMS:
        write_program(programs / name, f'echo "{name} ran: $*"')
    path = f"{programs}{os.pathsep}{environ.get('PATH', '')}"
    build = Build(
        jenkinsfile=EXAMPLE,
        workspace=work / "workspace",
        environ={**environ, "PATH": path},
        params={"FOCUS_SERVER": lab},
    )
    return run_jenkins(groovy, build)


def write_program(path: Path, *lines: str) -> None:
    """Write a shell script that an agent finds as a program."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)


def _encode(build: Build) -> dict[str, Any]:
    name = build.env.get("JOB_NAME", "panda/load-tests")
    number = build.env.get("BUILD_NUMBER", "7")
    own = {
        "JOB_NAME": name,
        "BUILD_NUMBER": number,
        "BUILD_TAG": f"jenkins-{name.replace('/', '-')}-{number}",
        "JENKINS_URL": "http://127.0.0.1:1/",
        "BUILD_URL": f"http://127.0.0.1:1/job/{name.replace('/', '/job/')}/{number}/",
    }
    return {
        "root": str(ROOT),
        "jenkinsfile": str(build.jenkinsfile),
        "workspace": str(build.workspace),
        "environ": dict(build.environ),
        "env": {**own, **build.env},
        "params": dict(build.params),
        "windows": build.windows,
        "restart_from": build.restart_from,
        "description": build.description or None,
        "missing": list(build.missing),
        "faults": [
            {"contains": fault.contains, "code": fault.code, "interrupt_at": fault.interrupt_at}
            for fault in build.faults
        ],
        "undeletable": build.undeletable,
    }


def _engine_run(result: dict[str, Any], exit_code: int) -> EngineRun:
    stages = result["stages"]
    outcomes = {stage["name"]: stage["result"] or stage["status"] for stage in stages}
    return EngineRun(
        ran=frozenset(stage["name"] for stage in stages if stage["status"] == "RAN"),
        succeeded=frozenset(name for name, outcome in outcomes.items() if outcome == "SUCCESS"),
        exit_code=exit_code,
        output=result["log"],
        values={
            "result": result["result"],
            "description": result["description"],
            "nodes": "\n".join(result["nodes"]),
            "junit": "\n".join(result["junit"]),
            **{f"env.{name}": value for name, value in result["env"].items()},
            **{f"stage.{name}": outcome for name, outcome in outcomes.items()},
        },
    )


def _java(environ: Mapping[str, str]) -> dict[str, str]:
    """Return JAVA_HOME where it has to be found: Debian's groovy looks in one place only."""
    if environ.get("JAVA_HOME"):
        return {}
    for home in (JVMS / "default-java", *sorted(JVMS.glob("*"))):
        if (home / "bin" / "java").exists():
            return {"JAVA_HOME": str(home)}
    return {}
