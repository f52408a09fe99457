"""What the shared library reads, and what a build's description may hold."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from gate.core.model import Verdict
from gate.core.reason import plain_description
from gate.report.jenkins import render
from tests.unit.report.scenes import EVERY, HOSTILE, WAITING, scene

ALL = pytest.mark.parametrize("verdict", EVERY.values(), ids=EVERY.keys())


@ALL
def test_stdout_is_one_line_of_pairs_that_no_value_breaks(verdict: Verdict, tmp_path: Path) -> None:
    report = render(verdict, scene(tmp_path))
    assert report.stdout.count("\n") == 1
    pairs = dict(pair.split("=", 1) for pair in report.stdout.rstrip("\n").split("\t"))
    assert list(pairs) == ["open", "state", "code", "description", "reason"]
    assert pairs["open"] == ("true" if verdict.open else "false")
    assert (pairs["state"], pairs["code"], pairs["reason"]) == (verdict.state, verdict.code, verdict.reason)
    assert verdict.reason in report.stderr


@pytest.mark.parametrize("text", [*HOSTILE, WAITING.reason], ids=lambda text: repr(text[:24]))
def test_a_description_is_the_same_under_both_markup_formatters(text: str) -> None:
    shown = plain_description(text)
    assert len(shown) <= 90
    assert html.escape(shown) == shown  # the escaping formatter changes nothing
    assert not re.search(r"[<>&\"'`]|(https?|ftp)://", shown)  # Safe HTML finds nothing


def test_a_description_still_says_the_reason() -> None:
    assert plain_description(WAITING.reason).startswith(
        "staging: waiting for fiber (prr 0.0, sw_version ”waiting"
    )
