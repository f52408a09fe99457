"""Is a file read as it is, refused where it must be, and written whole or not at all?"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from gate.wiring.disk import MAX_BYTES, read_pipeline, write_pipeline
from gate.wiring.records import Refused, Unreadable

posix = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there that tests have not")


def _file(folder: Path, data: bytes, name: str = "x.yml") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a: 1\r\n", "a: 1\r\n"),
        (b"\xef\xbb\xbfa: 1\n", "a: 1\n"),
        ("a: שלום\u2028\n".encode(), "a: שלום\u2028\n"),
        (b"", ""),
    ],
    ids=["crlf", "bom", "hebrew", "empty"],
)
def test_what_is_read_and_written_again_is_the_same_bytes(tmp_path: Path, data: bytes, text: str) -> None:
    path = _file(tmp_path, data)
    file = read_pipeline(path)
    assert file.source.text == text

    write_pipeline(file, text + "# more\n")
    assert path.read_bytes() == data + b"# more\n"


@pytest.mark.parametrize(
    ("data", "line", "column", "reason"),
    [
        pytest.param(b"a: 1\nb: \xff\n", 2, 4, "no UTF-8 text: the byte 0xff", id="not UTF-8"),
        pytest.param(b"\x7fELF\0\0\0\xff", 1, 5, "a binary file", id="binary"),
        pytest.param("a: 1\n".encode("utf-16"), 1, 4, "a binary file", id="UTF-16"),
        pytest.param(b"a" * (MAX_BYTES + 1), 1, 1, "too large: 2.0 MB", id="too large"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(
    tmp_path: Path, data: bytes, line: int, column: int, reason: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read_pipeline(_file(tmp_path, data))

    assert reason in caught.value.reason
    assert (caught.value.place.line, caught.value.place.column) == (line, column)


def test_what_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read: No such file"):
        read_pipeline(tmp_path / "none.yml")
    with pytest.raises(Unreadable, match="this is no file"):
        read_pipeline(tmp_path)


@posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if sys.platform != "win32":  # which has none, and whose types know none
        os.mkfifo(tmp_path / "x.yml")
    with pytest.raises(Unreadable, match="this is no file"):
        read_pipeline(tmp_path / "x.yml")


@posix
def test_a_link_inside_the_tree_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    real = _file(tmp_path, b"a: 1\n", "real.yml")
    (tmp_path / "link.yml").symlink_to("real.yml")

    write_pipeline(read_pipeline(tmp_path / "link.yml"), "a: 2\n")

    assert (tmp_path / "link.yml").is_symlink()
    assert real.read_bytes() == b"a: 2\n"


@posix
@pytest.mark.parametrize("how", ["a file", "a folder"])
def test_a_link_out_of_the_tree_is_refused(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, tree = tmp_path / "outside", tmp_path / "tree"
    outside.mkdir()
    tree.mkdir()
    _file(outside, b"a: 1\n")
    monkeypatch.chdir(tree)
    if how == "a file":
        (tree / "x.yml").symlink_to(outside / "x.yml")
        path = Path("x.yml")
    else:
        (tree / "linked").symlink_to(outside, target_is_directory=True)
        path = Path("linked/x.yml")

    with pytest.raises(Refused, match="a link out of the tree"):
        read_pipeline(path)


@posix
def test_the_tree_is_the_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "ci").mkdir()
    _file(repository, b"a: 1\n", "common.yml")
    (repository / "ci" / "x.yml").symlink_to("../common.yml")

    assert read_pipeline(repository / "ci" / "x.yml").source.text == "a: 1\n"


def test_a_read_only_file_is_refused_and_stays(tmp_path: Path) -> None:
    path = _file(tmp_path, b"a: 1\n")
    file = read_pipeline(path)
    path.chmod(stat.S_IREAD)

    with pytest.raises(Refused, match="read-only; nothing was written"):
        write_pipeline(file, "a: 2\n")
    assert path.read_bytes() == b"a: 1\n"
    assert [found.name for found in tmp_path.iterdir()] == ["x.yml"]
    path.chmod(stat.S_IREAD | stat.S_IWRITE)


@posix
def test_the_mode_is_kept(tmp_path: Path) -> None:
    path = _file(tmp_path, b"a: 1\n")
    path.chmod(0o754)
    write_pipeline(read_pipeline(path), "a: 2\n")

    assert stat.S_IMODE(path.stat().st_mode) == 0o754


def test_a_write_that_fails_leaves_the_old_bytes_and_nothing_else(tmp_path: Path) -> None:
    path = _file(tmp_path, b"a: 1\n")

    with pytest.raises(UnicodeEncodeError):
        write_pipeline(read_pipeline(path), "a: \ud800\n")
    assert path.read_bytes() == b"a: 1\n"
    assert [found.name for found in tmp_path.iterdir()] == ["x.yml"]
