"""How is a GitLab asked: in step with its limits, patiently, and nobody else in its place?

Each request has a line of its own meanwhile, since `requests` does not promise that a session can
be shared. The token goes to the given host alone: no redirect is followed, and the address of a
next page is read for what is asked, not for where.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers.gitlab.line import Line
from gate.providers.gitlab.refusal import Ask, Unanswered, explained, unreadable
from gate.providers.idle import Idle
from gate.providers.pace import LONGEST_WAIT, Pace
from gate.providers.patience import Reply, pause_before, pause_said

PAGE = 100

_API = "/api/v4"
_UNSAID = 10.0  # a limit counts by the minute


class Client:
    """Asks one GitLab. Every method may be called from several threads at once.

    Args:
        url: of the instance, with or without ``/api/v4``.
        token: an access token; a personal, project or group one is sent as OAuth sends its own,
            which REST and GraphQL take alike.
        pace: the budget of requests.
        verify: True, False, or the path of a CA bundle.
        called: how a person calls the token.
        purpose: what python-gitlab is needed for, in case that it is missing.
        longest: seconds that are waited at most where GitLab asks for a pause.
        now: seconds since the epoch.

    Raises:
        MissingExtra: python-gitlab is not installed.
    """

    def __init__(
        self,
        url: str,
        token: Secret,
        pace: Pace,
        *,
        verify: bool | str = True,
        called: str = "the token",
        purpose: str = "a fleet in GitLab",
        longest: float = LONGEST_WAIT,
        now: Callable[[], float] = time.time,
    ) -> None:
        _require(purpose)
        self.pace = pace
        self.called = called
        self._url = url.rstrip("/").removesuffix(_API)
        self.host = urlsplit(self._url).netloc or one_line(self._url, 80)
        self._token = token
        self._verify = verify
        self._longest = longest
        self._now = now
        self._lines = Idle(lambda: Line(self._url, self._token, self._verify))

    def send(self, ask: Ask, lane: Pace | None = None) -> Any:
        """Return the decoded answer, None where it has no content.

        Args:
            ask: the request.
            lane: a further budget that it takes from, such as a project's own.

        Raises:
            Unanswered: it came to nothing.
        """
        return self._exchange(ask, lane)[0]

    def pages(self, ask: Ask) -> Iterator[list[Any]]:
        """Yield a list page by page, as far as the answers lead on.

        Raises:
            Unanswered: a page cannot be had.
        """
        following: str | None = ask.path
        query = {**ask.query, "per_page": PAGE}
        seen: set[str] = set()
        while following is not None:
            document, link = self._exchange(replace(ask, path=following, query=query), None)
            if not isinstance(document, list):
                raise unreadable(ask, self.host, "a list")
            yield document
            seen.add(following)
            following, query = _path_in(link) if link else None, {}
            if following in seen or following == "":
                raise unreadable(ask, self.host, "the address of a next page")

    def query(self, text: str, variables: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """Return the data that a GraphQL query answers.

        Raises:
            Unanswered: it came to nothing; GitLab says so with status 200 as well.
        """
        body = {"query": text, "variables": variables}
        document = self.send(replace(ask, path="", method="post", body=body, repeatable=True))
        if not isinstance(document, dict):
            raise unreadable(ask, self.host, "an object")
        data, errors = document.get("data"), document.get("errors")
        if isinstance(data, dict):
            return data
        first = errors[0] if isinstance(errors, list) and errors else None
        said = str(first.get("message", "")) if isinstance(first, dict) else ""
        message = one_line(said, 150)
        if not message:
            raise unreadable(ask, self.host, "data")
        raise Unanswered(
            Outcome.FAILED, f"{ask.what}: {self.host} does not answer the query: {message}", message=message
        )

    def close(self) -> None:
        """Let go of all connections."""
        self._lines.close()

    def _exchange(self, ask: Ask, lane: Pace | None) -> tuple[Any, str]:
        """Return the decoded answer, and the address of a next page."""
        tries = 0
        while True:
            tries += 1
            if lane is not None:
                lane.take()
            self.pace.take()
            with self._lines.lent() as line:
                reply, link = line.send(ask)
            reply = reply.without(self._token)
            if 200 <= reply.status < 300:
                self.pace.pause(min(pause_said(reply.headers, self._now()) or 0.0, self._longest))
                return self._decoded(reply, ask), link
            wait = pause_before(
                reply,
                tries,
                self._now(),
                limited=reply.status == 429,
                repeatable=ask.repeatable,
                unsaid=_UNSAID,
            )
            if wait is None or wait > self._longest:
                raise explained(reply, ask, self.host, self.called)
            self._wait(reply, lane, wait)

    def _wait(self, reply: Reply, lane: Pace | None, seconds: float) -> None:
        """Wait as long as it takes: all threads for the throttle, a project's own for its limit.

        Rack::Attack, which counts all requests of a token, answers in plain text; the limits of
        single actions answer in JSON (doc/security/rate_limits.md, read 2026-11-24).
        """
        if reply.status != 429:
            self.pace.sleep(seconds)
        elif lane is not None and reply.body.lstrip().startswith("{"):
            lane.pause(seconds)
        else:
            self.pace.pause(seconds)

    def _decoded(self, reply: Reply, ask: Ask) -> Any:
        if reply.status == 204:
            return None
        try:
            return json.loads(reply.body)
        except ValueError:
            raise unreadable(ask, self.host, "JSON") from None


def _require(purpose: str) -> None:
    try:
        import gitlab  # noqa: F401
    except ImportError:
        raise MissingExtra("gitlab", purpose) from None


def _path_in(link: str) -> str:
    """Return what a link asks for below the API, whatever host it names; empty where it is none."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    _, found, rest = parts.path.partition(f"{_API}/")
    return f"/{rest}?{parts.query}" if found else ""
