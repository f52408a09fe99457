"""What does the shared library read from a gate step, and what may a build's description say?

Descriptions go through the controller's markup formatter, which may be the escaping one or
"Safe HTML" and cannot be told from outside; the text is made so that both show it alike
(jenkins `editableDescription.jelly`, `HistoricalBuild.java`, read 2026-11-24).
"""

from __future__ import annotations

import re

from gate.core.model import Verdict
from gate.core.reason import one_line
from gate.report import OutputFile, Report, Scene, text
from gate.report.advice import advice
from gate.report.junit import render_junit

JUNIT = "gate-junit.xml"
FILES = (JUNIT,)

_DESCRIPTION_LIMIT = 90  # the history widget cuts the raw text at 100 characters
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", '"': "”", "'": "’", "`": "’"})


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


def description(reason: str) -> str:
    """Return a reason as a build description: short, and plain under either formatter."""
    plain = one_line(reason.translate(_LOOKALIKES), 600)
    plain = re.sub(r"(?i)\b(https?|ftp):/", r"\1 /", plain)
    return one_line(plain, _DESCRIPTION_LIMIT)


def _line(verdict: Verdict) -> str:
    """Return pairs separated by a tab, which no value can hold."""
    pairs = {
        "open": "true" if verdict.open else "false",
        "state": verdict.state,
        "code": verdict.code,
        "description": description(verdict.reason),
        "reason": verdict.reason,
    }
    return "\t".join(f"{key}={value}" for key, value in pairs.items())
