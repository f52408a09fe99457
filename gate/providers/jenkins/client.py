"""What does a controller answer, and when is a request sent again?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from gate.core.work import Outcome
from gate.providers.idle import Idle
from gate.providers.jenkins.session import Sending, Session, load_library
from gate.providers.jenkins.trouble import Teller, host_of
from gate.providers.pace import Pace
from gate.providers.patience import Reply, pause_before
from gate.providers.protocol import Member, NotDone

UNSAID: Final = 2.0  # seconds to wait where a limit does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """An answer, and how often the request for it was sent."""

    tries: int = 1


class Controller:
    """One Jenkins controller; may be asked from several threads at once.

    Each request borrows a session that nobody else has meanwhile, since python-jenkins changes its
    session while it is used.

    Args:
        member: which controller, and whose token.
        pace: the budget of requests.
        teller: how people are told what went wrong.
        now: gives seconds since the epoch.

    Raises:
        MissingExtra: python-jenkins is not installed.
    """

    def __init__(
        self,
        member: Member,
        pace: Pace,
        teller: Teller | None = None,
        now: Callable[[], float] = time.time,
        purpose: str = "a fleet with Jenkins",
    ) -> None:
        self._library = load_library(purpose)
        self.member = member
        self.pace = pace
        self.teller = teller or Teller(host=host_of(member.url), user=member.user or "anonymous")
        self._now = now
        self.sessions = Idle(lambda: Session(self._library, self.member, self.pace))
        self._silent = False

    def read(self, path: str, tree: str, what: str) -> dict[str, Any]:
        """Return the object that `path`'s API shows of `tree`.

        Args:
            path: below the controller's root, with its slash; empty for the root itself.
            tree: what is asked for; never everything.
            what: what it is about, for people.

        Raises:
            NotDone: there is no such answer.
        """
        answer = self.ask("GET", f"{path}api/json", query={"tree": tree})
        if answer.status != 200:
            raise self.teller.not_done(answer, what)
        return self.parse(answer, what)

    def find(self, path: str, tree: str, what: str) -> dict[str, Any] | None:
        """Return what `read` returns, None where there is nothing at `path`."""
        answer = self.ask("GET", f"{path}api/json", query={"tree": tree})
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self.teller.not_done(answer, what)
        return self.parse(answer, what)

    def parse(self, answer: Answer, what: str) -> dict[str, Any]:
        """Return the object that an answer holds.

        Raises:
            NotDone: it holds none, as the page of a login or a proxy.
        """
        document: object = None
        with suppress(ValueError, RecursionError):
            document = json.loads(answer.body)
        if not isinstance(document, dict):
            words = f"the answer of {self.teller.host} for {what} is not what Jenkins says: no JSON object"
            raise NotDone(Outcome.FAILED, words)
        return document

    def act(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool = True,
        meant: frozenset[int] = frozenset(),
    ) -> Answer:
        """Return what comes of a POST; a status in `meant` says something and is no breakdown."""
        return self.ask("POST", path, query=query, form=form, repeatable=repeatable, meant=meant)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeatable: bool = True,
        meant: frozenset[int] = frozenset(),
    ) -> Answer:
        """Return the answer to a request, sent again where that is worth while and may be.

        Status 0 stands for no answer; the body then says why.
        """
        sending = Sending(method=method, path=path, query=query or {}, form=form or {})
        tries = 0
        while True:
            tries += 1
            with self.sessions.lent() as session:
                reply = session.send(sending)
            limited = reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers)
            pause = None
            if reply.status:
                self._silent = False
            elif self._silent:
                repeatable = False  # nobody waits for a dead controller over and over
            if reply.status not in meant and (repeatable or not limited):
                pause = pause_before(
                    reply, tries, self._now(), limited=limited, repeatable=repeatable, unsaid=UNSAID
                )
            if pause is None:
                self._silent = reply.status == 0 and (self._silent or tries > 1)
                return Answer(status=reply.status, headers=reply.headers, body=reply.body, tries=tries)
            if limited:
                self.pace.pause(pause)
            else:
                self.pace.sleep(pause)

    def close(self) -> None:
        """Let go of connections."""
        self.sessions.close()
