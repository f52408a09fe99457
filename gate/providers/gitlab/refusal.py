"""Why did GitLab not do it, in words that a person can act on?

GitLab puts its reason into ``message`` or ``error``, which may be text or an object; Rack::Attack
answers in plain text (gitlabhq `lib/api/helpers.rb`, `lib/api/api_guard.rb`, read 2026-11-24).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from gate.core.reason import one_line, without_credentials
from gate.core.work import Outcome
from gate.providers.patience import Reply
from gate.providers.protocol import NotDone

_PLAIN = ("400 bad request", "401 unauthorized", "403 forbidden", "404 not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, with the words for when it comes to nothing.

    Attributes:
        path: below ``/api/v4``; a GraphQL query's is empty.
        what: what is asked for, for example ``the jobs of acme/panda``.
        needs: the role and scope that it takes.
        method: of HTTP, in lower case.
        query: what stands behind the question mark.
        body: sent as JSON.
        repeatable: whether GitLab may get it twice.
    """

    path: str
    what: str
    needs: str
    method: str = "get"
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    repeatable: bool = True


class Unanswered(NotDone):
    """GitLab did not do what was asked.

    Attributes:
        status: the HTTP status; 0 where no answer came, 200 where it could not be read.
        message: GitLab's own reason.
        location: where a redirect led, which was not followed.
    """

    def __init__(
        self, outcome: Outcome, detail: str, *, status: int = 200, message: str = "", location: str = ""
    ) -> None:
        super().__init__(outcome, detail)
        self.status = status
        self.message = message
        self.location = location


def explained(reply: Reply, ask: Ask, host: str, token: str) -> Unanswered:
    """Return why a request came to nothing.

    Args:
        reply: what came.
        ask: what was asked.
        host: where.
        token: how a person calls the token, for example ``GITLAB_TOKEN``.
    """
    message = message_of(reply.body)
    location = reply.headers.get("location", "")
    outcome, words = _words(reply, ask, host, token, location)
    if reply.status >= 400 and message and message.casefold() not in _PLAIN and reply.status != 429:
        words += f" (GitLab says: {message})"
    return Unanswered(
        outcome,
        one_line(f"{ask.what}: {words}", 500),
        status=reply.status,
        message=message,
        location=location,
    )


def unreadable(ask: Ask, host: str, expected: str) -> Unanswered:
    """Return why an answer could not be used."""
    detail = one_line(f"{ask.what}: the answer of {host} cannot be read: expected {expected}", 500)
    return Unanswered(Outcome.FAILED, detail)


def message_of(body: str) -> str:
    """Return GitLab's reason from the body of a refusal, as one line; empty where there is none."""
    try:
        document = json.loads(body)
    except ValueError:
        return "" if "<" in body else one_line(body, 150)
    if not isinstance(document, dict):
        return ""
    reason = document.get("message", document.get("error", ""))
    described = document.get("error_description", "")
    return one_line(f"{_flat(reason)} {described if isinstance(described, str) else ''}".strip(), 150)


def _words(reply: Reply, ask: Ask, host: str, token: str, location: str) -> tuple[Outcome, str]:
    match reply.status:
        case 0:
            return Outcome.FAILED, f"{host} does not answer: {reply.body}"
        case 401:
            return Outcome.REFUSED, f"{host} does not accept {token}: it may have expired or been revoked"
        case 403:
            return Outcome.REFUSED, f"{host} refuses: {token} needs {ask.needs}"
        case 404:
            return Outcome.REFUSED, f"{host} shows nothing there: it is gone, or {token} needs {ask.needs}"
        case 429:
            return Outcome.FAILED, f"{host} has had too many requests, and still has after a wait"
        case status if 300 <= status < 400:
            where = without_credentials(location)
            return Outcome.FAILED, f"{host} redirects to {where}, which is not followed"
        case status:
            return Outcome.FAILED, f"{host} answers {status}"


def _flat(reason: object) -> str:
    match reason:
        case str():
            return reason
        case dict():
            return "; ".join(f"{key}: {_flat(value)}" for key, value in reason.items())
        case list():
            return ", ".join(_flat(value) for value in reason)
    return ""
