"""How is a ledger kept on a ref of a git repository, without a server of its own?

An append is one commit and one push with a lease: the server moves the ref only where it still
is what the commit stands on, so the second of two writers is refused, sees the new end and
gives up. No work tree is touched, and the history of the ref is the audit.
"""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Final

from gate.core.entry import Entry, Head, Note, chain, parse_entry
from gate.errors import ConfigError
from gate.fleet.state.git_layout import (
    HEAD_FILE,
    SCHEMA,
    NewerLedger,
    Tip,
    commit_stream,
    head_after,
    parse_head,
    segment_file,
    segments,
    split_lines,
    tail_after,
    tail_problem,
)
from gate.fleet.state.git_repository import DRAFT, TIMEOUT, CacheDamaged, GitRepository, open_repository
from gate.fleet.state.git_trouble import PASSING, pushing_trouble, said
from gate.fleet.state.git_url import parse_place
from gate.fleet.state.protocol import Conflict, Ledger, LedgerBroken

ATTEMPTS: Final = 5
_PAUSE: Final = 0.2
_NOTHING: Final = Tip(commit="", head=Head())

_Line = tuple[int, bytes]


def open_ledger(url: str, *, create: bool) -> Ledger | None:
    """Return the ledger on this ref; None where there is no such ref and `create` is False.

    Raises:
        ConfigError: the URL is none, the repository is not there, cannot be reached or refuses
            this user, or what stands on the ref is no ledger.
    """
    ledger = GitLedger(open_repository(parse_place(url), os.environ))
    try:
        if ledger.is_there() or (create and ledger.begin()):
            return ledger
    except BaseException:
        ledger.close()
        raise
    ledger.close()
    return None


class GitLedger:
    """A ledger on a ref. Calls of several threads follow one after the other."""

    def __init__(self, repository: GitRepository) -> None:
        self.shown = repository.place.shown
        self._repository = repository
        self._lock = threading.Lock()
        self._tip = _NOTHING
        self._good_for = ""  # what the last fetch may be used for once more: entries, or head

    def is_there(self) -> bool:
        """Return whether the ref is there, and is a ledger's."""
        with self._lock:
            found = self._repository.fetch()
            if found:
                self._look(fetched=True)
                self._good_for = "entries"
            return found

    def begin(self) -> bool:
        """Make the ref, unless another gate has been faster; return True."""
        with self._lock:
            self._write((), _NOTHING)
            return True

    def append(self, notes: Sequence[Note], expected_seq: int) -> tuple[Entry, ...]:
        """Append all notes or none; see `gate.fleet.state.protocol.Ledger`."""
        with self._lock:
            self._good_for = ""
            if self._tip.head.seq != expected_seq:
                self._look()
            for _ in range(ATTEMPTS):
                tip = self._tip
                if tip.head.seq != expected_seq:
                    break
                if problem := tail_problem(tip):
                    raise LedgerBroken(self.shown, *problem)
                entries = chain(notes, tip.head)
                if not entries or self._write(entries, tip):
                    return entries
            raise Conflict(expected_seq, self._tip.head.seq)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Return the entries behind number `after`; see `gate.fleet.state.protocol.Ledger`."""
        with self._lock:
            lines = self._look(after, fetched=self._good_for == "entries")
            self._good_for = "head"
        return (self._parse(seq, line) for seq, line in lines if seq > after)

    def head(self) -> Head:
        """Return how far the ledger says that it reaches; right after `entries`, what it said then."""
        with self._lock:
            if self._good_for != "head":
                self._look()
            self._good_for = ""
            return self._tip.head

    def close(self) -> None:
        """Let others have the private repository."""
        self._repository.close()

    def _look(self, after: int | None = None, *, fetched: bool = False) -> list[_Line]:
        """See where the ref is, and return the lines behind about `after`, by default the last ones.

        Raises:
            ConfigError: it cannot be read, or is not a ledger's.
        """
        if not fetched and not self._repository.fetch():
            raise ConfigError(f"state {self.shown}: the ref is gone; push a copy of it that is whole")
        try:
            return self._read(after)
        except CacheDamaged:
            self._repository.renew()
            self._repository.fetch()
            return self._read(after)

    def _read(self, after: int | None) -> list[_Line]:
        commit, content = self._repository.seen(HEAD_FILE)
        head = self._parse_head(content)
        numbers = segments(head.seq if after is None else after, head)
        files = self._repository.files(commit, [segment_file(number) for number in numbers])
        self._tip = Tip(commit=commit, head=head, tail=files[-1])
        return [
            line for number, file in zip(numbers, files, strict=True) for line in split_lines(number, file)
        ]

    def _write(self, entries: Sequence[Entry], tip: Tip) -> bool:
        """Commit and push; return False where another commit stands on the ref, which `_tip` is then.

        What a failed push has come to is looked up and not guessed: an answer may be lost on its
        way back, and the words of a refusal are each server's own.
        """
        commit = self._commit(entries, tip)
        for attempt in range(1, ATTEMPTS + 1):
            if self._tip.commit != tip.commit:
                return self._tip.commit == commit
            ran = self._repository.push(commit, tip.commit)
            if ran.ok:
                self._tip = Tip(commit=commit, head=head_after(entries, tip), tail=tail_after(entries, tip))
                return True
            if tip.commit or self._repository.fetch():
                self._look()
            passing = any(words in said(ran) for words in PASSING)
            if self._tip.commit == tip.commit and (attempt == ATTEMPTS or not passing):
                raise pushing_trouble(self._repository.place, ran, TIMEOUT)
            time.sleep(_PAUSE * random.random())
        return self._tip.commit == commit

    def _commit(self, entries: Sequence[Entry], tip: Tip) -> str:
        stream = commit_stream(entries, tip, ref=DRAFT, claim=uuid.uuid4().hex, now=time.time())
        try:
            return self._repository.commit(stream)
        except CacheDamaged:
            self._repository.renew()
            if tip.commit:
                self._look()
            return self._repository.commit(stream) if self._tip.commit == tip.commit else ""

    def _parse_head(self, content: bytes | None) -> Head:
        if content is None:
            raise ConfigError(
                f"state {self.shown}: is not a ledger (its end is not noted in {HEAD_FILE}); name another "
                "ref behind #, or push a copy that is whole"
            )
        try:
            return parse_head(content)
        except NewerLedger as error:
            raise ConfigError(
                f"state {self.shown}: its form is {error}, and this gate knows {SCHEMA} at most; "
                "update fiber-gate; nothing was changed"
            ) from None
        except ValueError as error:
            raise ConfigError(
                f"state {self.shown}: is not a ledger ({error}); name another ref behind #, or push a "
                "copy that is whole"
            ) from None

    def _parse(self, seq: int, line: bytes) -> Entry:
        try:
            return parse_entry(line.decode("ascii"), f"entry {seq}")
        except ValueError as error:
            raise LedgerBroken(self.shown, seq, str(error).removeprefix(f"entry {seq}: ")) from None
