"""What does the shared library read from a gate step?"""

from __future__ import annotations

from gate.core.model import Verdict
from gate.core.reason import plain_description
from gate.report import OutputFile, Report, Scene, text
from gate.report.advice import advice
from gate.report.junit import render_junit

JUNIT = "gate-junit.xml"
FILES = (JUNIT,)


def render(verdict: Verdict, scene: Scene) -> Report:
    """Return one `key=value` line on stdout, the reason on stderr, and a JUnit file."""
    return Report(
        stdout=_line(verdict) + "\n",
        stderr=text.render(verdict, scene).stdout + f"        {advice(verdict)}\n",
        files=(
            OutputFile(
                path=scene.output_dir / JUNIT, content=render_junit(verdict), required=False, name=JUNIT
            ),
        ),
    )


def _line(verdict: Verdict) -> str:
    """Return pairs separated by a tab, which no value can hold."""
    pairs = {
        "open": "true" if verdict.open else "false",
        "state": verdict.state,
        "code": verdict.code,
        "description": plain_description(verdict.reason),
        "reason": verdict.reason,
    }
    return "\t".join(f"{key}={value}" for key, value in pairs.items())
