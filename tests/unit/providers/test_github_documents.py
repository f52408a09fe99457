"""How GitHub's documents become records, and what a wrong one says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.work import Status
from gate.providers.github.documents import (
    names_of,
    parse_job,
    parse_list,
    parse_repository,
    parse_run,
    parse_workflow,
    status_of,
)

RUN: dict[str, Any] = {
    "id": 30433642,
    "node_id": "WFR_x",
    "name": "Load",
    "path": ".github/workflows/load-live.yml@main",
    "head_branch": "main",
    "head_sha": "acb5820",
    "status": "queued",
    "conclusion": None,
    "run_attempt": 3,
    "workflow_id": 159038,
    "html_url": "https://github.com/acme/panda/actions/runs/30433642",
    "created_at": "2020-01-22T19:33:08Z",
    "repository": {"full_name": "acme/panda"},
    "head_repository": {"full_name": "acme/panda"},
}
PARSERS: tuple[Callable[[Any, str], object], ...] = (parse_run, parse_job, parse_workflow, parse_repository)


def test_a_run_is_read_as_github_documents_it() -> None:
    run = parse_run(RUN, "run")
    assert run.names == ("Load", "load-live")
    assert (run.path, run.attempt, run.over, run.conclusion) == (
        ".github/workflows/load-live.yml",
        3,
        False,
        "",
    )


@pytest.mark.parametrize("missing", ["name", "head_branch", "status", "conclusion", "run_attempt", "node_id"])
def test_what_may_be_null_or_missing_may_be(missing: str) -> None:
    without = {key: value for key, value in RUN.items() if key != missing}
    assert parse_run(without, "run").id == RUN["id"]
    assert parse_run({**without, **({} if missing == "run_attempt" else {missing: None})}, "run").id


def test_a_run_without_a_status_counts_as_not_over() -> None:
    run = parse_run({**RUN, "status": None}, "run")
    assert (run.over, status_of(run.status)) == (False, Status.UNKNOWN)


def test_a_forks_main_is_another_ref_than_ours() -> None:
    assert parse_run(RUN, "run").ref == "main"
    assert parse_run({**RUN, "head_repository": {"full_name": "noa/panda"}}, "run").ref == "noa:main"
    assert parse_run({**RUN, "head_repository": None}, "run").ref == "main"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (".github/workflows/load-live.yml", ("Load", "load-live")),
        (".github/workflows/load.test.YAML", ("Load", "load.test")),
        ("dynamic/pages/pages-build-deployment", ("Load", "pages-build-deployment")),
        ("", ("Load",)),
    ],
)
def test_a_workflow_is_called_by_its_name_and_its_files(path: str, names: tuple[str, ...]) -> None:
    assert names_of("Load", path) == names


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (".github/workflows/a.yml@refs/heads/x@y.yml", ".github/workflows/a.yml"),
        (".github/workflows/load@2.yaml@main", ".github/workflows/load@2.yaml"),
        (".github/workflows/load@2.yml", ".github/workflows/load@2.yml"),
    ],
)
def test_the_ref_behind_a_file_is_no_part_of_its_name(path: str, kept: str) -> None:
    assert parse_run({**RUN, "path": path}, "run").path == kept


@pytest.mark.parametrize(
    ("parse", "document", "said"),
    [
        (parse_run, {**RUN, "id": "7"}, "workflow_runs[3].id: expected a whole number"),
        (parse_run, {**RUN, "id": True}, "workflow_runs[3].id: expected a whole number"),
        (parse_run, {**RUN, "status": 7}, "workflow_runs[3].status: expected text or null"),
        (parse_run, None, "workflow_runs[3]: expected an object"),
        (parse_job, {"id": 1, "name": None, "status": "queued"}, "workflow_runs[3].name: expected text"),
        (parse_workflow, {"id": 1, "state": None}, "workflow_runs[3].state: expected text"),
        (parse_repository, {"id": 1, "full_name": "a/b"}, "workflow_runs[3].owner: expected an object"),
    ],
)
def test_what_is_not_as_documented_names_its_place(
    parse: Callable[[Any, str], Any], document: Any, said: str
) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        parse(document, "workflow_runs[3]")
    assert str(caught.value) == said


def test_a_list_that_is_none_names_its_key() -> None:
    with pytest.raises(ValueError, match="workflow_runs: expected a list"):
        parse_list({"workflow_runs": {}}, "workflow_runs")
    with pytest.raises(ValueError, match="answer: expected a list"):
        parse_list({}, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*RUN, "owner", "full_name", "state", "total_count"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


def problem(parse: Callable[[Any, str], object], document: Any) -> str:
    """Return what a parser says against a document, or an empty text."""
    try:
        parse(document, "x")
    except ValueError as error:
        return str(error)
    return ""


@given(JSON)
def test_no_document_ends_in_anything_but_a_record_or_a_place(document: Any) -> None:
    for parse in PARSERS:
        words = problem(parse, document)
        assert not words or ": expected " in words
