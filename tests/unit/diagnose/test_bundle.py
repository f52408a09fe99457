"""A bundle is written whole or not at all, and over nothing that is not one."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from gate.diagnose.bundle import check_target, write_bundle
from gate.errors import OutputError

FILES = {"gate-diagnose/about.txt": "gate\n", "gate-diagnose/שלום.log": "שלום\n"}


def test_a_bundle_holds_its_files_as_utf_8(tmp_path: Path) -> None:
    write_bundle(tmp_path / "out.zip", FILES)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {name: archive.read(name).decode("utf-8") for name in archive.namelist()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]


def test_an_older_bundle_is_replaced_and_another_file_is_not(tmp_path: Path) -> None:
    write_bundle(tmp_path / "out.zip", FILES)
    check_target(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("mine", "x")
    (tmp_path / "text").write_text("mine", encoding="utf-8")
    for name in ("mine.zip", "text"):
        with pytest.raises(OutputError, match="is there already and is no bundle of gate"):
            check_target(tmp_path / name)


def test_a_folder_that_is_missing_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        check_target(tmp_path / "no" / "out.zip")


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "out.zip").mkdir()
    with pytest.raises(OutputError, match=r"--bundle: cannot write .*out\.zip"):
        write_bundle(tmp_path / "out.zip", FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]
