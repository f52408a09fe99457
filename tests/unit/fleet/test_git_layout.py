"""Which files an append writes, and how little of a long ledger that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.entry import Entry, Head, Note, chain, parse_entry
from gate.core.event import Rechecked
from gate.core.event_codec import note
from gate.fleet.state.git_layout import (
    NewerLedger,
    Tip,
    commit_stream,
    encode_head,
    files_after,
    head_after,
    parse_head,
    segment_file,
    segments,
    split_lines,
    tail_after,
    tail_problem,
)

NOW = datetime(2025, 11, 8, 13, 20, tzinfo=UTC)
TICK = note(Rechecked(), NOW, "cron")
EMPTY = Tip(commit="", head=Head())


def appended(tip: Tip, count: int) -> tuple[Sequence[Entry], Tip]:
    entries = chain([TICK] * count, tip.head)
    return entries, Tip(commit="c", head=head_after(entries, tip), tail=tail_after(entries, tip))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 230), max_size=6), st.integers(0, 700))
def test_what_was_appended_in_any_portions_is_read_back(portions: list[int], after: int) -> None:
    files: dict[str, bytes] = {}
    tip, written = EMPTY, list[Entry]()
    for count in portions:
        files |= files_after(chain([TICK] * count, tip.head), tip)
        entries, tip = appended(tip, count)
        assert tail_problem(tip) is None
        written += entries
    numbers = segments(after, tip.head)
    lines = [line for n in numbers for line in split_lines(n, files.get(segment_file(n), b""))]
    read = [parse_entry(line.decode(), "entry") for seq, line in lines if seq > after]
    assert read == [entry for entry in written if entry.seq > after]
    assert all(parse_entry(line.decode(), "entry").seq == seq for seq, line in lines)
    assert parse_head(files.get("head.json", encode_head(Head()))) == tip.head


def test_an_append_to_a_long_ledger_writes_two_small_files() -> None:
    tail = b"x" * 200 + b"\n"
    tip = Tip(commit="c", head=Head(seq=1_000_050, hash="h"), tail=tail * 50)
    files = files_after(chain([TICK], tip.head), tip)
    assert sorted(files) == ["entries/0100/00.jsonl", "head.json"]
    assert sum(map(len, files.values())) < 12_000
    assert list(segments(1_000_050, tip.head)) == [10_000]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (2, None),
        (3, (103, "put in behind the end")),
        (1, (102, "missing, though the ledger counts 102")),
        (0, (101, "missing, though the ledger counts 102")),
    ],
)
def test_behind_an_end_that_is_not_whole_nothing_is_appended(
    lines: int, problem: tuple[int, str] | None
) -> None:
    assert tail_problem(Tip(commit="c", head=Head(seq=102, hash="h"), tail=b"x\n" * lines)) == problem


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b"[" * 9000, b'{"schema":"gate.ledger/1","seq":-1,"hash":""}', b'{"schema":"x"}'],
)
def test_what_does_not_say_how_far_a_ledger_reaches_is_no_head(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^head\.json "):
        parse_head(content)


def test_another_form_of_ledger_is_a_newer_one() -> None:
    with pytest.raises(NewerLedger, match=r"gate\.ledger/2"):
        parse_head(b'{"schema":"gate.ledger/2"}')


def test_a_commit_says_who_appended_what_and_when() -> None:
    notes = [Note(at=NOW, by="dana", kind="hold_raised"), TICK, TICK]
    stream = commit_stream(chain(notes, Head()), EMPTY, ref="refs/x", claim="c1", now=0.0).decode()
    assert "author dana <gate@localhost> 1762608000 +0000" in stream
    assert "Append entries 1 to 3: hold_raised, 2 rechecked\n\n1 hold_raised by dana\n" in stream
    assert "\nClaim: c1\n" in stream


@pytest.mark.parametrize(
    "by", ["", "<>", "a\nfrom refs/heads/main", "\x00\x1b[31m", "ממתין \ud800", "x" * 999]
)
def test_no_name_breaks_out_of_its_line(by: str) -> None:
    hostile = chain([Note(at=datetime(1950, 1, 1, tzinfo=UTC), by=by, kind=by or "k")], Head())
    lines = commit_stream(hostile, EMPTY, ref="refs/x", claim="c1", now=0.0).decode().splitlines()
    (author,) = [line for line in lines if line.startswith("author ")]
    assert author.endswith(" <gate@localhost> 0 +0000")
    assert author.count("<") == author.count(">") == 1
    assert "from refs/heads/main" not in lines
