"""How does one request leave, through python-jenkins?

python-jenkins carries session, authentication and URLs. Requests go one level down, through its
session: its own methods follow the 302 of a stop to an HTML page, drop the header that names a missing
permission, wait for ever and ask for a crumb before anything else (python-jenkins 1.8.3, read
2026-11-24). No redirect is followed, so that credentials reach the member's host alone.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from gate.errors import MissingExtra
from gate.providers.jenkins.trouble import network_words
from gate.providers.pace import Pace
from gate.providers.patience import Reply
from gate.providers.protocol import Member

if TYPE_CHECKING:
    import requests

TIMEOUT: Final = 15.0
LONGEST_ANSWER: Final = 120.0
_MOST_BYTES: Final = 256 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One request.

    Attributes:
        method: GET or POST.
        path: below the controller's root.
        query: goes into the URL, and so into logs on the way.
        form: goes into the body.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


def load_library(purpose: str) -> Any:
    """Return python-jenkins.

    Raises:
        MissingExtra: it is not installed; `purpose` is what it is needed for.
    """
    try:
        return import_module("jenkins")
    except ImportError:
        raise MissingExtra("jenkins", purpose) from None


class Session:
    """One client of python-jenkins, which only one thread may use at a time.

    Args:
        library: see `load_library`.
        member: which controller, and whose token.
        pace: the budget of requests.
    """

    def __init__(self, library: Any, member: Member, pace: Pace) -> None:
        self._member = member
        self._pace = pace
        _hide_header_values()
        client = library.Jenkins(
            member.url, member.user or None, member.token.reveal() or None, timeout=TIMEOUT
        )
        self._build_url = client._build_url
        self._session: requests.Session = client._session
        # As `_maybe_add_auth` does, without asking for anything first.
        self._session.auth = client._auths[0][1]
        # The library takes PYTHONHTTPSVERIFY=0 for a wish; the configuration says it.
        self._session.verify = member.verify

    def send(self, sending: Sending) -> Reply:
        """Return what came of a request; where a password's POST needs a crumb, of the second one with it.

        What was refused for the lack of a crumb has not happened, so that it may be sent again.
        """
        reply = self._send(sending)
        asks_for_crumb = (
            sending.method == "POST"
            and reply.status == 403
            and "x-required-permission" not in reply.headers
            and "crumb" in reply.body.lower()
        )
        return self._send(sending) if asks_for_crumb and self._fetch_crumb() else reply

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _fetch_crumb(self) -> bool:
        reply = self._send(Sending(method="GET", path="crumbIssuer/api/json"))
        try:
            document = json.loads(reply.body)
            field_name, crumb = document["crumbRequestField"], document["crumb"]
            usable = _HEADER_NAME.fullmatch(field_name) and crumb.isprintable() and crumb.isascii()
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        if reply.status != 200 or not usable:
            return False
        self._session.headers[field_name] = crumb
        return True

    def _send(self, sending: Sending) -> Reply:
        import requests
        import urllib3

        self._pace.take()
        verify = self._member.verify
        if verify is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # gate itself warns
        try:
            with self._session.request(
                sending.method,
                self._build_url(sending.path),
                params=sending.query or None,
                data=sending.form or None,
                timeout=(TIMEOUT, TIMEOUT),
                verify=None if verify is True else verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._body(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                reply = Reply(status=response.status_code, headers=headers, body=body)
                return reply.without(self._member.token)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Reply(status=0, body=network_words(error))

    def _body(self, response: requests.Response) -> str:
        started = self._pace.now()
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > _MOST_BYTES:
                raise ValueError(f"an answer of more than {_MOST_BYTES} bytes")
            if self._pace.now() - started > LONGEST_ANSWER:
                raise TimeoutError
        return body.decode("utf-8", "replace")


def _hide_header_values() -> None:
    """Keep python-jenkins from logging the values of JENKINS_API_EXTRA_HEADERS."""
    logging.getLogger().addFilter(_names_only)


def _names_only(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("JENKINS_API_EXTRA_HEADERS")
