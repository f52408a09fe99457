"""Who asks, and what may they do?

GitHub's own prefixes say what kind a token is; what a kind may do follows the facts of
GitHub's documentation on permissions, read 2026-11-24: check runs are for Apps only, a
fine-grained token has no permission for them, a job's own token has none for variables.
A token is kept as a digest only.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import Repository

BAD_CREDENTIALS = "Bad credentials"
UNAUTHENTICATED = "Requires authentication"
NOT_FOUND = "Not Found"
APP_ONLY = "You must authenticate via a GitHub App."
APP_FORBIDDEN = "Resource not accessible by integration"
FINE_GRAINED_FORBIDDEN = "Resource not accessible by personal access token"
_LEVELS = ("none", "read", "write")


class Kind(StrEnum):
    """What kind of token asks."""

    CLASSIC = "classic"
    FINE_GRAINED = "fine_grained"
    OAUTH = "oauth"
    APP = "app"
    ACTIONS = "actions"
    ANONYMOUS = "anonymous"


_PREFIXES = {
    "ghp_": Kind.CLASSIC,
    "github_pat_": Kind.FINE_GRAINED,
    "gho_": Kind.OAUTH,
    "ghu_": Kind.APP,
    "ghs_": Kind.APP,
}
_ALL = {
    "actions": "write",
    "actions_variables": "write",
    "administration": "write",
    "checks": "write",
    "contents": "read",
    "deployments": "write",
    "metadata": "read",
    "organization_actions_variables": "write",
    "organization_administration": "write",
    "statuses": "write",
}
# Requests an hour (documentation on rate limits, read 2026-11-24).
LIMITS = {
    Kind.CLASSIC: 5000,
    Kind.FINE_GRAINED: 5000,
    Kind.OAUTH: 5000,
    Kind.APP: 5000,
    Kind.ACTIONS: 1000,
    Kind.ANONYMOUS: 60,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token may do.

    Attributes:
        key: names the token without telling it: a digest.
        kind: what kind it is.
        login: whose it is.
        permissions: ``read`` or ``write`` by GitHub's name of the permission.
        repositories: full names in lower case; None is all of them.
        expired: nobody accepts it any more.
        limit: requests an hour.
    """

    key: str
    kind: Kind
    login: str = "release-bot"
    permissions: Mapping[str, str] = field(default_factory=lambda: dict(_ALL))
    repositories: frozenset[str] | None = None
    expired: bool = False
    limit: int = 5000

    @property
    def is_app(self) -> bool:
        """Whether an App asks; a job's own token is one of an App."""
        return self.kind in {Kind.APP, Kind.ACTIONS}

    def sees(self, repository: Repository) -> bool:
        """Return whether the repository is there for this token."""
        if not repository.private:
            return True
        if self.kind is Kind.ANONYMOUS:
            return False
        return self.repositories is None or repository.full_name.lower() in self.repositories

    def allows(self, permission: str, level: str) -> bool:
        """Return whether the token has a permission at this level at least."""
        held = self.permissions.get(permission, "none")
        return _LEVELS.index(held) >= _LEVELS.index(level)

    def require(self, permission: str, level: str) -> None:
        """Refuse what the token may not do, in the words of its kind.

        Raises:
            Refused: 401 without a token, else 403; for a classic token 404, which is how
                GitHub hides what a scope does not cover.
        """
        if self.kind is Kind.ANONYMOUS:
            if level == "read":
                return
            raise Refused(401, UNAUTHENTICATED)
        if self.allows(permission, level):
            return
        match self.kind:
            case Kind.APP | Kind.ACTIONS:
                raise Refused(403, APP_FORBIDDEN)
            case Kind.FINE_GRAINED:
                raise Refused(403, FINE_GRAINED_FORBIDDEN)
            case _:
                raise Refused(404, NOT_FOUND)


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

    def grant(self, authorization: str) -> Grant:
        """Return what the sender of this header may do.

        Raises:
            Refused: 401, the token is not accepted.
        """
        token = _token_of(authorization)
        if not token:
            if authorization.strip():
                raise Refused(401, BAD_CREDENTIALS)
            return Grant(
                key="anonymous", kind=Kind.ANONYMOUS, login="", permissions={}, limit=LIMITS[Kind.ANONYMOUS]
            )
        found = self._grants.get(digest(token))
        if found is None and not self.strict:
            found = grant_of_prefix(token)
        if found is None or found.expired:
            raise Refused(401, BAD_CREDENTIALS)
        return found


def grant_of_prefix(token: str) -> Grant:
    """Return what a token of this kind may do where all was granted to it."""
    kind = next((kind for prefix, kind in _PREFIXES.items() if token.startswith(prefix)), Kind.CLASSIC)
    permissions = dict(_ALL)
    if kind is Kind.FINE_GRAINED:
        del permissions["checks"]
    return Grant(key=digest(token), kind=kind, permissions=permissions, limit=LIMITS[kind])


def parse_grant(document: Mapping[str, Any]) -> tuple[str, Grant]:
    """Return a token and what it may do, as a control announces it.

    Args:
        document: ``token``, and optionally ``kind``, ``login``, ``permissions``,
            ``repositories``, ``expired`` and ``limit``.

    Raises:
        ValueError: something is not as `Grant` says; the message names the key.
    """
    token = document.get("token")
    if not isinstance(token, str) or not token:
        raise ValueError("token: expected text")
    usual = grant_of_prefix(token)
    try:
        kind = Kind(str(document.get("kind", usual.kind)))
    except ValueError:
        raise ValueError(f"kind: expected one of {', '.join(Kind)}") from None
    permissions = document.get("permissions", usual.permissions)
    if not isinstance(permissions, Mapping) or not set(permissions.values()) <= set(_LEVELS):
        raise ValueError("permissions: expected an object with read, write or none")
    repositories = document.get("repositories")
    if repositories is not None and not isinstance(repositories, list):
        raise ValueError("repositories: expected a list of owner/name")
    limit = document.get("limit", LIMITS[kind])
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise ValueError("limit: expected a whole number")
    return token, Grant(
        key=usual.key,
        kind=kind,
        login=str(document.get("login", usual.login)),
        permissions=dict(permissions),
        repositories=None if repositories is None else frozenset(str(name).lower() for name in repositories),
        expired=document.get("expired") is True,
        limit=limit,
    )


def digest(token: str) -> str:
    """Return what stands for a token wherever the emulator keeps something by it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _token_of(authorization: str) -> str:
    """Return the token of ``Bearer …``, ``token …`` or Basic credentials."""
    scheme, _, rest = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return rest.strip()
        case "basic":
            try:
                return base64.b64decode(rest).decode().partition(":")[2]
            except ValueError:
                return ""
        case _:
            return ""
