"""What was held back and has not run since, by the ledger and by what the fleet's servers keep?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from gate.commands.fleet import now
from gate.commands.reaching import reachable
from gate.config import Config
from gate.core.debt import Debt, debts
from gate.core.held_back import held_back
from gate.core.kept import new_steps, placed
from gate.core.ledger_state import LedgerState
from gate.core.reason import iso
from gate.fleet.gathering import gather
from gate.fleet.tally import Tally
from gate.fleet.watcher import Silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed, and what could not be looked at."""

    debts: tuple[Debt, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many of the debts nothing newer replaces."""
        return sum(not debt.newer for debt in self.debts)


def find_owed(
    state: LedgerState, config: Config | None, environ: Mapping[str, str], age: timedelta, ref: str = ""
) -> Owed:
    """Return what is owed.

    Args:
        state: what the ledger says.
        config: whose fleet is asked, one list for each project; None asks nobody.
        environ: the process environment, which holds the fleet's tokens.
        age: how old what servers keep may be.
        ref: only this branch, tag or commit; empty for all.
    """
    if config is None or not config.document.get("fleet"):
        return Owed(debts=debts(held_back(state), ref))
    tally = Tally(Silent())
    with reachable(config, environ) as posts:
        kept = gather(posts, now() - age, tally)
        notes = tally.notes if posts else ("the fleet could not be asked",)
    found = (placed(one, state) for one in new_steps(kept, state))
    everything = replace(state, closed_steps=(*state.closed_steps, *found))
    return Owed(debts=debts(held_back(everything), ref), notes=notes)


def encode_debt(debt: Debt) -> dict[str, object]:
    """Return a debt as a JSON object."""
    return {
        "provider": debt.provider,
        "project": debt.project,
        "workflow": debt.workflow,
        "ref": debt.ref,
        "commit": debt.commit,
        "runs": list(debt.runs),
        "url": debt.url,
        "since": iso(debt.since),
        "held_back_by": debt.why,
        "newer": debt.newer or None,
    }
