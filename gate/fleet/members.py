"""Which servers does the configuration's ``fleet`` name, and how are they reached?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from threading import Event
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from gate.config import Config, interpolated
from gate.core.event import Target
from gate.core.reason import without_credentials
from gate.core.secret import Secret
from gate.errors import ConfigError
from gate.fleet.at_once import over
from gate.fleet.pool import Pool
from gate.providers import PROVIDERS
from gate.providers.pace import Pace
from gate.providers.protocol import Connection, Member, Provider

T = TypeVar("T")
U = TypeVar("U")

_ROOTS: Final = {"github": "owner", "gitlab": "group", "jenkins": "folder"}
_NEEDED: Final = {"github": ("owner", "token"), "gitlab": ("group", "token"), "jenkins": ("user", "token")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which part of the fleet is meant; what is empty limits nothing.

    Attributes:
        environment: the lab's name.
        providers: names of providers.
        projects: shell patterns over project paths.
    """

    environment: str = ""
    providers: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Post:
    """A connected member, and the threads that work for it."""

    connection: Connection
    pool: Pool

    @property
    def member(self) -> Member:
        """What it is connected to."""
        return self.connection.member

    @property
    def shown(self) -> str:
        """The member as a person knows it."""
        root = f" {self.member.root}" if self.member.root else ""
        return f"{self.member.provider} {urlsplit(self.member.url).netloc}{root}"


def read_members(config: Config, wanted: Filter, environ: Mapping[str, str]) -> tuple[Member, ...]:
    """Return the members that are meant, with their tokens.

    Raises:
        ConfigError: there are none, or one of them lacks what its provider needs.
    """
    entries = config.document.get("fleet", ())
    if not entries:
        raise ConfigError(
            f"{config.source}: fleet: missing; name at least one server, such as "
            '{provider: github, url: "https://api.github.com", token: "${GITHUB_TOKEN}", owner: acme}'
        )
    _check_filter(config, wanted)
    members = []
    for index, entry in enumerate(entries):
        where = f"{config.source}: fleet[{index}]"
        environment = entry.get("environment") or config.default_environment
        if wanted.providers and entry["provider"] not in wanted.providers:
            continue
        if wanted.environment and environment != wanted.environment:
            continue
        members.append(
            _parse_member(interpolated(entry, where, environ), where, environment, wanted.projects)
        )
    if not members:
        raise ConfigError(f"{config.source}: fleet: no entry is of {_wanted_words(wanted)}")
    return tuple(members)


@contextmanager
def connected(members: Sequence[Member]) -> Iterator[tuple[Post, ...]]:
    """Connect to members, and let go of them afterwards; the same server and token share one budget.

    Raises:
        MissingExtra: a provider's client library is not installed.
    """
    paces: dict[tuple[str, str, str], Pace] = {}
    posts: list[Post] = []
    try:
        for member in members:
            provider = cast("Provider", import_module(PROVIDERS[member.provider]))
            server = (member.provider, member.url, member.token.reveal())
            pace = paces.setdefault(server, provider.new_pace(member))
            posts.append(Post(connection=provider.connect(member, pace), pool=Pool(pace.at_once)))
        yield tuple(posts)
    finally:
        for post in posts:
            post.pool.close()
            post.connection.close()


def post_for(posts: Sequence[Post], target: Target) -> Post | None:
    """Return the member that a target belongs to, None where the configuration names none any more."""
    there = [p for p in posts if (p.member.provider, p.member.url) == (target.provider, target.instance)]
    below = [p for p in there if f"{target.project}/".startswith(f"{p.member.root}/") or not p.member.root]
    return next(iter([*below, *there]), None)


def over_posts(
    items: Sequence[tuple[Post, T]], call: Callable[[Post, T], U], halt: Event | None = None
) -> tuple[U, ...]:
    """Return `call` of each item in order; every member at once, each in its own threads."""
    places: dict[Post, list[int]] = {}
    for place, (post, _) in enumerate(items):
        places.setdefault(post, []).append(place)

    def work(post: Post) -> list[tuple[int, U]]:
        done = post.pool.each(lambda place: call(post, items[place][1]), places[post])
        return list(zip(places[post], done, strict=True))

    results = dict(pair for pairs in over(list(places), work, halt) for pair in pairs)
    return tuple(results[place] for place in range(len(items)))


def requests_by_provider(posts: Sequence[Post]) -> tuple[tuple[str, int], ...]:
    """Return how many requests each provider got."""
    counted = {id(post.connection.pace): post for post in posts}.values()
    names = dict.fromkeys(post.member.provider for post in posts)
    return tuple(
        (name, sum(post.connection.pace.requests for post in counted if post.member.provider == name))
        for name in names
    )


def _parse_member(entry: dict[str, Any], where: str, environment: str, only: tuple[str, ...]) -> Member:
    provider = entry["provider"]
    for key in _NEEDED[provider]:
        if not entry.get(key):
            raise ConfigError(
                f"{where}.{key}: missing; a {provider} entry needs {' and '.join(_NEEDED[provider])}"
            )
    if not entry["token"].isprintable():
        raise ConfigError(f"{where}.token: holds a line break or another character that no header carries")
    for key in sorted(({"owner", "group", "folder"} - {_ROOTS[provider]}) & entry.keys()):
        raise ConfigError(f"{where}.{key}: a {provider} entry has {_ROOTS[provider]} instead")
    url = str(entry["url"])
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            f"{where}.url: expected the server's address without user, query and fragment, "
            f'found "{without_credentials(url)}"'
        )
    return Member(
        provider=provider,
        url=url.rstrip("/"),
        root=str(entry.get(_ROOTS[provider], "")).strip("/"),
        projects=tuple(entry.get("projects", ("*",))),
        only=only,
        environment=environment,
        token=Secret(entry["token"]),
        user=entry.get("user", ""),
    )


def _check_filter(config: Config, wanted: Filter) -> None:
    if wanted.environment and config.names and wanted.environment not in config.names:
        known = ", ".join(config.names)
        raise ConfigError(f"{config.source}: unknown environment {wanted.environment!r}; known are {known}")


def _wanted_words(wanted: Filter) -> str:
    words = [f"environment {wanted.environment}"] if wanted.environment else []
    words += [f"provider {' or '.join(wanted.providers)}"] if wanted.providers else []
    return " and ".join(words) or "this configuration"
