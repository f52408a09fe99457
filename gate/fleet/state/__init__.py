"""Where is the ledger kept? From a URL to a `Ledger`; back ends are imported when they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from gate.core.reason import without_credentials
from gate.errors import ConfigError
from gate.fleet.state.protocol import Ledger

BACK_ENDS: Final[Mapping[str, str]] = {
    "sqlite": "gate.fleet.state.sqlite",
    "postgresql": "gate.fleet.state.postgresql",
    "postgresql+psycopg": "gate.fleet.state.postgresql",
    "git+ssh": "gate.fleet.state.git",
    "git+https": "gate.fleet.state.git",
    "git+http": "gate.fleet.state.git",
    "git+file": "gate.fleet.state.git",
}
_GIT_FOLDER: Final = "git+"  # what follows is a path


class _BackEnd(Protocol):
    def open_ledger(self, url: str, *, create: bool) -> Ledger | None:
        """Return the ledger; where there is none, a new one with `create`, else None."""


def open_state(url: str) -> Ledger:
    """Return the ledger at `url`, a new one where there is none; an older one is migrated.

    Raises:
        ConfigError: the URL is none, what is there is no ledger, or it cannot be reached.
        MissingExtra: a library is not installed.
    """
    ledger = _back_end(url).open_ledger(url, create=True)
    assert ledger is not None
    return ledger


def find_state(url: str) -> Ledger | None:
    """Return the ledger at `url`, or None where there is none yet; nothing is created.

    Raises:
        ConfigError: the URL is none, what is there is no ledger, or it cannot be reached.
        MissingExtra: a library is not installed.
    """
    return _back_end(url).open_ledger(url, create=False)


def _back_end(url: str) -> _BackEnd:
    scheme, separator, _ = url.partition("://")
    if not separator and url.startswith(_GIT_FOLDER):
        scheme, separator = "git+file", "://"
    if not separator or scheme not in BACK_ENDS:
        raise ConfigError(
            f"state {without_credentials(url)}: expected a URL that begins with one of "
            f"{', '.join(f'{name}://' for name in BACK_ENDS)}, such as sqlite:///.gate/state.db"
        )
    return cast(_BackEnd, import_module(BACK_ENDS[scheme]))
