"""How is a suite run under the guard, as a process, and what came of each of its tests?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent
from typing import Any
from xml.etree import ElementTree

from gate.sandbox.focus import FocusServer
from tests.support import clean_environ

SUITE = Path(__file__).parent / "suite"
PLUGIN = () if "gate" in entry_points(group="pytest11").names else ("-p", "gate.guards.pytest_plugin")
REASON = "blocked by gate: "

LAB = """
import http.client, json, os
from urllib.parse import urlsplit

LAB = urlsplit(os.environ["LAB_URL"])

def send(method, path, body=None):
    connection = http.client.HTTPConnection(LAB.hostname, LAB.port, timeout=10)
    connection.request(method, LAB.path + path, body and json.dumps(body))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status

def configure():
    return send("POST", "/configure", {"view_type": 0})

def read():
    return send("GET", "/channels")

def switch(state):
    return send("POST", "/_sandbox/state", {"state": state})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a run.

    Attributes:
        code: pytest's exit code.
        output: what it wrote.
        outcomes: ``passed``, ``failed``, ``blocked``, … by a test's name, as JUnit has it.
        report: what `--gate-report` wrote; empty where there is none.
        cases: the test cases of the JUnit file.
    """

    code: int
    output: str
    outcomes: Mapping[str, str]
    report: Mapping[str, Any]
    cases: Mapping[str, ElementTree.Element]

    def counts(self) -> dict[str, int]:
        """Return how many tests ended in which way."""
        return dict(Counter(self.outcomes.values()))


def write_suite(folder: Path, *, ini: str = "", conftest: str = "", **modules: str) -> Path:
    """Write a suite whose modules can import `lab`, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers\n{dedent(ini)}", "utf-8")
    (folder / "lab.py").write_text(LAB, "utf-8")
    (folder / "conftest.py").write_text(dedent(conftest), "utf-8")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text("from lab import *\n" + dedent(text), "utf-8")
    return folder


def run_suite(
    suite: Path, focus: FocusServer, scratch: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> Ran:
    """Run a suite against a lab; guarded by `GATE_FOCUS_SERVER`, unless `environ` says otherwise."""
    scratch.mkdir(exist_ok=True)
    junit, report = scratch / "junit.xml", scratch / "gate.json"
    given = {"GATE_FOCUS_SERVER": focus.url} if environ is None else dict(environ)
    process = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *PLUGIN, "-o", f"cache_dir={scratch / 'lastfailed'}"),
            *(f"--junitxml={junit}", f"--gate-report={report}", *arguments),
        ],
        cwd=suite,
        env=clean_environ(scratch / "cache", LAB_URL=focus.url, PYTHONDONTWRITEBYTECODE="1", **given),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    output = process.stdout.decode("utf-8", "replace").replace(os.linesep, "\n")
    cases = list(ElementTree.parse(junit).iter("testcase")) if junit.exists() else []
    outcomes: dict[str, str] = {}
    for case in cases:
        outcomes[_name(case)] = max(_outcome(case), outcomes.get(_name(case), ""), key=_WEIGHT.index)
    return Ran(
        code=process.returncode,
        output=output,
        outcomes=outcomes,
        report=json.loads(report.read_text("utf-8")) if report.exists() else {},
        cases={_name(case): case for case in cases},
    )


def names_of(suite: Path, focus: FocusServer, scratch: Path, expression: str) -> set[str]:
    """Return the tests that a marker expression selects, named as in a JUnit file."""
    ran = run_suite(suite, focus, scratch, "--collect-only", "-q", "-m", expression)
    found = (line for line in ran.output.splitlines() if "::" in line)
    return {line.replace(".py::", ".").replace("::", ".") for line in found}


def configured(focus: FocusServer) -> int:
    """Return how many requests a lab has seen that configure it."""
    return sum(n for call, n in focus.seen.items() if call.startswith(("POST /configure", "POST /config/")))


_WEIGHT = ("", "passed", "xfailed", "skipped", "blocked", "failed", "error")


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}.{case.get('name')}"


def _outcome(case: ElementTree.Element) -> str:
    if case.find("error") is not None:
        return "error"
    if case.find("failure") is not None:
        return "failed"
    skipped = case.find("skipped")
    if skipped is None:
        return "passed"
    if skipped.get("type") == "pytest.xfail":
        return "xfailed"
    return "blocked" if (skipped.get("message") or "").startswith(REASON) else "skipped"
