"""What GitHub's runner reads from a gate step: one annotation, four outputs, nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.model import Verdict
from gate.errors import OutputError
from gate.report.github import annotation, encode_outputs, render, render_summary
from tests.unit.report.runner import commands_in, parse_outputs
from tests.unit.report.scenes import EVERY, HELD, READY, UNREACHABLE, WAITING, hostile, scene

ALL = pytest.mark.parametrize("verdict", EVERY.values(), ids=EVERY.keys())


@ALL
def test_the_runner_sees_one_annotation_that_says_the_reason(verdict: Verdict, tmp_path: Path) -> None:
    (command,) = commands_in(render(verdict, scene(tmp_path)).stdout)
    assert command.name in ("error", "warning", "notice")
    assert command.properties["title"].startswith("gate ")
    assert command.data == verdict.reason


@ALL
def test_a_log_line_of_gate_alone_commands_nothing(verdict: Verdict) -> None:
    for line in (verdict.reason, f"gate: {verdict.reason}", f"  {verdict.reason}"):
        assert commands_in(line) == []


@pytest.mark.parametrize(
    ("verdict", "level"), [(READY, "notice"), (WAITING, "warning"), (HELD, "warning"), (UNREACHABLE, "error")]
)
def test_the_level_follows_the_state(verdict: Verdict, level: str) -> None:
    assert annotation(verdict).startswith(f"::{level} title=")


def test_properties_and_data_are_escaped_as_the_runner_unescapes() -> None:
    assert annotation(WAITING).startswith(
        "::warning title=gate closed%3A waiting for fiber::staging: waiting"
    )
    percent = hostile("100%0A, a:b")[0]
    assert "100%250A, a:b" in annotation(percent)


@ALL
def test_the_outputs_are_exactly_the_four(verdict: Verdict, tmp_path: Path) -> None:
    report = render(verdict, scene(tmp_path, GITHUB_OUTPUT=str(tmp_path / "out")))
    (file,) = report.files
    assert (file.append, file.required, file.name) == (True, True, "GITHUB_OUTPUT")
    assert parse_outputs(file.content.decode()) == {
        "open": "true" if verdict.open else "false",
        "state": verdict.state,
        "code": verdict.code,
        "reason": verdict.reason,
    }


@given(st.dictionaries(st.from_regex(r"\A[a-z_]{1,9}\Z"), st.text().filter(lambda text: "\r" not in text)))
def test_no_value_breaks_out_of_the_outputs(values: dict[str, str]) -> None:
    assert parse_outputs(encode_outputs(values, "token")) == values


def test_a_value_with_the_delimiter_is_refused() -> None:
    with pytest.raises(ValueError, match="holds the delimiter"):
        encode_outputs({"reason": "x\nghadelimiter_token\nopen=true"}, "token")


def test_a_runner_that_names_no_output_file_fails_the_step(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="GITHUB_OUTPUT is not set"):
        render(READY, scene(tmp_path, GITHUB_ACTIONS="true"))


def test_the_summary_says_verdict_effect_since_when_and_what_to_do() -> None:
    summary = render_summary(WAITING)
    for words in (
        "### 🟡 gate closed: waiting for fiber",
        r"**Held back:** configure\* and load\*",
        "**What to do:** Ask the lab's DevOps for the fibre",
        r"| sw\_version | waiting for fiber |",
        "| prr | 0.0 |",
        r"| since | 2025\-11\-08T13:15:00Z |",
    ):
        assert words in summary


def test_the_summary_of_a_hold_says_who_why_and_until_when() -> None:
    summary = render_summary(HELD)
    for words in (
        "| held by | dana |",
        "| hold reason | splicing |",
        r"| held until | 2025\-11\-08T14:00:00Z |",
    ):
        assert words in summary


@ALL
def test_no_markup_of_outside_text_is_alive_in_the_summary(verdict: Verdict) -> None:
    summary = render_summary(verdict)
    for alive in (
        "<img",
        "](https://evil",
        " https://evil",
        " www.evil",
        "`code`",
        "**bold**",
        " @octocat",
        " #1",
    ):
        assert alive not in summary
    table = [line for line in summary.splitlines() if line.startswith("|")]
    assert all(line.replace(r"\|", "").count("|") == 3 for line in table)


def test_a_summary_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (file,) = render(READY, scene(tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "s"))).files
    assert file.required is False
