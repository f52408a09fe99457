"""Which tests of a working tree would configure a lab."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gate.guards.stopping.command_line import TestRun, parse_command
from gate.guards.stopping.working_tree import MOST_FILES, Patterns, configuring_tests, read_tests

PATTERNS = Patterns(names=("test_configure_*", "Test_Live_*"), markers=("load",))

CONFIGURE = """
import pytest
from pytest import mark

class TestJobs:
    def test_configure_a(self): ...
    async def test_live_monitoring(self): ...
    def test_reads(self): ...

@pytest.mark.load
def test_many(): ...

@mark.load(users=5)
class TestLoad:
    def test_in_class(self): ...

@pytest.mark.no_fiber
def test_configure_offline(): ...

@pytest.mark.requires_fiber
def test_needs_it(): ...

def helper_test_configure_x(): ...
"""


def run(line: str) -> TestRun:
    found = parse_command(shlex.split(line))
    assert found is not None
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "tests/jobs/test_jobs.py": CONFIGURE,
        "tests/reads/test_reads.py": "def test_channels(): ...\ndef test_configured(): ...\n",
        "tests/test_configure_by_file.py": "def test_plain(): ...\n",
        "tests/marked_test.py": "import pytest\npytestmark = [pytest.mark.load]\ndef test_x(): ...\n",
        "tests/helper.py": "def test_configure_never_collected(): ...\n",
        "venv/lib/test_y.py": "def test_configure_of_others(): ...\n",
        ".tox/test_z.py": "def test_configure_of_tox(): ...\n",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("pytest", ("test_x", "test_plain", "test_configure_a")),
        ("pytest tests/reads", ()),
        ("pytest tests/reads/test_reads.py", ()),
        ("pytest tests/jobs", ("test_configure_a", "test_live_monitoring", "test_many")),
        ("pytest tests/jobs/test_jobs.py::TestJobs::test_reads", ()),
        ("pytest tests/jobs/test_jobs.py::TestJobs::test_configure_a[x-1]", ("test_configure_a",)),
        ("pytest tests/jobs/test_jobs.py::TestLoad", ("test_in_class",)),
        ("pytest tests/test_configure_by_file.py", ("test_plain",)),
        ("pytest tests/marked_test.py", ("test_x",)),
        ("pytest tests/helper.py", ("test_configure_never_collected",)),
        ("pytest tests/jobs -k reads", ()),
        ("pytest tests/jobs -k 'Monitoring or reads'", ("test_live_monitoring",)),
        ("pytest tests -k 'jobs and in_class'", ("test_in_class",)),
        ("pytest tests/jobs -m load", ("test_many", "test_in_class")),
        ("pytest tests/jobs -m 'not load and not requires_fiber' -k 'not configure and not live'", ()),
        ("pytest tests/jobs -m requires_fiber", ("test_needs_it",)),
        ("pytest tests/jobs -k offline", ()),
        ("pytest --env tests/jobs tests/reads", ("test_configure_a", "test_live_monitoring", "test_many")),
        ("pytest no/such/path", ("test_x", "test_plain", "test_configure_a")),
    ],
)
def test_what_a_run_would_collect_decides(tree: Path, line: str, names: tuple[str, ...]) -> None:
    assert configuring_tests(run(line), tree, PATTERNS).names == names


@pytest.mark.parametrize(
    "content",
    [
        b"def test_configure_a():\n    print 'python 2'\n",
        b"\xff\xfe\ndef test_configure_a(): ...\n",
        b"def test_configure_a(): ...\n" + b"x = " + b"(" * 3000,
        b"def test_configure_a(): '\\d'\n",
        b"\r\ndef test_configure_a():\r\n    ...\r\n",
        "# בדיקה\ndef test_configure_a(): ...\n".encode(),
    ],
    ids=["python 2", "no UTF-8", "too deep", "warns", "CRLF", "Hebrew"],
)
def test_a_file_is_read_whatever_is_in_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "test_x.py"
    path.write_bytes(content)
    assert [test.name for test in read_tests(path)] == ["test_configure_a"]


def test_a_file_that_cannot_be_read_has_no_tests(tmp_path: Path) -> None:
    assert read_tests(tmp_path / "test_gone.py") == ()


def test_a_tree_too_large_to_look_through_says_so(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        (tmp_path / f"test_{number}.py").touch()
    assert configuring_tests(run("pytest"), tmp_path, PATTERNS).too_many
