"""How is GitHub asked? At its pace, with patience, by several threads, and nobody but GitHub.

Limits and their answers are from GitHub's documentation on rate limits for the REST API and its
best practices, read 2026-11-24.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gate.core.reason import one_line, without_credentials
from gate.core.secret import Secret
from gate.providers.github.refusal import Permission, is_limited, not_done, unreadable
from gate.providers.idle import Idle
from gate.providers.pace import LONGEST_WAIT, Pace
from gate.providers.patience import Reply, pause_before

if TYPE_CHECKING:
    from gate.providers.github.transport import Transport

PAGE: Final = 100
READ_POINTS: Final = 1.0
UNSAID_PAUSE: Final = 60.0  # "wait for at least one minute"
MOST_HOPS: Final = 3

_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_APP_TOKEN: Final = "ghs_"  # noqa: S105 - what such tokens begin with
_MOST_PAGES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """What came in the end.

    Attributes:
        tries: how often it was sent. After more than one the first may have been carried out.
    """

    tries: int = 1

    @property
    def message(self) -> str:
        """What the server says of it, as one line."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            document = None
        text = document.get("message") if isinstance(document, dict) else None
        return one_line(text if isinstance(text, str) and text else self.body, 200)


class Client:
    """GitHub's API under one address, with one token.

    A redirect is followed only below that address, with verb, query and body as they were:
    a renamed repository answers so.

    Args:
        url: the address of the API.
        token: what is sent as authorization, to that address alone.
        pace: the budget that all threads share.
        verify: True, False, or the path of a CA bundle.
        longest: seconds that it waits at most before a request is sent again.
        now: gives seconds since the epoch, which GitHub's reset times count in.
    """

    def __init__(
        self,
        url: str,
        token: Secret,
        pace: Pace,
        *,
        verify: bool | str = True,
        longest: float = LONGEST_WAIT,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(without_credentials(url)).netloc or one_line(url)
        self.is_app = token.reveal().startswith(_APP_TOKEN)
        self.pace = pace
        self._token = token
        self._verify = verify
        self._longest = longest
        self._now = now
        self.transports = Idle(self._transport)

    def send(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        points: float | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Send a request, again where that helps, and return what came in the end.

        Args:
            verb: the HTTP method.
            path: below the API's address, quoted.
            query: its parameters.
            body: what is sent as JSON; None sends none.
            points: what it costs of the budget; by default what GitHub's REST API takes.
            repeatable: whether it may reach GitHub twice, where an answer was lost.
        """
        points = points or (READ_POINTS if verb == "GET" else self.pace.write_points)
        tries = 0
        while True:
            reply = self._followed(verb, path, query or {}, body, points)
            tries += 1
            limited = is_limited(reply)
            wait = pause_before(
                reply, tries, self._now(), limited=limited, repeatable=repeatable, unsaid=UNSAID_PAUSE
            )
            if wait is None or wait > self._longest:
                return Answer(status=reply.status, headers=reply.headers, body=reply.body, tries=tries)
            if limited:
                self.pace.pause(wait)
            else:
                self.pace.sleep(wait)

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Answer:
        """Send a GraphQL query: on github.com beside the REST API, on an Enterprise Server above it."""
        return self.send(
            "POST",
            self._graphql_url(),
            body={"query": query, "variables": dict(variables)},
            points=READ_POINTS,
        )

    def read(
        self, path: str, about: str, needs: Permission, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return the JSON object that a GET is answered with.

        Args:
            path: below the API's address, quoted.
            about: whose it is, for the sentence that says why it cannot be read.
            needs: the permission that it takes.
            query: its parameters.

        Raises:
            NotDone: it cannot be read.
        """
        answer = self.send("GET", path, query=query)
        return self.object_in(answer, about, needs)

    def object_in(self, answer: Answer, about: str, needs: Permission) -> dict[str, Any]:
        """Return the JSON object that an answer holds.

        Raises:
            NotDone: the answer is another one.
        """
        document = self.document_in(answer, about, needs)
        if not isinstance(document, dict):
            raise unreadable(self.host, about, "expected an object")
        return document

    def document_in(self, answer: Answer, about: str, needs: Permission) -> Any:
        """Return the JSON document that an answer of status 200 holds.

        Raises:
            NotDone: the answer is another one.
        """
        if answer.status != 200:
            raise not_done(self.host, about, answer, answer.message, needs, self._now())
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise unreadable(self.host, about, "it is no JSON") from None

    def pages(self, path: str, query: Mapping[str, str], size: int = PAGE) -> Iterator[Answer]:
        """Yield the pages of a list, up to one that is refused; the server's links are not followed."""
        for page in range(1, _MOST_PAGES + 1):
            answer = self.send("GET", path, query={**query, "per_page": str(size), "page": str(page)})
            yield answer
            if answer.status != 200 or 'rel="next"' not in answer.headers.get("link", ""):
                return

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._now()

    def close(self) -> None:
        """Let go of connections."""
        self.transports.close()

    def _transport(self) -> Transport:
        from gate.providers.github.transport import Transport

        return Transport(self.url, self._token, self._verify)

    def _followed(self, verb: str, path: str, query: Mapping[str, str], body: Any, points: float) -> Reply:
        url = path
        for _ in range(MOST_HOPS):
            self.pace.take(points)
            with self.transports.lent() as transport:
                reply = transport.send(verb, url, query, body).without(self._token)
            location = reply.headers.get("location", "")
            if reply.status not in _REDIRECTS or not location:
                return reply
            if not self._is_ours(location):
                where = without_credentials(location)
                return Reply(status=reply.status, body=f"it leads to {where}, which is not followed")
            url = location
        return Reply(status=reply.status, body="it leads round in circles")

    def _is_ours(self, location: str) -> bool:
        try:
            there, here = urlsplit(location), urlsplit(self.url)
            same = (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
        except ValueError:
            return False
        return same and not there.username and there.path.startswith(f"{here.path}/")

    def _graphql_url(self) -> str:
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path.removesuffix('/v3')}/graphql").geturl()
