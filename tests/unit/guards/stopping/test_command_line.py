"""Which command lines run pytest or Locust, and what they choose."""

from __future__ import annotations

import shlex

import pytest

from gate.guards.stopping.command_line import Tool, parse_command


def parsed(line: str) -> Tool | None:
    run = parse_command(shlex.split(line))
    return run.tool if run else None


@pytest.mark.parametrize(
    "line",
    [
        "pytest",
        "/opt/venv/bin/pytest -x",
        "py.test tests",
        "python -m pytest",
        "python3.12 -u -W error -X dev -m pytest tests",
        "python -Im pytest",
        "python -mpytest",
        "/usr/bin/python3 /opt/venv/bin/pytest tests",
        "/usr/bin/python3.13t /opt/venv/bin/py.test",
        "python /opt/lib/pytest/__main__.py",
        "pypy3 -m pytest",
        "py -3.12 -m pytest",
        r"'C:\Python312\python.exe' -m pytest",
        r"'C:\venv\Scripts\python.exe' 'C:\venv\Scripts\pytest.exe' tests",
        r"'C:\venv\Scripts\pytest.exe'",
        "python -m coverage run --source x -m pytest tests",
        "python /opt/venv/bin/coverage run -m pytest",
        "python -m debugpy --listen 5678 -m pytest",
        "python /ide/_jb_pytest_runner.py --path tests",
        "python /ide/vscode_pytest/run_pytest_script.py tests",
    ],
)
def test_what_runs_pytest_is_found(line: str) -> None:
    assert parsed(line) is Tool.PYTEST


@pytest.mark.parametrize(
    "line",
    [
        "locust -f x.py",
        "python -m locust",
        "/usr/bin/python3 /opt/venv/bin/locust --worker",
        r"'C:\x\locust.exe'",
        "python -P -m gate.guards.locust -f x.py",
    ],
)
def test_what_runs_locust_is_found(line: str) -> None:
    assert parsed(line) is Tool.LOCUST


@pytest.mark.parametrize(
    "line",
    [
        "vim tests/test_configure_a.py",
        "vim -m pytest",
        "grep -r pytest .",
        "bash -c 'pytest tests'",
        "sh run_pytest.sh",
        "less pytest.log",
        "tail -f locust.log",
        "python -c 'import pytest; print(pytest)'",
        "python -c pytest -m pytest",
        "python report.py pytest",
        "python tools/pytest_report.py",
        "python -m http.server -m pytest",
        "python -m pytest_watch",
        "python -m",
        "python",
        "python -",
        "coverage report -m pytest",
        "uv run pytest",
        "ssh lab pytest",
        "docker exec x pytest",
        "git commit -m pytest",
        "code pytest",
    ],
)
def test_what_only_mentions_a_test_tool_is_none(line: str) -> None:
    assert parsed(line) is None


def test_a_process_without_a_command_line_is_none() -> None:
    assert parse_command(()) is None


@pytest.mark.parametrize("option", ["--collect-only", "--co", "--version", "-h", "--fixtures"])
def test_what_only_lists_is_harmless(option: str) -> None:
    run = parse_command(["pytest", option, "tests"])
    assert run is not None
    assert run.harmless


@pytest.mark.parametrize(
    ("line", "paths", "maybe"),
    [
        ("pytest", (), ()),
        ("pytest -q tests/a.py::T::test_x[1] tests", ("tests/a.py::T::test_x[1]", "tests"), ()),
        ("pytest -n 4 -k expr -m load -p no:x tests", ("tests",), ()),
        ("pytest --env staging tests", ("tests",), ("staging",)),
        ("pytest --env=staging --disable-warnings tests", ("tests",), ()),
    ],
)
def test_the_paths_of_pytest_are_told_from_values(
    line: str, paths: tuple[str, ...], maybe: tuple[str, ...]
) -> None:
    run = parse_command(shlex.split(line))
    assert run is not None
    assert (run.paths, run.maybe) == (paths, maybe)


@pytest.mark.parametrize(
    ("line", "keyword", "marker"),
    [
        ("pytest -k 'a and b' -m load", "a and b", "load"),
        ("pytest -ka -mload", "a", "load"),
        ("pytest -m smoke -m 'not load'", "", "not load"),
        ("pytest --maxfail=1 -k", "", ""),
    ],
)
def test_the_expressions_of_pytest_are_read_as_pytest_reads_them(
    line: str, keyword: str, marker: str
) -> None:
    run = parse_command(shlex.split(line))
    assert run is not None
    assert (run.keyword, run.marker) == (keyword, marker)


def test_what_is_shown_leaves_out_what_could_be_secret() -> None:
    line = "pytest --token hush --password=hush tests -k configure\n -m 'not load'"
    run = parse_command(shlex.split(line))
    assert run is not None
    assert run.shown == "pytest tests -k 'configure' -m 'not load'"
    line = "locust -f load.py --host https://u:hush@lab/x?token=hush --token hush"
    run = parse_command(shlex.split(line))
    assert run is not None
    assert run.shown == "locust -f load.py -H https://lab/x"
