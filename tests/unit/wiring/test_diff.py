"""Is a diff one that `git apply` takes, and does it show nothing else as changed?"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.wiring.diff import unified_diff
from gate.wiring.edits import apply_edits
from gate.wiring.records import Edit

TEXT = "".join(f"line {number}\n" for number in range(1, 21))


def _edit(old: str, new: str, text: str = TEXT) -> Edit:
    start = text.index(old)
    return Edit(start=start, end=start + len(old), text=new)


def test_a_change_stands_between_three_lines_on_either_side() -> None:
    assert unified_diff("a.yml", TEXT, [_edit("line 10\n", "ten\nX\n")]) == (
        "--- a/a.yml\n+++ b/a.yml\n@@ -7,7 +7,8 @@\n"
        " line 7\n line 8\n line 9\n-line 10\n+ten\n+X\n line 11\n line 12\n line 13\n"
    )


def test_what_is_near_shares_a_hunk_and_what_is_far_does_not() -> None:
    near = unified_diff("a", TEXT, [_edit("line 5\n", ""), _edit("line 11\n", "eleven\n")])
    far = unified_diff("a", TEXT, [_edit("line 3\n", ""), _edit("line 15\n", "fifteen\n")])

    assert near.count("@@ -") == 1
    assert [line for line in far.splitlines() if line.startswith("@@")] == [
        "@@ -1,6 +1,5 @@",
        "@@ -12,7 +11,7 @@",
    ]


def test_an_edit_inside_of_a_line_shows_the_whole_line() -> None:
    assert "-line 20\n+line two\n" in unified_diff("a", TEXT, [_edit("20", "two")])


def test_a_text_without_a_last_line_end_says_so() -> None:
    assert unified_diff("a", "x\ny", [Edit(start=2, end=3, text="z")]) == (
        "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n x\n"
        "-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n"
    )


def test_no_change_is_no_diff() -> None:
    assert unified_diff("a", TEXT, []) == unified_diff("a", TEXT, [_edit("line 3", "line 3")]) == ""


def test_a_large_text_takes_no_time() -> None:
    text = "".join(f"l {number % 7}\n" for number in range(200_000))
    started = time.process_time()
    unified_diff(
        "a", text, [Edit(start=0, end=0, text="x\n" * 5000), Edit(start=400_000, end=400_004, text="")]
    )

    assert time.process_time() - started < 3


@st.composite
def _changes(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    line = st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "שלום\n", "d\r", "\u2028\n"])
    text = "".join(draw(st.lists(line, max_size=30))) + draw(st.sampled_from(["", "end"]))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    new = st.sampled_from(["", "x", "x\n", "a\nb\n", "\n"])
    edits = [Edit(start=a, end=b, text=draw(new)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    return text, edits


@settings(max_examples=40, deadline=None)
@given(changes=st.lists(_changes(), min_size=25, max_size=25))
def test_git_applies_it(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, list[Edit]]]
) -> None:
    """Many files at once, since a process costs more than a diff."""
    folder = tmp_path_factory.mktemp("tree")
    patch = ""
    for number, (text, edits) in enumerate(changes):
        if text:  # an empty file has no diff that git would take without its own headers
            (folder / str(number)).write_bytes(text.encode())
            patch += unified_diff(str(number), text, edits)
    if patch:
        _apply(folder, patch)
    for number, (text, edits) in enumerate(changes):
        after = apply_edits(text, edits)
        if text and after:
            assert (folder / str(number)).read_bytes() == after.encode()


def _apply(folder: Path, patch: str) -> None:
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "--unidiff-zero", "-"]
    ran = subprocess.run(
        command, cwd=folder, input=patch.encode(), capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode() + patch
