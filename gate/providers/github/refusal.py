"""Why was something not done, and which permission was missing?

A job's or an App's token and a fine-grained one are refused with 403 and, mostly, the permission
in a header; a classic one is told 404 for what its scopes do not cover, and so is anybody for
what is not there (GitHub's documentation on troubleshooting the REST API, read 2026-11-24).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gate.core.reason import one_line
from gate.core.work import Asked, Outcome
from gate.providers.patience import Reply, until
from gate.providers.protocol import NotDone

_NO_LIMIT: Final = ("not accessible", "must have", "must be", "must authenticate", "saml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a call takes.

    Attributes:
        name: as fine-grained tokens and Apps have it, with its level.
        scope: what a classic token needs instead; empty where it cannot have it.
    """

    name: str
    scope: str = "repo"

    def __str__(self) -> str:
        return self.name + (f" (a classic token: the scope {self.scope})" if self.scope else " (Apps only)")


METADATA = Permission(name="metadata: read")
ACTIONS_READ = Permission(name="actions: read")
ACTIONS_WRITE = Permission(name="actions: write")
VARIABLES_READ = Permission(name="variables: read")
VARIABLES_WRITE = Permission(name="variables: write")
OWNER_VARIABLES_READ = Permission(name="organization variables: read", scope="admin:org")
OWNER_VARIABLES_WRITE = Permission(name="organization variables: write", scope="admin:org")
STATUSES_WRITE = Permission(name="commit statuses: write", scope="repo:status")
CHECKS_WRITE = Permission(name="checks: write", scope="")


class NotFound(NotDone):
    """Something is not there, or the token may not see it: GitHub answers 404 to both."""


def is_limited(reply: Reply) -> bool:
    """Return whether GitHub means that it is asked too often: a 429, or one of several kinds of 403."""
    if reply.status == 429:
        return True
    if reply.status != 403:
        return False
    words = reply.body[:2000].lower()
    if "rate limit" in words or "abuse" in words or "retry-after" in reply.headers:
        return True
    spent = reply.headers.get("x-ratelimit-remaining") == "0"
    return spent and not any(word in words for word in _NO_LIMIT)


def not_done(
    host: str, about: str, reply: Reply, message: str, needs: Permission, now: float, *, known: bool = False
) -> NotDone:
    """Return why a request was not done, in one sentence.

    Args:
        host: whom it was sent to.
        about: the project or owner that it was about.
        reply: what came.
        message: what the server says, as one line.
        needs: the permission that the request takes.
        now: seconds since the epoch.
        known: whether what was asked for is known to be there, so that a 404 only hides it.
    """
    outcome, why = _why(reply, message, needs, now, known=known)
    kind = NotFound if reply.status == 404 and not known else NotDone
    return kind(outcome, one_line(f"{about} at {host}: {why}", 400))


def unreadable(host: str, about: str, problem: str) -> NotDone:
    """Return that an answer has another form than GitHub documents."""
    return NotDone(Outcome.FAILED, one_line(f"{about} at {host}: the answer cannot be read: {problem}", 400))


def asked(error: NotDone) -> Asked:
    """Return an error as an answer to what was asked."""
    return Asked(outcome=error.outcome, detail=error.detail)


def _why(reply: Reply, message: str, needs: Permission, now: float, *, known: bool) -> tuple[Outcome, str]:
    status = reply.status
    if is_limited(reply):
        end = until(reply.headers, now)
        return Outcome.FAILED, f"GitHub has been asked too often{f', until {end}' if end else ''} ({message})"
    match status:
        case 0:
            return Outcome.FAILED, f"GitHub cannot be reached: {message}"
        case 401:
            return Outcome.REFUSED, f"the token is not accepted: expired, revoked or mistyped ({message})"
        case 403 if "x-github-sso" in reply.headers:
            return Outcome.REFUSED, "the token is not authorised for the organisation's single sign-on"
        case 403:
            return Outcome.REFUSED, f"the token lacks {_accepted(reply) or needs} (403: {message})"
        case 404 if known:
            return Outcome.REFUSED, f"the token lacks {needs} (404: {message})"
        case 404:
            return Outcome.REFUSED, f"not there, or hidden from a token without {needs} (404: {message})"
        case 200:
            return Outcome.FAILED, f"the answer cannot be read: {message}"
        case _:
            return Outcome.FAILED, f"GitHub answers {status}: {message}"


def _accepted(reply: Reply) -> str:
    """Return the permission that the server itself names."""
    return one_line(reply.headers.get("x-accepted-github-permissions", "").replace("=", ": "), 100)
