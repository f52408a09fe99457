"""How does a gate step act on the Jenkins build that it is a part of, and on what that has started?

Jenkins aborts builds, never stages. So the build itself is stopped only where all that is left of it is
protected, or where that is asked for; builds and queue items that it has started are stopped by themselves.
What it takes to ask the controller is imported only where it is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.core.work import Outcome, Protects
from gate.providers.jenkins.kept_back import KEPT_BACK
from gate.providers.protocol import Member, NotDone, Result

if TYPE_CHECKING:
    from gate.providers.jenkins.holding import Holding

_NEEDED: Final = ("JENKINS_URL", "BUILD_URL", "JENKINS_USER", "JENKINS_TOKEN")


class JenkinsRun:
    """The build that this process belongs to.

    Args:
        environ: the process environment.
        sleep: waits, given seconds.
    """

    def __init__(self, environ: Mapping[str, str], sleep: Callable[[float], object] = time.sleep) -> None:
        self._environ = environ
        self._sleep = sleep
        self._reason = ""
        self._known: Holding | None = None

    def annotate(self, reason: str, *, opened: bool) -> Sequence[Result]:
        """Add the reason to the build's description, where an API token is there to do it with.

        Without one there is nothing to tell: the shared library sets the description by itself.

        Raises:
            MissingExtra: python-jenkins is not installed.
        """
        self._reason = reason
        if opened or self._missing():
            return ()
        here = self._connected("the reason on the build's page")
        return (here if isinstance(here, Result) else here.annotate(reason),)

    def cancel_downstream(self, protect: Sequence[str], *, whole_run: bool = False) -> Sequence[Result]:
        """Stop what is protected of what this build has started, then the build where nothing else is left.

        Args:
            protect: shell patterns over names.
            whole_run: the build may be stopped, also where it holds what is not protected.

        Raises:
            MissingExtra: python-jenkins is not installed.
        """
        here = self._connected("--cancel-downstream")
        if isinstance(here, Result):
            detail = f"{here.detail}; Jenkins cannot abort one stage; {KEPT_BACK}"
            return (Result(target="stages", outcome=here.outcome, detail=detail),)
        protects = Protects(patterns=tuple(protect))
        results = tuple(here.stop_elsewhere(protects, self._reason))
        if whole_run:
            return (*results, *here.stop_itself())
        try:
            stage = self._environ.get("STAGE_NAME", "")
            return (*results, *here.stop_where_all_is_protected(protects, stage))
        except NotDone as error:
            detail = f"what is left of this build cannot be seen: {error.detail}; {KEPT_BACK}"
            return (*results, Result(target="stages", outcome=error.outcome, detail=one_line(detail, 400)))

    def cancel_run(self) -> Sequence[Result]:
        """Stop the build and watch it end, for a limited number of looks.

        Raises:
            MissingExtra: python-jenkins is not installed.
        """
        here = self._connected("--cancel-run")
        return (here,) if isinstance(here, Result) else here.stop_itself()

    def _missing(self) -> list[str]:
        return [name for name in _NEEDED if not self._environ.get(name)]

    def _connected(self, purpose: str) -> Holding | Result:
        """Return the build, or why it cannot be acted on."""
        if self._known:
            return self._known
        name = f"build {self._environ.get('BUILD_TAG') or 'unknown'}"
        missing = self._missing()
        if missing:
            detail = f"{' and '.join(missing)} not set; bind an API token with withCredentials"
            return Result(target=name, outcome=Outcome.REFUSED, detail=detail)
        address = own_address(self._environ["JENKINS_URL"], self._environ["BUILD_URL"])
        root, _, path = (address or "").partition("/job/")
        try:
            self._known = self._connect(root, f"job/{path}", name, purpose)
        except ValueError:
            detail = "JENKINS_URL and BUILD_URL do not name a build of this controller"
            return Result(target=name, outcome=Outcome.FAILED, detail=detail)
        return self._known

    def _connect(self, root: str, path: str, name: str, purpose: str) -> Holding:
        from gate.providers.jenkins.client import Controller
        from gate.providers.jenkins.connection import JenkinsConnection
        from gate.providers.jenkins.holding import Holding
        from gate.providers.jenkins.trouble import Teller, host_of
        from gate.providers.pace import Pace

        user, token = self._environ["JENKINS_USER"], Secret(self._environ["JENKINS_TOKEN"])
        member = Member(provider="jenkins", url=root, user=user, token=token)
        teller = Teller(host=host_of(root), user="JENKINS_USER", credential="JENKINS_TOKEN")
        controller = Controller(member, Pace(sleep=self._sleep), teller, purpose=purpose)
        return Holding(JenkinsConnection(controller), path, name, self._sleep)


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
