"""Who asks, what may they do, and is their POST allowed to be one?

A secret that looks as Jenkins makes API tokens ("11" and 32 hexadecimal digits) is one, any
other is a password, and a password's POST needs a crumb of the same web session
(DefaultCrumbIssuer, ApiCrumbExclusion, read 2026-11-24). Secrets are kept as digests only.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from gate.sandbox.jenkins.model import Item, Kind

CRUMB_FIELD = "Jenkins-Crumb"
_COOKIE = "JSESSIONID"
_API_TOKEN = re.compile(r"11[0-9a-f]{32}")


class Permission(StrEnum):
    """Permissions by Jenkins' own ids."""

    READ_ALL = "hudson.model.Hudson.Read"
    MANAGE = "hudson.model.Hudson.Manage"
    READ = "hudson.model.Item.Read"
    DISCOVER = "hudson.model.Item.Discover"
    CANCEL = "hudson.model.Item.Cancel"
    CONFIGURE = "hudson.model.Item.Configure"
    BUILD = "hudson.model.Item.Build"
    UPDATE = "hudson.model.Run.Update"


class Refused(Exception):
    """Jenkins says no.

    Args:
        status: the HTTP status.
        message: shown on the page.
        headers: sent with it.
    """

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone with what they may do.

    Attributes:
        name: the user's id.
        permissions: what they may do everywhere.
        items: shell patterns over full names with what they may do there instead; the
            first that matches counts.
        expired: nobody accepts the secret any more.
        by_token: whether an API token was sent.
    """

    name: str
    permissions: frozenset[Permission] = frozenset(Permission)
    items: tuple[tuple[str, frozenset[Permission]], ...] = ()
    expired: bool = False
    by_token: bool = True

    def may(self, permission: Permission, item: Item | None = None) -> bool:
        """Return whether the user has a permission, on an item or on everything."""
        if item is None:
            return permission in self.permissions
        if permission is Permission.CONFIGURE and _is_made_by_scan(item):
            return False
        if not self.items:
            return permission in self.permissions
        name = item.full_name
        return permission in next(
            (held for pattern, held in self.items if fnmatchcase(name, pattern)), self.permissions
        )

    def require(self, permission: Permission, item: Item | None = None) -> None:
        """Refuse what the user may not do.

        Raises:
            Refused: 403 with the permission's id in a header, as AccessDeniedException3 sends it.
        """
        if not self.may(permission, item):
            raise missing(self, permission)


ANONYMOUS = User(name="anonymous", permissions=frozenset({Permission.READ_ALL}), by_token=False)


class Users:
    """The users that the emulator was told about; any other may do everything.

    Args:
        strict: refuse a user who was not announced.
        crumbs: whether a password's POST needs a crumb.
    """

    def __init__(self, *, strict: bool = False, crumbs: bool = True) -> None:
        self.strict = strict
        self.crumbs = crumbs
        self.anonymous = ANONYMOUS
        self._known: dict[str, User] = {}
        self.restart()

    def announce(self, secret: str, user: User) -> None:
        """Say what a user who sends this secret may do; of the anonymous one no secret."""
        if user.name == ANONYMOUS.name:
            self.anonymous = replace(user, by_token=False)
        else:
            self._known[_digest(user.name, secret)] = user

    def restart(self) -> None:
        """Let no crumb that was issued before be valid any more."""
        self._key = secrets.token_hex(16)

    def user(self, headers: Mapping[str, str]) -> User:
        """Return who has sent these headers.

        Raises:
            Refused: 401, name and secret are not accepted.
        """
        authorization = headers.get("authorization", "")
        if not authorization:
            return self.anonymous
        name, secret = _credentials(authorization)
        by_token = _API_TOKEN.fullmatch(secret) is not None
        found = self._known.get(_digest(name, secret))
        if found is None and not self.strict and name and secret:
            found = User(name=name)
        if found is None or found.expired:
            realm = ("WWW-Authenticate", 'Basic realm="Jenkins"')
            raise Refused(401, "Invalid password/token for user", realm)
        return replace(found, by_token=by_token)

    def crumb(self, user: User, headers: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return a crumb for this user's web session, and the cookie of a session that is new."""
        session = _session(headers)
        if session:
            return self._sign(user, session), ()
        session = secrets.token_hex(8)
        return self._sign(user, session), (("Set-Cookie", f"{_COOKIE}={session}; Path=/; HttpOnly"),)

    def check_crumb(self, user: User, headers: Mapping[str, str]) -> None:
        """Let a POST through that needs no crumb or carries the right one.

        Raises:
            Refused: 403, without the name of a permission: there is none to give.
        """
        if not self.crumbs or user.by_token:
            return
        sent = headers.get(CRUMB_FIELD.lower(), "")
        if not secrets.compare_digest(sent.encode(), self._sign(user, _session(headers)).encode()):
            raise Refused(403, "No valid crumb was included in the request")

    def _sign(self, user: User, session: str) -> str:
        return hashlib.sha256(f"{self._key};{user.name};{session}".encode()).hexdigest()


def missing(user: User, permission: Permission) -> Refused:
    """Return the answer to a permission that is missing."""
    return Refused(
        403,
        f"{user.name} is missing the {permission} permission",
        ("X-You-Are-Authenticated-As", user.name),
        ("X-Required-Permission", str(permission)),
    )


def parse_user(document: Mapping[str, Any]) -> tuple[str, User]:
    """Return a secret and its user, as a control announces them.

    Args:
        document: ``name``, ``secret``, and optionally ``permissions``, ``items`` (pattern to
            permissions) and ``expired``; permissions by their ids.

    Raises:
        ValueError: something is not as `User` says; the message names the key.
    """
    name, secret = document.get("name"), document.get("secret", "")
    if not isinstance(name, str) or not name:
        raise ValueError("name: expected text")
    if not isinstance(secret, str) or (not secret and name != ANONYMOUS.name):
        raise ValueError("secret: expected text")
    items = document.get("items", {})
    if not isinstance(items, dict):
        raise ValueError("items: expected an object of pattern and permissions")
    return secret, User(
        name=name,
        permissions=_permissions("permissions", document.get("permissions", list(Permission))),
        items=tuple((str(pattern), _permissions("items", held)) for pattern, held in items.items()),
        expired=document.get("expired") is True,
    )


def _permissions(key: str, words: object) -> frozenset[Permission]:
    if not isinstance(words, list):
        raise ValueError(f"{key}: expected a list of permissions")
    try:
        return frozenset(Permission(word) for word in words)
    except ValueError:
        raise ValueError(f"{key}: expected some of {', '.join(Permission)}") from None


def _is_made_by_scan(item: Item) -> bool:
    """Nobody but the system may configure these (BranchJobProperty.decorateACL)."""
    return item.generated and (item.kind is Kind.MULTIBRANCH or not item.holds_items)


def _credentials(authorization: str) -> tuple[str, str]:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(rest).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def _session(headers: Mapping[str, str]) -> str:
    pairs = [part.strip().partition("=") for part in headers.get("cookie", "").split(";")]
    return next((value for name, _, value in pairs if name == _COOKIE), "")


def _digest(name: str, secret: str) -> str:
    return hashlib.sha256(f"{name}:{secret}".encode()).hexdigest()
