"""In which files of a commit does a ledger stand?

``head.json`` says how far the ledger reaches. Entries stand in files of a hundred lines, a
hundred files in a folder: ``entries/0001/23.jsonl`` holds the entries 12301 to 12400. An append
therefore writes a few kilobytes, however long the ledger is, and who knows the first 12000
entries need not read them again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gate.core.entry import Entry, Head, canonical, encode_entry
from gate.core.reason import one_line

SCHEMA: Final = "gate.ledger/1"
HEAD_FILE: Final = "head.json"
SEGMENT: Final = 100  # entries in a file, and files in a folder

_MAIL: Final = "gate@localhost"
_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The last commit of a ledger.

    Attributes:
        commit: its name; empty before the first one.
        head: how far the ledger reaches in it.
        tail: the file that the next entry belongs in, as it is.
    """

    commit: str
    head: Head
    tail: bytes = b""


def segments(after: int, head: Head) -> range:
    """Return the numbers of the files with the entries behind `after`, the next one's included."""
    return range(min(after, head.seq) // SEGMENT, head.seq // SEGMENT + 1)


def segment_file(number: int) -> str:
    """Return the path of a file of entries."""
    return f"entries/{number // SEGMENT:04}/{number % SEGMENT:02}.jsonl"


def encode_head(head: Head) -> bytes:
    """Return what `parse_head` reads."""
    return canonical({"schema": SCHEMA, "seq": head.seq, "hash": head.hash}).encode("ascii") + b"\n"


def parse_head(content: bytes) -> Head:
    """Return how far the ledger says that it reaches.

    Raises:
        ValueError: it says nothing of the kind; the text says what was found instead.
    """
    try:
        fields = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(f"{HEAD_FILE} holds no JSON") from None
    match fields:
        case {"schema": str(schema), "seq": int(seq), "hash": str(hash_)} if schema == SCHEMA and seq >= 0:
            return Head(seq=seq, hash=hash_)
        case {"schema": str(schema)} if schema.startswith("gate.ledger/") and schema != SCHEMA:
            raise NewerLedger(one_line(schema, 40))
    raise ValueError(f"{HEAD_FILE} does not say how far a ledger reaches")


class NewerLedger(Exception):
    """A later gate wrote the ledger in another form, which the text names."""


def split_lines(number: int, content: bytes) -> list[tuple[int, bytes]]:
    """Return the lines of a file of entries, each with the number that its entry must have."""
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    return list(enumerate(lines, number * SEGMENT + 1))


def tail_problem(tip: Tip) -> tuple[int, str] | None:
    """Return where and why nothing can be appended behind `tip`; None where its end is whole."""
    lines, counted = tip.tail.count(b"\n"), tip.head.seq % SEGMENT
    if lines > counted:
        return tip.head.seq + 1, "put in behind the end"
    if lines < counted:
        return tip.head.seq - counted + lines + 1, f"missing, though the ledger counts {tip.head.seq}"
    return None


def files_after(entries: Sequence[Entry], tip: Tip) -> dict[str, bytes]:
    """Return the files that appending `entries` to `tip` writes, by their paths."""
    files: dict[str, bytes] = {}
    number, content = tip.head.seq // SEGMENT, tip.tail
    for entry in entries:
        content += encode_entry(entry).encode("ascii") + b"\n"
        files[segment_file(number)] = content
        if entry.seq % SEGMENT == 0:
            number, content = number + 1, b""
    return {**files, HEAD_FILE: encode_head(head_after(entries, tip))}


def head_after(entries: Sequence[Entry], tip: Tip) -> Head:
    """Return how far a ledger reaches once `entries` are appended to `tip`."""
    return entries[-1].head if entries else tip.head


def tail_after(entries: Sequence[Entry], tip: Tip) -> bytes:
    """Return the file that the next entry belongs in once `entries` are appended to `tip`."""
    if not entries:
        return tip.tail
    return files_after(entries, tip).get(segment_file(entries[-1].seq // SEGMENT), b"")


def commit_stream(entries: Sequence[Entry], tip: Tip, *, ref: str, claim: str, now: float) -> bytes:
    """Return the input of ``git fast-import`` that appends entries in one commit, and prints its name.

    Args:
        entries: what is appended; may be empty, for a new ledger.
        tip: what it is appended to.
        ref: a ref of the private repository.
        claim: makes the commit another one than any other gate's with the same entries.
        now: seconds since 1970, for a commit without entries.
    """
    by = entries[0].by if entries else ""
    seconds = max(0, int(entries[-1].at.timestamp() if entries else now))
    message = f"{_message(entries)}\n\nClaim: {claim}\n".encode()
    parts = [
        b"feature done\n",
        f"commit {ref}\nmark :1\n".encode(),
        f"author {_name(by)} <{_MAIL}> {seconds} +0000\n".encode(),
        f"committer gate <{_MAIL}> {seconds} +0000\n".encode(),
        _data(message),
        f"from {tip.commit}\n".encode() if tip.commit else b"",
    ]
    for path, content in files_after(entries, tip).items():
        parts += [f"M 100644 inline {path}\n".encode(), _data(content)]
    return b"".join([*parts, b"get-mark :1\n", b"done\n"])


def _message(entries: Sequence[Entry]) -> str:
    if not entries:
        return "Begin a ledger"
    kinds = Counter(one_line(entry.kind, 40) for entry in entries)
    said = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items())
    first, last = entries[0].seq, entries[-1].seq
    numbers = f"entry {first}" if first == last else f"entries {first} to {last}"
    listed = [f"{entry.seq} {one_line(entry.kind, 40)} by {_name(entry.by)}" for entry in entries[:_LISTED]]
    more = [f"and {len(entries) - _LISTED} more"] if len(entries) > _LISTED else []
    return "\n".join([one_line(f"Append {numbers}: {said}", 200), "", *listed, *more])


def _name(by: str) -> str:
    """Return who, as a commit may name an author."""
    return one_line(by, 60).translate({ord("<"): "(", ord(">"): ")"}).strip(" .,:;\"'") or "gate"


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"
