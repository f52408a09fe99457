"""What does the Focus server answer to `GET live_metadata` right now?

The server's answers, good and bad, were recorded from a lab on 2025-11-08; `gate.sandbox`
gives the same ones.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from urllib3.exceptions import (
    HTTPError,
    InsecureRequestWarning,
    ReadTimeoutError,
)

from gate import __version__
from gate.core.model import Code, Environment, Reading
from gate.core.reason import one_line, without_credentials
from gate.probe import READER

MAX_BODY = 1024 * 1024
PAUSES = (0.3, 1.0)
_MAX_REDIRECTS = 5
_HEADERS = {"Accept": "application/json", "User-Agent": f"fiber-gate/{__version__}"}


class _NoAnswer(Exception):
    """There is no usable answer: the reading's code and words, and whether to try again."""

    def __init__(self, code: Code, detail: str, *, retry: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry = retry


def deadline_of(environment: Environment) -> float:
    """Return the seconds after which a whole reading is given up, retries included."""
    return 3 * environment.timeout


def read_focus_server(environment: Environment, sleep: Callable[[float], object] = time.sleep) -> Reading:
    """Ask the lab once and return what came of it; never raises for anything a lab does.

    A connection that fails is tried twice more, an answer never. Names, connecting, headers
    and body together may take `deadline_of` seconds: the asking runs on a thread of its own,
    so that a server which sends a byte a second cannot hold the gate beyond that.
    """
    outcome: list[Reading] = []

    def ask() -> None:
        outcome.append(_ask_with_retries(environment, sleep))

    thread = threading.Thread(target=ask, name=READER, daemon=True)
    thread.start()
    thread.join(deadline_of(environment))
    if outcome:
        return outcome[0]
    words = f"no complete answer from {_host(environment)} within {deadline_of(environment):g} s"
    return _failed(environment, Code.TIMEOUT, words)


def _ask_with_retries(environment: Environment, sleep: Callable[[float], object]) -> Reading:
    give_up = time.monotonic() + deadline_of(environment)
    for pause in (*PAUSES, None):
        try:
            return _ask(environment)
        except _NoAnswer as error:
            reading = _failed(environment, error.code, error.detail)
            if not error.retry or pause is None or time.monotonic() + pause >= give_up:
                break
        except Exception as error:  # whatever else a hostile answer provokes: closed, named
            words = f"the answer of {_host(environment)} cannot be read: {type(error).__name__}"
            return _failed(environment, Code.MALFORMED, words)
        sleep(pause)
    return reading


def _ask(environment: Environment) -> Reading:
    url = environment.focus_server.rstrip("/") + "/live_metadata"
    with requests.Session() as session:
        for _ in range(_MAX_REDIRECTS + 1):
            with _get(session, url, environment) as response:
                if not response.is_redirect:
                    return Reading(
                        environment=environment.name,
                        status=response.status_code,
                        body=_read_body(response, environment),
                        taken_at=datetime.now(UTC),
                    )
                url = _redirected(url, response.headers["location"], environment)
    raise _NoAnswer(Code.UNREACHABLE, f"{_host(environment)} redirects in a circle")


def _get(session: requests.Session, url: str, environment: Environment) -> requests.Response:
    if environment.verify_tls is False:
        urllib3.disable_warnings(InsecureRequestWarning)  # gate itself warns, once and in words
    try:
        return session.get(
            url,
            headers=_HEADERS,
            timeout=environment.timeout,
            verify=environment.verify_tls,
            allow_redirects=False,
            stream=True,
        )
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise _explained(error, environment) from None


def _read_body(response: requests.Response, environment: Environment) -> bytes:
    if response.status_code != 200:
        return b""
    body = bytearray()
    try:
        for chunk in response.iter_content(65536):
            body += chunk
            if len(body) > MAX_BODY:
                words = f"the answer of {_host(environment)} is longer than {MAX_BODY} bytes"
                raise _NoAnswer(Code.MALFORMED, words)
    except (requests.RequestException, HTTPError, OSError) as error:
        explained = _explained(error, environment)
        raise _NoAnswer(explained.code, f"{explained.detail}, in the middle of its answer") from None
    return bytes(body)


def _redirected(url: str, location: str, environment: Environment) -> str:
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    same = (before.scheme, before.hostname, before.port) == (after.scheme, after.hostname, after.port)
    upgraded = (before.scheme, before.port, after.scheme, after.port) in (
        ("http", None, "https", None),
        ("http", 80, "https", None),
    )
    if same or (upgraded and before.hostname == after.hostname):
        return target
    raise _NoAnswer(
        Code.UNREACHABLE,
        f"{_host(environment)} redirects to {without_credentials(target)}, another host, which is "
        f"not followed; set focus_server of {environment.name} to the address that answers itself",
    )


def _explained(error: Exception, environment: Environment) -> _NoAnswer:
    """Return a lower error in gate's words; what is not known counts as unreachable."""
    host = _host(environment)
    causes = _causes(error)
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
        return _NoAnswer(Code.TLS_ERROR, f"the certificate of {host} is not accepted: {_last_words(causes)}")
    if any(isinstance(cause, requests.Timeout | ReadTimeoutError) for cause in causes):
        return _NoAnswer(Code.TIMEOUT, f"no answer from {host} within {environment.timeout:g} s")
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        return _NoAnswer(Code.UNREACHABLE, f"the proxy on the way to {host} fails", retry=True)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _NoAnswer(Code.UNREACHABLE, f"the name of {host} cannot be resolved", retry=True)
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            return _NoAnswer(Code.UNREACHABLE, f"{host} refuses the connection", retry=True)
        if isinstance(cause, ConnectionError):
            return _NoAnswer(Code.UNREACHABLE, f"{host} drops the connection", retry=True)
    words = f"{host} cannot be reached: {_last_words(causes)}"
    return _NoAnswer(Code.UNREACHABLE, words, retry=isinstance(error, requests.ConnectionError))


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and all that it was raised from, wrapped errors in arguments included."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 20:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found


def _last_words(causes: list[BaseException]) -> str:
    last = next((cause for cause in reversed(causes) if isinstance(cause, OSError)), causes[-1])
    return one_line(last.strerror or str(last) if isinstance(last, OSError) else str(last), 120)


def _host(environment: Environment) -> str:
    parts = urlsplit(environment.focus_server)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _failed(environment: Environment, code: Code, words: str) -> Reading:
    return Reading(environment=environment.name, taken_at=datetime.now(UTC), failure=code, detail=words)
