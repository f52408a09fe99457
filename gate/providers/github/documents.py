"""How do GitHub's JSON documents become records?

Keys and forms as in GitHub's OpenAPI description (`workflow-run`, `job`, `workflow`,
`minimal-repository`), read 2026-11-24. What is not so is a `ValueError` that names its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gate.core.work import Status

_STATUSES = {
    "requested": Status.QUEUED,
    "queued": Status.QUEUED,
    "pending": Status.WAITING,
    "waiting": Status.WAITING,
    "in_progress": Status.RUNNING,
    "completed": Status.FINISHED,
}
_REF_BEHIND_FILE = re.compile(r"(\.ya?ml)@.*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository, as lists show it."""

    id: int
    full_name: str
    owner: str
    idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A workflow run.

    Attributes:
        id: grows with each run at GitHub.
        node: what GraphQL knows it by.
        name: the workflow's name.
        path: the workflow's file, without the ref that may stand behind it.
        ref: the branch or tag; a fork's with its owner before it, since a fork has a main too.
        sha: its commit.
        status: GitHub's own word.
        conclusion: GitHub's own word, empty while it is not completed.
        attempt: 1, and one more with each rerun.
        workflow: the workflow's id.
        url: its page.
        created: when it was made, as GitHub writes it.
        started: when its newest attempt was, as GitHub writes it; empty where it does not say.
    """

    id: int
    node: str
    name: str
    path: str
    ref: str
    sha: str
    status: str
    conclusion: str
    attempt: int
    workflow: int
    url: str
    created: str
    started: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the workflow is called: its name, and its file without the ending."""
        return names_of(self.name, self.path)

    @property
    def over(self) -> bool:
        """Whether it is completed."""
        return self.status == "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of a run; `conclusion` is GitHub's own word, empty while it is not completed."""

    id: int
    name: str
    status: str
    runner: str
    conclusion: str = ""

    @property
    def over(self) -> bool:
        """Whether it is completed."""
        return self.status == "completed"

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called; in a reusable workflow by its caller's and its own name too."""
        parts = self.name.split(" / ")
        return (self.name, *parts) if len(parts) > 1 else (self.name,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow with its switch."""

    id: int
    name: str
    path: str
    state: str
    url: str


def status_of(word: str) -> Status:
    """Return where something is that GitHub says this of."""
    return _STATUSES.get(word, Status.UNKNOWN)


def names_of(name: str, path: str) -> tuple[str, ...]:
    """Return the names of a workflow, the one that people see first."""
    file = path.rpartition("/")[2]
    stem = re.sub(r"\.ya?ml$", "", file, flags=re.IGNORECASE)
    return tuple(word for word in (name, stem) if word)


def parse_repository(document: Any, place: str) -> Repository:
    """Return a repository.

    Raises:
        ValueError: it is none; the text names the place.
    """
    fields = _object(document, place)
    return Repository(
        id=_number(fields, "id", place),
        full_name=_text(fields, "full_name", place),
        owner=_text(_object(fields.get("owner"), f"{place}.owner"), "login", f"{place}.owner"),
        idle=fields.get("archived") is True or fields.get("disabled") is True,
    )


def parse_run(document: Any, place: str) -> Run:
    """Return a workflow run.

    Raises:
        ValueError: it is none; the text names the place.
    """
    fields = _object(document, place)
    path = _REF_BEHIND_FILE.sub(r"\1", _words(fields, "path", place))
    return Run(
        id=_number(fields, "id", place),
        node=_words(fields, "node_id", place),
        name=_words(fields, "name", place),
        path=path,
        ref=_ref(fields, place),
        sha=_words(fields, "head_sha", place),
        status=_words(fields, "status", place),
        conclusion=_words(fields, "conclusion", place),
        attempt=_number(fields, "run_attempt", place) if "run_attempt" in fields else 1,
        workflow=_number(fields, "workflow_id", place),
        url=_words(fields, "html_url", place),
        created=_words(fields, "created_at", place),
        started=_words(fields, "run_started_at", place),
    )


def parse_job(document: Any, place: str) -> Job:
    """Return a job of a run.

    Raises:
        ValueError: it is none; the text names the place.
    """
    fields = _object(document, place)
    return Job(
        id=_number(fields, "id", place),
        name=_text(fields, "name", place),
        status=_text(fields, "status", place),
        runner=_words(fields, "runner_name", place),
        conclusion=_words(fields, "conclusion", place),
    )


def parse_workflow(document: Any, place: str) -> Workflow:
    """Return a workflow.

    Raises:
        ValueError: it is none; the text names the place.
    """
    fields = _object(document, place)
    return Workflow(
        id=_number(fields, "id", place),
        name=_words(fields, "name", place),
        path=_words(fields, "path", place),
        state=_text(fields, "state", place),
        url=_words(fields, "html_url", place),
    )


def parse_list(document: Any, key: str) -> list[Any]:
    """Return a list of an answer: the answer itself where `key` is empty.

    Raises:
        ValueError: there is none; the text names the place.
    """
    value = _object(document, "answer").get(key) if key else document
    if not isinstance(value, list):
        raise ValueError(f"{key or 'answer'}: expected a list")
    return value


def parse_total(document: Any) -> int:
    """Return how many there are altogether.

    Raises:
        ValueError: it does not say; the text names the place.
    """
    return _number(_object(document, "answer"), "total_count", "answer")


def _ref(fields: Mapping[str, Any], place: str) -> str:
    ref = _words(fields, "head_branch", place)
    homes = [fields.get(key) for key in ("repository", "head_repository")]
    here, there = (home.get("full_name") if isinstance(home, Mapping) else None for home in homes)
    if isinstance(there, str) and there != here:
        return f"{there.partition('/')[0]}:{ref}"
    return ref


def _object(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{place}: expected an object")
    return value


def _text(fields: Mapping[str, Any], key: str, place: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{place}.{key}: expected text")
    return value


def _words(fields: Mapping[str, Any], key: str, place: str) -> str:
    """Return a text that may be null, as an empty one."""
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{place}.{key}: expected text or null")
    return value or ""


def _number(fields: Mapping[str, Any], key: str, place: str) -> int:
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{place}.{key}: expected a whole number")
    return value
