"""What is one entry of the ledger, and how is it chained to the one before?

An entry is one JSON object on one line of ASCII, with sorted keys and no spaces. Its ``hash``
is the SHA-256 of that line without the hash itself; since ``previous`` stands in the line, each
hash also covers everything before it. Keys that are not `RESERVED` are the fields of the
entry's kind. What this version does not know stays in the line, and under the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gate.core.reason import one_line

RESERVED: Final = ("seq", "at", "kind", "by", "previous", "hash")
_NOTHING_BEFORE: Final = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far a ledger reaches: its last entry's number and hash; 0 where it is empty."""

    seq: int = 0
    hash: str = _NOTHING_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be appended: an entry that has no place in a ledger yet.

    Attributes:
        at: when it happened (UTC).
        by: who did it.
        kind: what happened, one of `gate.core.event.Kind`, or another version's word.
        body: the fields of its kind, as `canonical` writes them.
    """

    at: datetime
    by: str
    kind: str
    body: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry in its place.

    Attributes:
        seq: its number; the first is 1.
        at: when it happened (UTC), by the clock of the machine that wrote it.
        by: who did it.
        kind: what happened, one of `gate.core.event.Kind`, or another version's word.
        body: the fields of its kind, as `canonical` writes them.
        previous: the hash of the entry before.
        hash: its own.
    """

    seq: int
    at: datetime
    by: str
    kind: str
    body: str
    previous: str
    hash: str

    @property
    def fields(self) -> dict[str, object]:
        """The fields of its kind, freshly read."""
        fields: dict[str, object] = json.loads(self.body)
        return fields

    @property
    def head(self) -> Head:
        """How far a ledger reaches that ends with this entry."""
        return Head(seq=self.seq, hash=self.hash)


def canonical(fields: Mapping[str, object]) -> str:
    """Return an object as the one text that is hashed.

    Raises:
        ValueError: something in it has no place in JSON, such as NaN.
    """
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chain(notes: Iterable[Note], head: Head) -> tuple[Entry, ...]:
    """Return the entries that `notes` become behind `head`.

    Raises:
        ValueError: a note's field has a name that every entry uses.
    """
    entries: list[Entry] = []
    for note in notes:
        fields = json.loads(note.body)
        taken = sorted(set(fields) & set(RESERVED))
        if taken:
            raise ValueError(f"{note.kind}: a field cannot be named {taken[0]!r}")
        plain = _plain(head.seq + 1, note, fields, head.hash)
        entry = Entry(
            seq=head.seq + 1,
            at=note.at.astimezone(UTC),
            by=note.by,
            kind=note.kind,
            body=canonical(fields),
            previous=head.hash,
            hash=_hash_of(plain),
        )
        entries.append(entry)
        head = entry.head
    return tuple(entries)


def expected_hash(entry: Entry) -> str:
    """Return the hash that an entry must have by what it says."""
    return _hash_of(_plain(entry.seq, entry, entry.fields, entry.previous))


def encode_entry(entry: Entry) -> str:
    """Return an entry as the line that `parse_entry` reads."""
    return canonical(entry_object(entry))


def entry_object(entry: Entry) -> dict[str, object]:
    """Return an entry as the JSON object that its line holds."""
    return {**_plain(entry.seq, entry, entry.fields, entry.previous), "hash": entry.hash}


def parse_entry(line: str, where: str) -> Entry:
    """Return the entry that a line holds; its hash is read, not checked.

    Args:
        line: as `encode_entry` wrote it.
        where: names the line's place in a message, for example ``entry 7``.

    Raises:
        ValueError: the line is no entry; the message names the place and what was expected.
    """
    try:
        fields = json.loads(line)
        canonical(fields)  # NaN is read, but has no place in JSON
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: expected JSON ({one_line(str(error), 80)})") from None
    if not isinstance(fields, dict):
        raise ValueError(f"{where}: expected a JSON object")
    seq = fields.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise ValueError(f"{where}: seq: expected a whole number")
    entry = Entry(
        seq=seq,
        at=parse_moment(fields.get("at"), f"{where}: at"),
        by=_text(fields, "by", where),
        kind=_text(fields, "kind", where),
        body=canonical({key: value for key, value in fields.items() if key not in RESERVED}),
        previous=_text(fields, "previous", where),
        hash=_text(fields, "hash", where),
    )
    if encode_entry(entry) != line:
        raise ValueError(f"{where}: is not written as gate writes it, so it was edited")
    return entry


def encode_moment(moment: datetime) -> str:
    """Return a time as ``2025-11-08T13:20:00.250000Z``; nothing of it is lost.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def parse_moment(value: object, where: str) -> datetime:
    """Return the time (UTC) that `encode_moment` wrote.

    Raises:
        ValueError: it is no time with its zone; the message begins with `where`.
    """
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{where}: expected a time such as 2025-11-08T13:20:00Z") from None


def _plain(seq: int, said: Note | Entry, fields: Mapping[str, object], previous: str) -> dict[str, object]:
    own = {"seq": seq, "at": encode_moment(said.at), "kind": said.kind, "by": said.by, "previous": previous}
    return {**fields, **own}


def _hash_of(plain: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical(plain).encode("ascii")).hexdigest()


def _text(fields: Mapping[str, object], key: str, where: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{where}: {key}: expected text")
    return value
