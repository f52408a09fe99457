"""What does a database's error mean to a person, and what is to be done?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gate.core.reason import one_line
from gate.errors import ConfigError

_SQLITE = (
    ("not a database", "is not a ledger; name another file, or move this one away"),
    ("malformed", "is damaged; put back a copy that is whole"),
    ("readonly", "may not be written by this user; give it the file and its folder"),
    ("locked", "another process keeps it locked; end that one, or try again"),
    ("unable to open", "cannot be opened; see whether this user may read and write the file and its folder"),
    ("full", "the disk is full; make room"),
)
_POSTGRESQL = (
    ("password authentication failed", "refuses user or password; set the right ones in the URL"),
    ("no password supplied", "asks for a password; set one in the URL, or PGPASSWORD"),
    ("does not exist", "knows no such database or user; create it"),
    ("permission denied", "this user may not use it; grant the user CREATE on its schema"),
    ("read-only", "takes no writes; name the primary server"),
    ("connection", "does not answer; see whether the server runs and this machine may reach it"),
)


@contextmanager
def explained(url: URL, shown: str) -> Iterator[None]:
    """Turn whatever the database raises into a ConfigError that names it as `shown`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise ConfigError(f"state {shown}: {_words(error, url)}") from None


def _words(error: SQLAlchemyError, url: URL) -> str:
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    said = _without_password(said, url)
    table = _SQLITE if url.get_backend_name() == "sqlite" else _POSTGRESQL
    advice = next((words for word, words in table if word in said), "cannot be used")
    return f"{advice} ({one_line(said, 300)})"


def _without_password(said: str, url: URL) -> str:
    secrets = [str(url.password or ""), *(str(url.query.get(name, "")) for name in ("password", "passfile"))]
    for secret in filter(None, secrets):
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            said = said.replace(form, "…")
    return said
