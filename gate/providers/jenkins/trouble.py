"""What does an answer of Jenkins mean that is not the one hoped for, in one sentence?

A 403 names the missing permission in ``X-Required-Permission`` (AccessDeniedException3, read
2026-11-24); what may not be read at all is a 404.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from gate.core.reason import one_line, without_credentials
from gate.core.work import Asked, Outcome
from gate.providers.patience import Reply
from gate.providers.protocol import NotDone

CANCEL = "hudson.model.Item.Cancel"
BUILD = "hudson.model.Item.Build"
_PERMISSIONS = {
    "hudson.model.Hudson.Read": "Overall/Read",
    "hudson.model.Item.Read": "Job/Read",
    CANCEL: "Job/Cancel",
    BUILD: "Job/Build",
    "hudson.model.Item.Configure": "Job/Configure",
    "hudson.model.Run.Update": "Run/Update",
}


class NoWayIn(NotDone):
    """The controller does not answer, or not to this user: no other request will do better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Says what went wrong.

    Attributes:
        host: the controller.
        user: who asks, or the variable that holds it.
        credential: what the secret is called.
    """

    host: str
    user: str
    credential: str = "its token"

    def why(self, reply: Reply, what: str) -> tuple[Outcome, str]:
        """Return what came of a request, and why; `what` it was about, such as a job's name."""
        match reply.status:
            case 0:
                return Outcome.FAILED, f"{self.host} does not answer: {reply.body}"
            case 401:
                return (
                    Outcome.REFUSED,
                    f"HTTP 401: {self.host} does not accept {self.user} and {self.credential}",
                )
            case 403:
                return Outcome.REFUSED, self._forbidden(reply, what)
            case 404:
                return Outcome.FAILED, (
                    f"HTTP 404 from {self.host}: no such build or job, {what}, or {self.user} lacks Job/Read"
                )
            case 429:
                return Outcome.FAILED, f"HTTP 429: {self.host} is asked too often"
            case status if 300 <= status < 400:
                place = without_credentials(reply.headers.get("location", "")) or "nowhere"
                return Outcome.FAILED, (
                    f"HTTP {status}: {self.host} redirects to {place}, which is not followed; "
                    "give the address that answers itself"
                )
            case 503 if "ready to work" in reply.body:
                return Outcome.FAILED, f"HTTP 503: {self.host} is starting"
            case status:
                return Outcome.FAILED, f"HTTP {status} from {self.host} for {what}"

    def asked(self, reply: Reply, what: str) -> Asked:
        """Return what came of a request to do something."""
        outcome, detail = self.why(reply, what)
        return Asked(outcome=outcome, detail=one_line(detail, 300))

    def not_done(self, reply: Reply, what: str) -> NotDone:
        """Return the error for a read that failed."""
        outcome, detail = self.why(reply, what)
        kind = NoWayIn if reply.status in (0, 401) else NotDone
        return kind(outcome, one_line(detail, 300))

    def needs(self, permission: str, what: str) -> str:
        """Return the sentence that a permission is missing."""
        known = _PERMISSIONS.get(permission)
        name = f"{known} ({permission})" if known else one_line(permission, 120)
        return f"{self.user} needs {name} on {what}"

    def _forbidden(self, reply: Reply, what: str) -> str:
        needed = reply.headers.get("x-required-permission", "").strip()
        if needed:
            return f"HTTP 403 from {self.host}: {self.needs(needed, what)}"
        if "crumb" in reply.body.lower():
            return (
                f"HTTP 403 from {self.host}: it gives no crumb; "
                f"{self.credential} must be an API token of {self.user}"
            )
        return (
            f"HTTP 403 from {self.host} for {what}, without the name of a permission; "
            f"{self.credential} must be an API token of {self.user}, who must be allowed to do this"
        )


def accepted(reply: Reply, path: str) -> bool:
    """Return whether Jenkins has taken a request: it then leads back to a page of its own.

    A proxy leads to a login, or to the same address under another scheme, and has not passed it on.
    """
    if reply.status not in (200, 204, 302, 303):
        return False
    location = urlsplit(reply.headers.get("location", ""))
    absolute = location.netloc or location.path.startswith("/")
    if reply.status in (200, 204) or not absolute:
        return True
    led_back = location.path in ("", "/") or "/job/" in location.path or "/queue/" in location.path
    return led_back and not location.path.endswith(f"/{path}")


def host_of(url: str) -> str:
    """Return host and port of an address, as far as it has one."""
    return one_line(urlsplit(url).netloc.rpartition("@")[2], 100)


def network_words(error: Exception) -> str:
    """Return an error of the network in words: never its own text, which may hold what it likes."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    if isinstance(error, requests.Timeout | TimeoutError):
        return "nothing came in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy on the way fails"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke in the middle of the answer"
    if isinstance(error, requests.ConnectionError):
        return "the connection fails"
    return type(error).__name__
