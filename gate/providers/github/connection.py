"""What can gate do with the repositories of one owner? See `gate.providers.protocol.Connection`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.kept import Kept
from gate.core.work import Asked, Found, Protects, Seen, Work
from gate.providers.github import kept, reruns, stopping, triggers, variables
from gate.providers.github.client import Client
from gate.providers.github.finding import Search
from gate.providers.github.notes import Notes
from gate.providers.github.repositories import list_repositories
from gate.providers.pace import Pace
from gate.providers.protocol import Each, Key, Member


class GitHubConnection:
    """One owner's repositories, all in flight of which is one kind of target: the run.

    Args:
        member: the entry of the fleet.
        pace: the budget of requests.
    """

    no_hold = ""

    def __init__(self, member: Member, pace: Pace) -> None:
        self.member = member
        self.pace = pace
        self._client = Client(member.url, member.token, pace, verify=member.verify)
        self._notes = Notes(self._client)
        self._nodes: dict[Key, str] = {}

    def find(self, protects: Protects, each: Each, *, triggers: bool = False) -> Found:
        """Return the protected runs in flight, and with `triggers` also the protected workflows."""
        found = Search(self._client, self.member, protects).find(each, triggers=triggers)
        self._nodes.update((work.target.key, json.loads(work.origin.own)["node"]) for work in found.work)
        return found

    def find_again(self, protects: Protects, each: Each) -> Found:
        """Return nothing: only the whole search could tell, and a run that starts now meets the hold."""
        return Found()

    def cancel(self, target: Target) -> Asked:
        """Ask for a run to be cancelled."""
        return stopping.cancel(self._client, target)

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        """Ask for a forced cancel first; there is nothing harder."""
        return stopping.force_cancel(self._client, target) if step == 1 else None

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        """Return where runs are, a hundred in a request where they were found by this connection."""
        return stopping.observe(self._client, targets, self._nodes, each)

    def annotate(self, work: Work, reason: str) -> Asked:
        """Put the reason on a run's commit."""
        return self._notes.annotate(work, reason)

    def shared_hold(self) -> Target | None:
        """Return the organisation's variable; a user's account has none, and refuses it."""
        return variables.place_of(self.member, self.member.root)

    def project_holds(self, each: Each) -> tuple[Target, ...]:
        """Return the repositories' variables.

        Raises:
            NotDone: the repositories cannot be listed.
        """
        listing = list_repositories(self._client, self.member)
        if listing.problem:
            raise listing.problem
        return tuple(variables.place_of(self.member, project.path) for project in listing.projects)

    def read_hold(self, place: Target) -> str | None:
        """Return the variable's value, None where there is none.

        Raises:
            NotDone: it cannot be read.
        """
        return variables.read_variable(self._client, place)

    def write_hold(self, place: Target, text: str | None) -> Asked:
        """Write the variable or take it away, and read it back."""
        return variables.write_variable(self._client, place, text)

    def read_trigger(self, target: Target) -> str | None:
        """Return the state of a workflow's switch, None where the workflow is gone.

        Raises:
            NotDone: it cannot be read.
        """
        return triggers.read_form(self._client, target)

    def write_trigger(self, target: Target, form: str) -> Asked:
        """Switch a workflow off or on."""
        return triggers.write_form(self._client, target, form)

    def rerun(self, target: Target, own: str) -> Asked:
        """Start a whole run again."""
        return reruns.rerun(self._client, self._notes, target, own)

    def rerun_seen(self, target: Target, own: str) -> str | None:
        """Return the run's id where it has a newer attempt than the one that was stopped.

        Raises:
            NotDone: the run cannot be seen.
        """
        return reruns.rerun_seen(self._client, target, own)

    def busy(self, target: Target, own: str) -> str:
        """Return which other run is in a concurrency group of this one.

        Raises:
            NotDone: it cannot be seen.
        """
        return reruns.busy(self._client, target)

    def proved(self, target: Target, became: str, protects: Protects) -> Canary:
        """Return how far a run is that was started again, by its protected jobs.

        Raises:
            NotDone: it cannot be seen.
        """
        return reruns.proved(self._client, target, protects)

    def closed_steps(self, since: datetime, each: Each) -> Kept:
        """Return the runs that have left an artifact of that name."""
        return kept.closed_steps(self._client, self.member, since, each)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
