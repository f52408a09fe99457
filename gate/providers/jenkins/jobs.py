"""Which jobs are there, and how are they switched?

One request for the whole tree, some levels deep; what lies deeper costs one for each folder. Only what is
needed is asked for: a job's colour or health loads its builds from disk (Job.getIconColor, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gate.providers.jenkins import names
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.targets import Findings
from gate.providers.protocol import NotDone

FOLDER_TREE: Final = "fullName,url,buildable,disabled"
_DEPTH: Final = 8


def _tree(levels: int) -> str:
    return f"jobs[{FOLDER_TREE}{',' + _tree(levels - 1) if levels > 1 else ''}]"


JOBS_TREE: Final = _tree(_DEPTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, or what holds jobs.

    Attributes:
        path: below the controller's root.
        name: its full name.
        kind: the class that Jenkins names.
        buildable: what Jenkins says; None of a plain folder.
        disabled: what Jenkins says; None of whatever holds jobs.
        above: what it is in, nearest first.
    """

    path: str
    name: str
    kind: str
    buildable: bool | None
    disabled: bool | None
    above: tuple[Job, ...] = ()

    @property
    def is_scanned(self) -> bool:
        """Whether a scan makes the jobs in it."""
        return self.kind.endswith(("MultiBranchProject", "OrganizationFolder"))

    @property
    def is_generated(self) -> bool:
        """Whether a scan has made it, so that nobody may configure it (BranchJobProperty)."""
        return bool(self.above) and self.above[0].is_scanned

    @property
    def has_switch(self) -> bool:
        """Whether it can be disabled at all: a plain folder says 302 and stays enabled."""
        return self.disabled is not None or (self.is_scanned and self.buildable is not None)

    @property
    def is_off(self) -> bool:
        """Whether it is disabled; of what is scanned only `buildable` tells."""
        return self.buildable is False if self.disabled is None else self.disabled

    @property
    def starts_builds(self) -> bool:
        """Whether it is a job and no folder."""
        return self.disabled is not None


def parse_job(document: Mapping[str, Any], path: str, above: tuple[Job, ...] = ()) -> Job:
    """Return a job as an answer describes it; `path` is where it was read from."""
    name = document.get("fullName")
    return Job(
        path=path,
        name=name if isinstance(name, str) and name else names.full_name(path),
        kind=str(document.get("_class", "")),
        buildable=_flag(document.get("buildable")),
        disabled=_flag(document.get("disabled")),
        above=above,
    )


def read_jobs(
    controller: Controller, document: Mapping[str, Any], path: str, root: str, findings: Findings
) -> Iterator[Job]:
    """Yield all jobs and folders that an answer describes, and ask for what lies deeper.

    Args:
        controller: is asked for what lies deeper.
        document: the answer of the root or of a folder, by `JOBS_TREE`.
        path: where it was read from; empty for the root.
        root: the configured root URL.
        findings: takes what could not be seen.
    """
    own = parse_job(document, path) if path else None
    if own:
        yield own
    waiting: list[tuple[Mapping[str, Any], tuple[Job, ...], int]] = [
        (document, (own,) if own else (), _DEPTH)
    ]
    while waiting:
        holder, above, levels = waiting.pop()
        if levels == 0 and not _may_hold_jobs(above[0]):
            continue
        if levels == 0:
            folder = above[0]
            what = f"the folder {names.shown(folder.name)}"
            try:
                holder, levels = controller.read(folder.path, JOBS_TREE, what), _DEPTH
            except NotDone as error:
                findings.trouble(what, error)
                continue
        children = holder.get("jobs")
        for child in children if isinstance(children, list) else ():
            found = names.below_root(str(child.get("url", "")), root) if isinstance(child, dict) else None
            if found is not None:
                job = parse_job(child, found, above)
                yield job
                waiting.append((child, (job, *above), levels - 1))


def _may_hold_jobs(job: Job) -> bool:
    return job.disabled is None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
