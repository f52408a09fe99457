"""Which runs a gate step may cancel, and which job is its own: decided from records alone."""

from __future__ import annotations

import pytest

from gate.core.work import Protects
from gate.providers.github.documents import Job, Run
from gate.providers.github.downstream import Choice, choose, own_job

LAB = Protects(patterns=("configure*", "load*"))


def run(name: str = "Ci", path: str = ".github/workflows/ci.yml") -> Run:
    return Run(
        id=77,
        node="",
        name=name,
        path=path,
        ref="main",
        sha="abc",
        status="in_progress",
        conclusion="",
        attempt=1,
        workflow=1,
        url="",
        created="",
    )


def jobs(*words: str) -> list[Job]:
    """Return jobs; of ``name:status@runner`` the last two may be left out."""
    made = []
    for number, word in enumerate(words):
        name, _, rest = word.partition(":")
        status, _, runner = rest.partition("@")
        made.append(Job(id=number, name=name, status=status or "queued", runner=runner))
    return made


@pytest.mark.parametrize(
    ("there", "whole_run", "expected"),
    [
        pytest.param(
            ("load-live",), False, Choice(cancel=True, protected=("load-live",), others=()), id="all"
        ),
        pytest.param(
            ("load-live", "unit"),
            False,
            Choice(cancel=False, protected=("load-live",), others=("unit",)),
            id="not alone",
        ),
        pytest.param(
            ("load-live", "unit"),
            True,
            Choice(cancel=True, protected=("load-live",), others=("unit",)),
            id="whole run",
        ),
        pytest.param(
            ("load-live", "unit:completed"),
            False,
            Choice(cancel=True, protected=("load-live",), others=()),
            id="the other is over",
        ),
        pytest.param(
            ("load-live:completed", "unit"),
            True,
            Choice(cancel=False, protected=(), others=("unit",)),
            id="nothing left",
        ),
        pytest.param((), False, Choice(cancel=False, protected=(), others=()), id="no other job"),
    ],
)
def test_a_run_is_cancelled_only_where_nothing_else_is_lost(
    there: tuple[str, ...], whole_run: bool, expected: Choice
) -> None:
    own, *others = jobs("gate:in_progress", *there)
    assert choose(run(), [own, *others], own, LAB, whole_run=whole_run) == expected


@pytest.mark.parametrize(("name", "path"), [("LOAD", "x.yml"), ("Ci", ".github/workflows/load-live.yml")])
def test_a_protected_workflow_protects_all_of_its_jobs(name: str, path: str) -> None:
    assert choose(run(name, path), jobs("unit"), None, LAB, whole_run=False).cancel
    assert choose(run(name, path), [], None, LAB, whole_run=False).cancel


@pytest.mark.parametrize(
    ("there", "runner", "key", "expected"),
    [
        pytest.param(("unit:in_progress@a", "gate:in_progress@b"), "b", "x", "gate", id="by its runner"),
        pytest.param(("unit:in_progress@b", "gate:in_progress@b"), "b", "gate", "gate", id="by its name"),
        pytest.param(
            ("unit:in_progress", "fiber / gate:in_progress"), "", "gate", "fiber / gate", id="when called"
        ),
        pytest.param(("unit:in_progress", "gate (1):in_progress"), "", "gate", "gate (1)", id="of a matrix"),
        pytest.param(("unit:queued", "Fibre check:in_progress"), "", "gate", "Fibre check", id="alone"),
        pytest.param(("unit:in_progress", "x:in_progress"), "", "gate", None, id="cannot be told"),
        pytest.param(("gate:completed@b",), "b", "gate", None, id="over"),
    ],
)
def test_the_own_job_is_the_one_on_this_runner(
    there: tuple[str, ...], runner: str, key: str, expected: str | None
) -> None:
    found = own_job(jobs(*there), runner, key)
    assert (found.name if found else None) == expected
