"""Which handler answers a path of Jenkins, where folders may be nested without end?

The templates name a job with all its folders as one ``{job}``. Its value stays percent-encoded,
one segment a name: a slash that was encoded once belongs to no name and leads nowhere.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from gate.sandbox.routing import Answer, Route, Router, split

PERMALINKS = ("lastBuild", "lastCompletedBuild", "lastSuccessfulBuild")


class JenkinsRouter(Router):
    """A router for ``/job/a/job/b/12/stop``: its template is ``/job/{job}/{number}/stop``."""

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route and the values of its names; a known path with another method is a 405."""
        short = _shortened(path)
        found = self._find_known(method, short)
        if found is not None:
            return found
        for other in ("GET", "POST"):
            known = self._find_known(other, short)
            if known is not None:
                template = known[0].template
                return Route(method=method, template=template, handler=_NotAllowed(other)), known[1]
        return None

    def _find_known(self, method: str, short: str) -> tuple[Route, dict[str, str]] | None:
        found = super().find(method, short)
        if found is None or "number" not in found[1]:
            return found
        number = found[1]["number"]
        return found if number.isdecimal() or number in PERMALINKS else None


def names_of(job: str) -> tuple[str, ...]:
    """Return the names that a ``{job}`` holds, decoded once."""
    return tuple(map(unquote, job.split("/")))


def _shortened(path: str) -> str:
    """Return the path with its jobs as one segment."""
    segments = split(path)
    names = []
    place = 0
    while place + 1 < len(segments) and segments[place] == "job":
        names.append(segments[place + 1])
        place += 2
    if not names:
        return path
    return "/".join(("", "job", quote("/".join(names), safe=""), *segments[place:]))


class _NotAllowed:
    """Answers 405 and names the method that would do."""

    def __init__(self, method: str) -> None:
        self._method = method

    def __call__(self, _: object) -> Answer:
        body = f"<html><body><h2>HTTP ERROR 405</h2>{self._method} is required</body></html>".encode()
        return Answer(
            status=405, body=body, kind="text/html;charset=utf-8", headers=(("Allow", self._method),)
        )
