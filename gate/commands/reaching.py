"""Which members of the fleet does this process reach?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from gate.commands.say import say
from gate.config import Config
from gate.core.reason import one_line
from gate.errors import ConfigError
from gate.fleet.members import Filter, Post, connected, read_members
from gate.providers.protocol import Member


def members_of(config: Config, environ: Mapping[str, str]) -> tuple[Member, ...]:
    """Return the fleet, with its tokens; where none is configured, the ledger is all that there is.

    Raises:
        ConfigError: a member lacks what its provider needs.
    """
    return read_members(config, Filter(), environ) if config.document.get("fleet") else ()


@contextmanager
def reachable(config: Config, environ: Mapping[str, str]) -> Iterator[tuple[Post, ...]]:
    """Connect to the fleet where this process has what that takes; else say why, and go on without."""
    with ExitStack() as stack:
        posts: tuple[Post, ...] = ()
        try:
            posts = stack.enter_context(connected(members_of(config, environ)))
        except ConfigError as error:
            say(f"note: the fleet is not reached from here: {one_line(error.problems[0], 300)}")
        yield posts
