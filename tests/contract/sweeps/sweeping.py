"""How is an emulated fleet paused and resumed, and what came of it, by receipt and exit code?"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from gate.commands.fleet import now, open_journal, report
from gate.core.event import Act, Ownership, Target
from gate.core.ledger import verify
from gate.core.ledger_state import LedgerState
from gate.core.model import DEFAULT_PROTECT, Hold
from gate.core.plan import PauseRequest
from gate.core.receipt import Receipt
from gate.core.verdict import held_sentence
from gate.core.work import Protects
from gate.fleet.members import Post
from gate.fleet.pause import PauseOrder, pause
from gate.fleet.pool import Pool
from gate.fleet.resume import Resume, ResumeOrder
from gate.fleet.state import open_state
from gate.fleet.state.reading import read_entries, read_state
from gate.fleet.stop import Force
from gate.fleet.watcher import Silent
from gate.providers.protocol import Member
from tests.contract.sweeps.lab import Lab

REASON = "fibre maintenance"
FORCE = Force(timeout=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What came of a sweep.

    Attributes:
        code: the exit code.
        document: the JSON object on stdout.
        text: the same for a person.
        state: what the ledger says then.
    """

    code: int
    document: dict[str, Any]
    text: str
    state: LedgerState

    def outcomes(self, *acts: Act) -> list[str]:
        """Return what came of the targets of some acts, in the order of the alphabet."""
        return sorted(row["outcome"] for row in self.document["targets"] if row["action"] in acts)

    def stops(self) -> list[str]:
        """Return what came of what was to be stopped, in the order of the alphabet."""
        rows = [row for row in self.document["targets"] if row["action"] == "cancel"]
        return sorted(row["outcome"] for row in rows if row["id"] != "*")

    def unseen(self) -> set[str]:
        """Return why something could not be looked at."""
        rows = [row for row in self.document["targets"] if row["action"] == "cancel"]
        return {row["outcome"] for row in rows if row["id"] == "*"}

    @property
    def said(self) -> str:
        """Every detail and note."""
        return "\n".join([*(row["detail"] for row in self.document["targets"]), *self.document["notes"]])


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Labs, and one ledger for all of them.

    Attributes:
        labs: one or several.
        url: of the ledger.
        members: in the place of what the labs say, by their place.
    """

    labs: Sequence[Lab]
    url: str
    members: dict[int, Member] = field(default_factory=dict)

    def pause(
        self,
        *,
        force: Force = FORCE,
        suspend: bool = False,
        projects: tuple[str, ...] = (),
        own: Target | None = None,
        protect: tuple[str, ...] = DEFAULT_PROTECT,
    ) -> Swept:
        """Pause, as `gate pause-all` does once it knows the members."""
        hold = Hold(id=f"h-{secrets.token_hex(4)}", reason=REASON, by="dana")
        order = PauseOrder(
            hold=hold,
            request=PauseRequest(
                protects=Protects(patterns=protect), projects=projects, suspend_triggers=suspend, own=own
            ),
            reason=lambda environment: held_sentence(environment, hold, now(), protect),
            force=force,
        )
        with self._posts() as posts, open_journal(self.url, "dana") as journal:
            receipt = pause(posts, journal, order, Silent(), lambda _: None)
        return self._reported(receipt)

    def resume(
        self, *, hold: str = "", rerun: str = "none", closed: Callable[[str], str] = lambda _: ""
    ) -> Swept:
        """Lift one hold, or all that a person has raised, as `gate resume-all` does."""
        with self._posts() as posts, open_journal(self.url, "dana") as journal:
            manual = [one.hold.id for one in journal.state.holds if one.ownership is Ownership.MANUAL]
            holds = (hold,) if hold else tuple(manual)
            order = ResumeOrder(holds=holds, rerun=rerun, closed=closed, patience=0.0)
            resume = Resume(posts, journal, order, Silent())
            resume.settle()
            receipt = resume.carry_out()
        return self._reported(receipt)

    @contextmanager
    def _posts(self) -> Iterator[tuple[Post, ...]]:
        posts = [
            Post(connection=lab.connect(self.members.get(place)), pool=Pool(4))
            for place, lab in enumerate(self.labs)
        ]
        try:
            yield tuple(posts)
        finally:
            for post in posts:
                post.pool.close()
                post.connection.close()

    def _reported(self, receipt: Receipt) -> Swept:
        code, document = _printed(receipt, "json")
        _, text = _printed(receipt, "text")
        with closing(open_state(self.url)) as ledger:
            entries, head = read_entries(ledger)
            state = read_state(ledger)
        assert verify(entries, head=head) is None
        assert state.unfinished == ()
        _check_words(receipt, text)
        return Swept(code=code, document=json.loads(document), text=text, state=state)


def _printed(receipt: Receipt, format_: str) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        code = report(receipt, format_)
    return int(code), stdout.getvalue()


def _check_words(receipt: Receipt, text: str) -> None:
    """Whatever is not proven has a reason, and a person reads it too."""
    for row in receipt.unproven:
        assert row.detail
        assert row.outcome == "failed" or row.target.name
    assert receipt.complete is (not receipt.unproven)
    assert all(len(line) < 600 for line in text.splitlines())
