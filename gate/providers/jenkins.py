"""How does a gate step act on the Jenkins build that it is a part of?

python-jenkins carries session and authentication. Its own `stop_build` follows the redirect to an
HTML page and drops the header that names a missing permission, so the request is sent one level
down, through its session (python-jenkins 1.8.3, read 2026-11-24).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.errors import MissingExtra
from gate.providers.protocol import Outcome, Result

if TYPE_CHECKING:
    import requests

TIMEOUT: Final = 10.0
LOOKS: Final = 30
PAUSE: Final = 1.0
_NEEDED: Final = ("JENKINS_URL", "BUILD_URL", "JENKINS_USER", "JENKINS_TOKEN")
_MOST_BYTES: Final = 65_536


class JenkinsRun:
    """The build that this process belongs to.

    Args:
        environ: the process environment.
        sleep: waits between two looks at the build, given seconds.
    """

    def __init__(self, environ: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> None:
        self._environ = environ
        self._sleep = sleep

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Do nothing: the shared library sets the description, which needs no credentials there."""
        return ()

    def cancel_downstream(self, protect: Sequence[str]) -> Sequence[Result]:
        """Say that there is no such request: Jenkins aborts builds, not stages."""
        detail = (
            "Jenkins cannot abort one stage; stages with `when { expression { fiberGate.isOpen() } }` "
            "are skipped, and --cancel-run aborts the build"
        )
        return (Result(target="stages", outcome=Outcome.REFUSED, detail=detail),)

    def cancel_run(self) -> Sequence[Result]:
        """Stop the build and watch it end, for `LOOKS` looks at most.

        Raises:
            MissingExtra: python-jenkins is not installed.
        """
        target = f"build {self._environ.get('BUILD_TAG') or 'unknown'}"
        missing = [name for name in _NEEDED if not self._environ.get(name)]
        if missing:
            detail = f"{' and '.join(missing)} not set; bind an API token with withCredentials"
            return (Result(target=target, outcome=Outcome.REFUSED, detail=detail),)
        address = own_address(self._environ["JENKINS_URL"], self._environ["BUILD_URL"])
        if address is None:
            detail = "JENKINS_URL and BUILD_URL do not name a build of this controller"
            return (Result(target=target, outcome=Outcome.FAILED, detail=detail),)
        session = _session(self._environ)
        outcome, detail = _ask_to_stop(session, address) or self._watch(session, address)
        return (Result(target=target, outcome=outcome, detail=one_line(detail, 300)),)

    def _watch(self, session: requests.Session, address: str) -> tuple[Outcome, str]:
        """Look until the build has ended: that a stop was accepted proves nothing."""
        import requests

        seen = "the build was not seen"
        for look in range(LOOKS):
            if look:
                self._sleep(PAUSE)
            try:
                state = _look(session, address)
            except (requests.RequestException, ValueError) as error:
                seen = f"the build cannot be seen: {type(error).__name__}"
                continue
            if state.get("building") is False:
                aborted = state.get("result") == "ABORTED"
                outcome = Outcome.STOPPED if aborted else Outcome.ALREADY_FINISHED
                return outcome, f"result {state.get('result')}"
            seen = f"the build still runs after {LOOKS} looks"
        return Outcome.SURVIVED, seen


def own_run(environ: Mapping[str, str]) -> JenkinsRun:
    """Return the build that this process belongs to."""
    return JenkinsRun(environ)


def own_address(root: str, build: str) -> str | None:
    """Return the build's address below the controller's own, or None where it is no build's.

    A build knows itself by the address that the controller is configured with, which may be
    another host than the one that is reached. The credentials are for `root`, so only the
    path is taken from `build`.
    """
    try:
        parts, own = urlsplit(root), urlsplit(build)
    except ValueError:
        return None
    before, found, path = own.path.partition("/job/")
    if parts.scheme not in ("http", "https") or not parts.hostname or not found:
        return None
    if before.strip("/") not in ("", parts.path.strip("/")) or ".." in path.split("/"):
        return None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}/job/{path.strip('/')}/"


def _session(environ: Mapping[str, str]) -> requests.Session:
    try:
        library: Any = import_module("jenkins")
    except ImportError:
        raise MissingExtra("jenkins", "--cancel-run") from None
    token = Secret(environ["JENKINS_TOKEN"])
    client = library.Jenkins(environ["JENKINS_URL"], environ["JENKINS_USER"], token.reveal(), timeout=TIMEOUT)
    session: requests.Session = client._session
    # As `_maybe_add_auth` does, without asking for a crumb: an API token needs none.
    session.auth = client._auths[0][1]
    return session


def _ask_to_stop(session: requests.Session, address: str) -> tuple[Outcome, str] | None:
    """Return why the request came to nothing, or None where Jenkins took it."""
    import requests

    try:
        answer = session.post(f"{address}stop", allow_redirects=False, timeout=TIMEOUT, stream=True)
        answer.close()
    except (requests.RequestException, ValueError) as error:
        return Outcome.FAILED, f"the controller does not answer: {type(error).__name__}"
    match answer.status_code:
        case 200 | 204 | 302 | 303:
            return None
        case 401:
            return Outcome.REFUSED, "HTTP 401: JENKINS_USER and JENKINS_TOKEN are not accepted"
        case 403:
            return Outcome.REFUSED, _forbidden(answer)
        case 404:
            return Outcome.FAILED, "HTTP 404: no such build, or JENKINS_USER may not read the job"
        case status:
            return Outcome.FAILED, f"HTTP {status}"


def _forbidden(answer: requests.Response) -> str:
    needed = answer.headers.get("X-Required-Permission")
    if needed:
        return f"HTTP 403: JENKINS_USER needs {needed} on the job"
    return "HTTP 403: JENKINS_TOKEN must be an API token; a password would need a crumb"


def _look(session: requests.Session, address: str) -> dict[str, Any]:
    """Return `building` and `result` as Jenkins tells them now.

    Raises:
        requests.RequestException: no answer, or one that is an error.
        ValueError: the answer is no JSON object.
    """
    query = {"tree": "building,result"}
    with session.get(
        f"{address}api/json", params=query, allow_redirects=False, timeout=TIMEOUT, stream=True
    ) as answer:
        answer.raise_for_status()
        body = next(answer.iter_content(_MOST_BYTES), b"")
    state = json.loads(body)
    if not isinstance(state, dict):
        raise ValueError("expected an object")
    return state
