"""What does a URL of `gate wait` ask for, and does it hold now?

`tcp`, `amqp`, `mongodb` and `postgresql` are asked as dependencies are, in their own protocol. A
name holds once it resolves, a web page once it answers below 400: a service that is starting
up says 503 over a connection that is fine. The fibre is not asked for here, since a hold counts
there as well: see `gate.asking`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gate.core.reason import one_line, without_credentials
from gate.probe.dependencies import ask_dependency

SCHEMES: Final = (
    "http",
    "https",
    "tcp",
    "dns",
    "amqp",
    "amqps",
    "mongodb",
    "postgresql",
    "fiber+http",
    "fiber+https",
)
FIBER: Final = "fiber+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that must hold.

    Attributes:
        url: its address; may carry credentials.
        shown: its address, as it may be shown.
        scheme: one of `SCHEMES`.
        host: the host that it names.
    """

    url: str = field(repr=False)
    shown: str
    scheme: str
    host: str

    @property
    def focus_server(self) -> str | None:
        """The Focus server whose fibre is waited for, or None."""
        return self.url.removeprefix(FIBER) if self.scheme.startswith(FIBER) else None


def parse_condition(text: str) -> Condition:
    """Return the condition that a URL states.

    Raises:
        ValueError: it states none; the message shows it without credentials and says what was expected.
    """
    shown = without_credentials(text)
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(f"{shown}: {error}") from None
    if "://" not in text or not parts.scheme:
        raise ValueError(f"{shown}: expected a URL such as tcp://mongodb:27017")
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ValueError(f"{shown}: unknown scheme; known are {known}")
    problem = next(_problems(parts), None)
    if problem:
        raise ValueError(f"{shown}: {problem}")
    return Condition(url=text, shown=shown, scheme=parts.scheme, host=parts.hostname or "")


def ask_condition(condition: Condition, timeout: float, verify_tls: bool | str) -> str | None:
    """Return why a condition does not hold, in a few words, or None where it holds.

    Args:
        condition: any but the fibre.
        timeout: seconds to connect, and again between two reads; a name has no such limit.
        verify_tls: of ``https``: True, False, or the path of a CA bundle.
    """
    match condition.scheme:
        case "dns":
            return _ask_name(condition.host)
        case "http" | "https":
            return _ask_page(condition.url, timeout, verify_tls)
        case _:
            return ask_dependency(condition.url, timeout).cause


def _problems(parts: SplitResult) -> Iterator[str]:
    if "," in parts.netloc:
        yield "names several hosts; give each a URL of its own, all must hold"
        return
    try:
        port = parts.port
    except ValueError:
        yield "expected a port from 1 to 65535"
        return
    if not parts.hostname:
        yield "names no host"
    elif port == 0:
        yield "expected a port from 1 to 65535"
    elif parts.scheme == "tcp" and port is None:
        yield "names no port; expected a URL such as tcp://mongodb:27017"
    elif parts.scheme == "dns" and (port is not None or parts.path.strip("/")):
        yield "expected a name alone, such as dns://mongodb"
    elif parts.scheme.startswith(FIBER) and (parts.query or parts.fragment):
        yield "expected the Focus server's address without a query or fragment after it"


def _ask_name(host: str) -> str | None:
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):  # the latter: a label that is too long
        return "its name cannot be resolved"
    return None


def _ask_page(url: str, timeout: float, verify_tls: bool | str) -> str | None:
    """Return why a page does not answer below 400; where it redirects to is not followed."""
    import requests
    import urllib3

    if verify_tls is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    try:
        with requests.get(
            url, timeout=timeout, verify=verify_tls, allow_redirects=False, stream=True
        ) as response:
            return f"answers with HTTP {response.status_code}" if response.status_code >= 400 else None
    except requests.exceptions.SSLError:
        return "its certificate is not accepted; GATE_VERIFY_TLS takes false or the path of a CA bundle"
    except requests.Timeout:
        return f"no answer within {timeout:g} s"
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        return _connection_words(error)


def _connection_words(error: BaseException) -> str:
    """Return in a few words why a request got no answer; its own words would name the whole URL."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(seen) < 20:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    if any(isinstance(cause, socket.gaierror) for cause in seen):
        return "its name cannot be resolved"
    if any(isinstance(cause, ConnectionRefusedError) for cause in seen):
        return "refuses the connection"
    last = next(
        (cause.strerror for cause in reversed(seen) if isinstance(cause, OSError) and cause.strerror), ""
    )
    return one_line(last, 120) or f"no answer that can be read ({type(error).__name__})"
