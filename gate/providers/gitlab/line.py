"""How does one thread send a request to a GitLab, once, and what came of it?

Through python-gitlab's plain request. Its waiting and repeating is off: it would sleep in one
thread while others go on. Its errors carry no headers, which say how long a limit lasts, so the
last response is kept beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.providers.gitlab.refusal import Ask
from gate.providers.patience import Reply

if TYPE_CHECKING:
    import requests

TIMEOUT = 15.0


class Line:
    """A client with its connection, for one thread.

    Args:
        url: of the instance.
        token: what it is sent with.
        verify: True, False, or the path of a CA bundle.
    """

    def __init__(self, url: str, token: Secret, verify: bool | str) -> None:
        import gitlab
        import requests

        if verify is False:
            import urllib3

            # gate itself warns, once and in words
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        session = requests.Session()
        session.max_redirects = 0  # requests would carry the token along
        session.hooks["response"].append(self._remember)
        self._url = url
        self._last: requests.Response | None = None
        self._client = gitlab.Gitlab(
            url=url,
            oauth_token=token.reveal() or None,
            ssl_verify=verify,
            timeout=TIMEOUT,
            retry_transient_errors=False,
            keep_base_url=True,
            session=session,
        )

    def send(self, ask: Ask) -> tuple[Reply, str]:
        """Return what came, and the address of a next page; where no answer came, status 0 and why."""
        import gitlab
        import requests

        self._last = None
        try:
            response = self._client.http_request(
                ask.method,
                ask.path or f"{self._url}/api/graphql",
                query_data=ask.query,
                post_data=ask.body,
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        except (gitlab.GitlabError, requests.TooManyRedirects) as error:
            if self._last is None:
                return _unsent(error), ""
            response = self._last
        except (requests.RequestException, OSError, ValueError) as error:
            return _unsent(error), ""
        return _reply(response), str(response.links.get("next", {}).get("url", ""))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.session.close()

    def _remember(self, response: requests.Response, *_: object, **__: object) -> None:
        self._last = response


def _reply(response: requests.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = response.content.decode("utf-8", "replace")
    return Reply(status=response.status_code, headers=headers, body=body)


def _unsent(error: Exception) -> Reply:
    return Reply(status=0, body=_words(error))


def _words(error: Exception) -> str:
    """Return an error's words without the address that `requests` repeats in them, or a header."""
    import requests

    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError) or type(error) is ValueError:
        return "the token holds characters that cannot be sent"
    cause = getattr(error, "reason", None) or (error.args[0] if error.args else error)
    inner = getattr(cause, "reason", cause)
    return one_line(f"{type(error).__name__}: {inner}", 160)
