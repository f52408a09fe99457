"""Verdicts and scenes that report tests share, the hostile ones included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.core.hold import parse_hold
from gate.core.model import Code, Reading, Verdict
from gate.core.verdict import judge, misconfigured
from gate.report import Scene
from gate.sandbox import recorded

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
HOSTILE = (
    "::error title=x::gotcha",
    "##[error]gotcha",
    "x\n::set-output name=open::true",
    "x\r\nopen=true",
    "::stop-commands::x",
    "%0A::error::x",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example) ![](https://evil.example/x.png) | a | b |",
    "`code` **bold** @octocat #1 https://evil.example www.evil.example",
    "\x1b[8mha:////secret\x1b[0m",
    "section_start:1:x\r\x1b[0K",
    "' ; rm -rf / ; echo '",
    "$(reboot) `reboot` %PATH% ${{ secrets.TOKEN }}",
    "open=true\tstate=ready",
    "]]></message><x>",
    "\u202egnp.exe \ud800 \x00",
    "ממתין לסיב 🧪",
    "x" * 10_000,
)


def scene(folder: Path, **environ: str) -> Scene:
    return Scene(
        environ=environ,
        output_dir=folder,
        now=NOW,
        token="f00dfeed",
        link="https://lab.example/focus-server/live_metadata",
    )


def verdict_on(fields: Mapping[str, object], hold: str = "", **reading: object) -> Verdict:
    answer = Reading(
        environment="staging",
        taken_at=NOW - timedelta(seconds=2),
        status=200,
        body=json.dumps(fields).encode(),
        since=NOW - timedelta(minutes=5),
    )
    parsed = parse_hold(hold)
    return judge(replace(answer, **reading), [parsed] if parsed else [], NOW)  # type: ignore[arg-type]


def hostile(text: str) -> list[Verdict]:
    """Return verdicts that carry a text in every place that comes from outside."""
    return [
        verdict_on({"prr": 2000.0, "sw_version": text}),
        verdict_on({"prr": 0.0, "sw_version": text, "fiber_description": text}),
        verdict_on({"prr": text}),
        verdict_on(recorded.READY, json.dumps({"reason": text, "by": text, "id": text, "category": text})),
        verdict_on(recorded.READY, text),
        verdict_on(recorded.READY, "{" + text),
        verdict_on({}, failure=Code.UNREACHABLE, detail=text, status=None),
        verdict_on(recorded.READY, dependencies_down=(text,)),
        misconfigured(text, "staging", NOW),
    ]


READY = verdict_on(recorded.READY)
WAITING = verdict_on(recorded.WAITING)
HELD = verdict_on(recorded.READY, '{"reason": "splicing", "by": "dana", "until": "2025-11-08T14:00:00Z"}')
BOTH = verdict_on(recorded.WAITING, "splicing")
UNREACHABLE = verdict_on(
    {}, failure=Code.UNREACHABLE, detail="10.10.10.100:443 refuses the connection", status=None
)
MISCONFIGURED = misconfigured("gate.yml: protct: unknown key; did you mean protect?", "", NOW)
PLAIN = {
    "ready": READY,
    "waiting": WAITING,
    "held": HELD,
    "waiting and held": BOTH,
    "unreachable": UNREACHABLE,
    "misconfigured": MISCONFIGURED,
}
EVERY = {**PLAIN, **{f"{text[:24]!r} {n}": v for text in HOSTILE for n, v in enumerate(hostile(text))}}
