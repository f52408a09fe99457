"""How does PyGithub send one request, without following where the answer leads?

Left alone, PyGithub 2.10 sends a request that was answered by 301 again without its query, so
that a filtered list comes back unfiltered; it follows no 307; and it asks for ever where a GET
is answered by 202 (`Requester.py`, read 2026-11-24). Here it never sees such a status, and the
caller does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from github import Auth, Github, GithubException
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, RequestsResponse

from gate.core.secret import Secret
from gate.providers.patience import Reply

TIMEOUT = 15

_ORDINARY = 200


class Transport:
    """One PyGithub client with a connection of its own: for one thread at a time.

    PyGithub keeps verb and URL of a request in its connection, so that a second thread can send
    the first one's request (PyGithub#1257, read 2026-11-24).

    Args:
        url: the address of the API, with http or https.
        token: what is sent as authorization; an empty one sends none.
        verify: True, False, or the path of a CA bundle.
    """

    def __init__(self, url: str, token: Secret, verify: bool | str) -> None:
        parts = urlsplit(url)
        self._github = Github(
            auth=Auth.Token(token.reveal()) if token else None,
            base_url=url,
            timeout=TIMEOUT,
            user_agent="fiber-gate",
            verify=verify,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        kind = _Secure if parts.scheme == "https" else _Plain
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        self._connection = kind(host, parts.port, timeout=TIMEOUT, verify=verify)
        if verify is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def send(self, verb: str, url: str, query: Mapping[str, str], body: Any) -> Reply:
        """Send a request once; what goes wrong on the way is a reply of status 0 that says why."""
        try:
            _, headers, text = self._github.requester.requestJson(
                verb, url, dict(query), input=body, cnx=self._connection
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, GithubException) as error:
            return Reply(status=0, body=_cause(error))
        except (OSError, ValueError) as error:
            return Reply(status=0, body=_cause(error))
        return Reply(status=self._connection.answered, headers=headers, body=text)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()
        self._github.close()


class _Plain(HTTPRequestsConnectionClass):
    answered = 0

    def getresponse(self) -> RequestsResponse:
        response = super().getresponse()
        self.answered = response.status
        return _ordinary(response)


class _Secure(HTTPSRequestsConnectionClass):
    answered = 0

    def getresponse(self) -> RequestsResponse:
        response = super().getresponse()
        self.answered = response.status
        return _ordinary(response)


def _ordinary(response: RequestsResponse) -> RequestsResponse:
    response.status = _ORDINARY
    response.response.encoding = "utf-8"  # requests would guess where a proxy took the charset away
    return response


def _cause(error: Exception) -> str:
    """Return why no answer came; never the error's own text, which may hold a header."""
    match error:
        case requests.exceptions.SSLError():
            return "its certificate is not accepted"
        case requests.Timeout():
            return f"it does not answer within {TIMEOUT} s"
        case requests.exceptions.ProxyError():
            return "the proxy on the way fails"
        case requests.exceptions.InvalidHeader() | UnicodeError():
            return "the token holds characters that cannot be sent"
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return "its answer breaks off"
        case requests.ConnectionError():
            return "the connection is refused or broken"
        case _:
            return type(error).__name__
