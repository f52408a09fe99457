"""Every format tells the same verdict with the same sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gate.core.model import Verdict
from gate.report import FORMATS, Report, load_format
from tests.unit.report.runner import commands_in, parse_outputs
from tests.unit.report.scenes import EVERY, scene

ALL = pytest.mark.parametrize("verdict", EVERY.values(), ids=EVERY.keys())
EACH = pytest.mark.parametrize("name", FORMATS)


def file(report: Report, name: str) -> bytes:
    return next(file.content for file in report.files if file.name == name)


def pairs(line: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in line.rstrip("\n").split("\t"))


def junit_reason(report: Report) -> str:
    case = ElementTree.fromstring(file(report, "gate-junit.xml")).find("testsuite/testcase")
    assert case is not None
    return "" if len(case) == 0 else str(case[0].get("message"))


READERS: dict[str, Callable[[Report], tuple[bool, set[str]]]] = {
    "text": lambda report: (
        report.stdout.startswith("OPEN "),
        {report.stdout.partition("  ")[2].rstrip("\n")},
    ),
    "json": lambda report: (
        json.loads(report.stdout)["open"],
        {json.loads(report.stdout)["reason"]},
    ),
    "github": lambda report: (
        parse_outputs(file(report, "GITHUB_OUTPUT").decode())["open"] == "true",
        {
            parse_outputs(file(report, "GITHUB_OUTPUT").decode())["reason"],
            commands_in(report.stdout)[0].data,
        },
    ),
    "gitlab": lambda report: (
        b"GATE_OPEN=true\n" in file(report, "gate.env"),
        {report.stdout.partition("\n")[0].partition("  ")[2], junit_reason(report)} - {""},
    ),
    "jenkins": lambda report: (
        pairs(report.stdout)["open"] == "true",
        {pairs(report.stdout)["reason"], junit_reason(report)} - {""},
    ),
}


def test_every_format_has_a_reader_here() -> None:
    assert set(READERS) == set(FORMATS)


@EACH
@ALL
def test_all_formats_say_the_same(name: str, verdict: Verdict, tmp_path: Path) -> None:
    stage = scene(tmp_path, GITHUB_OUTPUT=str(tmp_path / "out"))
    report = load_format(name).render(verdict, stage)
    assert READERS[name](report) == (verdict.open, {verdict.reason})


@EACH
@ALL
def test_rendering_is_pure_and_writes_nothing(name: str, verdict: Verdict, tmp_path: Path) -> None:
    module = load_format(name)
    assert module.render(verdict, scene(tmp_path)) == module.render(verdict, scene(tmp_path))
    assert list(tmp_path.iterdir()) == []


@EACH
def test_everything_that_is_written_is_utf_8(name: str, tmp_path: Path) -> None:
    for verdict in EVERY.values():
        report = load_format(name).render(verdict, scene(tmp_path, GITHUB_OUTPUT=str(tmp_path / "out")))
        (report.stdout + report.stderr).encode("utf-8")


def test_colour_is_only_for_terminals(tmp_path: Path) -> None:
    for verdict in EVERY.values():
        render = load_format("text").render
        assert "\x1b" not in render(verdict, scene(tmp_path)).stdout
        assert render(verdict, replace(scene(tmp_path), colour=True)).stdout.startswith("\x1b[1;3")
