"""Who asks, and what may they do?

GitLab's own prefix says what kind a token is (``glcbt-`` is a job's own, anything else a
personal, project or group access token). What a kind may do is from gitlabhq `lib/api/ci/*.rb`
(`job_token_allowed`) and `app/policies/ci/build_policy.rb`, read 2026-11-24. A token is kept
as a digest only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gate.sandbox.gitlab.model import DEVELOPER, OWNER, Job, Pipeline, Project
from gate.sandbox.gitlab.refusal import Refused

_ROLES = {"none": 0, "guest": 10, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 50}
JOB_PREFIX = "glcbt-"
_EXPIRED = "Token is expired. You can either do re-authorization or token refresh."


class Kind(StrEnum):
    """What kind of token asks."""

    ACCESS = "access"
    JOB = "job"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token may do.

    Attributes:
        key: names the token without telling it: a digest.
        kind: what kind it is.
        username: whose it is; a job's own acts as who started the pipeline.
        role: the role in every project and group that it sees.
        roles: another role by project path.
        projects: the paths that it sees; None is all of them, and the groups too.
        scopes: ``api`` or ``read_api``.
        admin: whether it is an instance administrator's.
        expired: nobody accepts it any more.
        job: the job whose own it is, where that was said; valid only while the job runs.
    """

    key: str
    kind: Kind = Kind.ACCESS
    username: str = "release-bot"
    role: int = OWNER
    roles: Mapping[str, int] = field(default_factory=dict)
    projects: frozenset[str] | None = None
    scopes: frozenset[str] = frozenset({"api"})
    admin: bool = False
    expired: bool = False
    job: int | None = None

    def role_in(self, project: Project) -> int:
        """Return the role in a project; 0 where it is hidden."""
        if self.kind is Kind.ANONYMOUS:
            return 0
        if self.admin:
            return OWNER
        if self.projects is not None and project.path not in self.projects:
            return 0
        return self.roles.get(project.path, self.role)

    @property
    def role_in_groups(self) -> int:
        """The role in every group; 0 where groups are hidden, as from a project's token."""
        return 0 if self.kind is not Kind.ACCESS or self.projects is not None else self.role

    def may_write(self) -> bool:
        """Return whether the token's scope reaches further than reading."""
        return self.kind is Kind.JOB or "api" in self.scopes

    def may_change(self, pipeline: Pipeline) -> bool:
        """Return whether it may retry, play or rename: Developer, on a protected ref as that says."""
        needed = max(DEVELOPER, pipeline.project.protected_refs.get(pipeline.ref, 0))
        return self.role_in(pipeline.project) >= needed and not pipeline.project.archived

    def may_cancel(self, pipeline: Pipeline) -> bool:
        """Return whether it may cancel: as `may_change`, and the project's minimum role."""
        least = pipeline.project.cancel_role
        return least is not None and self.may_change(pipeline) and self.role_in(pipeline.project) >= least


class Tokens:
    """The tokens that the emulator was told about; any other counts by its prefix.

    Args:
        strict: refuse a token that was not announced.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self._grants: dict[str, Grant] = {}

    def announce(self, token: str, grant: Grant) -> None:
        """Say what a token may do."""
        self._grants[digest(token)] = grant

    def grant(self, headers: Mapping[str, str]) -> Grant:
        """Return what the sender of these headers may do.

        Raises:
            Refused: 401, the token is not accepted.
        """
        token, kind = _token_of(headers)
        if not token:
            return Grant(key="anonymous", kind=Kind.ANONYMOUS, username="", role=0, scopes=frozenset())
        found = self._grants.get(digest(token))
        if found is None and not self.strict:
            found = grant_of_prefix(token)
        if found is None or found.kind is not kind:
            raise Refused(401)
        if found.expired:
            raise Refused(401, {"error": "invalid_token", "error_description": _EXPIRED})
        return found


def valid_for(grant: Grant, job: Job | None) -> bool:
    """Return whether a job's token still counts: its job runs (gitlab-org/gitlab#473376)."""
    return grant.job is None or (job is not None and job.status == "running")


def grant_of_prefix(token: str) -> Grant:
    """Return what a token of this kind may do where all was granted to it."""
    kind = Kind.JOB if token.startswith(JOB_PREFIX) else Kind.ACCESS
    return Grant(key=digest(token), kind=kind)


def parse_grant(document: Mapping[str, Any]) -> tuple[str, Grant]:
    """Return a token and what it may do, as a control announces it.

    Args:
        document: ``token``, and optionally ``kind``, ``username``, ``role``, ``roles``,
            ``projects``, ``scopes``, ``admin``, ``expired`` and ``job``.

    Raises:
        ValueError: something is not as `Grant` says; the message names the key.
    """
    token = document.get("token")
    if not isinstance(token, str) or not token:
        raise ValueError("token: expected text")
    usual = grant_of_prefix(token)
    kind, job = str(document.get("kind", usual.kind)), document.get("job")
    if kind not in {Kind.ACCESS, Kind.JOB}:
        raise ValueError("kind: expected access or job")
    if job is not None and (isinstance(job, bool) or not isinstance(job, int)):
        raise ValueError("job: expected the id of a job")
    roles, projects = document.get("roles", {}), document.get("projects")
    if not isinstance(roles, Mapping):
        raise ValueError("roles: expected an object of project path and role")
    if projects is not None and not isinstance(projects, list):
        raise ValueError("projects: expected a list of paths")
    return token, Grant(
        key=usual.key,
        kind=Kind(kind),
        username=str(document.get("username", usual.username)),
        role=_role(document.get("role", "owner")),
        roles={str(path): _role(role) for path, role in roles.items()},
        projects=None if projects is None else frozenset(map(str, projects)),
        scopes=frozenset(map(str, document.get("scopes", ["api"]))),
        admin=document.get("admin") is True,
        expired=document.get("expired") is True,
        job=job,
    )


def digest(token: str) -> str:
    """Return what stands for a token wherever the emulator keeps something by it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _role(word: object) -> int:
    if not isinstance(word, str) or word not in _ROLES:
        raise ValueError(f"role: expected one of {', '.join(_ROLES)}")
    return _ROLES[word]


def _token_of(headers: Mapping[str, str]) -> tuple[str, Kind]:
    if "private-token" in headers:
        return headers["private-token"].strip(), Kind.ACCESS
    if "job-token" in headers:
        return headers["job-token"].strip(), Kind.JOB
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    return (rest.strip() if scheme.lower() == "bearer" else ""), Kind.ACCESS
