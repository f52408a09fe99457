"""What does a URL of Jenkins name, and by which names do people know a job?

A branch ``feature/x`` is a job whose name is ``feature%2Fx``, so that its URL holds ``feature%252Fx``.
Jenkins writes its URLs with the root that it is configured with, which may be another host than the
one that is reached: only what is below the root is ever taken from them (Job.getAbsoluteUrl,
Jenkins.getRootUrl, read 2026-11-24).
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from gate.core.reason import one_line
from gate.core.work import Protects
from gate.providers.protocol import Member

_BUILD = re.compile(r"(job/[^/]+/(?:[^/]+/)*?)([0-9]+)/")


def below_root(url: str, root: str = "") -> str | None:
    """Return the path of a job or a build below the controller's root, or None where it names neither.

    Args:
        url: absolute, or already below the root as that of a queued part of a pipeline is.
        root: the configured root URL; where that is not known the first ``/job/`` ends it.

    Returns:
        ``job/lab/job/load%20live/7/``, still encoded.
    """
    try:
        text = urlsplit(url).path
    except ValueError:
        return None
    try:
        context = urlsplit(root).path.strip("/")
    except ValueError:
        context = ""
    if context and text.startswith(f"/{context}/job/"):
        text = text[len(context) + 1 :]
    text = text if text.startswith("job/") else "job/" + text.partition("/job/")[2]
    segments = [segment for segment in text.split("/") if segment]
    if len(segments) < 2 or any(unquote(segment) in (".", "..") for segment in segments):
        return None
    return "/".join(segments) + "/"


def split_build(path: str) -> tuple[str, int] | None:
    """Return a build's job and number, or None where a path names no build."""
    found = _BUILD.fullmatch(path)
    if found is None or found[1].endswith("/job/"):
        return None
    return found[1], int(found[2])


def full_name(job: str) -> str:
    """Return what Jenkins calls the full name of the job that a path leads to."""
    segments = job.strip("/").split("/")
    names = []
    while segments:
        if segments[0] == "job" and len(segments) > 1:
            segments.pop(0)
        names.append(unquote(segments.pop(0)))
    return "/".join(names)


def job_path(name: str) -> str:
    """Return the path of a job by its full name."""
    return "".join(f"job/{quote(part, safe='')}/" for part in name.split("/") if part)


def parent_of(job: str) -> str:
    """Return the path of what a job is in; empty for the root."""
    segments = job.rstrip("/").split("/")
    kept = segments[: -2 if segments[-2:-1] == ["job"] else -1]
    return "/".join(kept) + "/" if kept else ""


def shown(name: str, limit: int = 200) -> str:
    """Return a name as its author wrote it, a branch's decoded."""
    return one_line(unquote(name), limit)


def short(name: str) -> str:
    """Return the last part of a full name."""
    return name.rpartition("/")[2]


def matched(protects: Protects, name: str) -> str | None:
    """Return the name by which a job is protected, encoded or as its author wrote it.

    Patterns are meant for the job's own name; one with a slash also for its full name, so that
    ``load*`` does not take in whatever is in a folder ``loading``.
    """
    own = short(name)
    found = protects.matched((own, unquote(own)))
    if found is None:
        paths = Protects(patterns=tuple(pattern for pattern in protects.patterns if "/" in pattern))
        found = paths.matched((name, unquote(name)))
    return None if found is None else shown(found)


def is_meant(member: Member, name: str) -> bool:
    """Return whether a job is in the member's folder and matches its patterns, encoded or not."""
    inside = any(
        full == root or full.startswith(f"{root}/") or not root
        for full, root in ((name, member.root), (unquote(name), unquote(member.root)))
    )
    return inside and (member.takes(name) or member.takes(unquote(name)))
