"""Which ledger does a command mean?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gate.config import Config, interpolated, load_config, named_file
from gate.core.model import State

DEFAULT_STATE: Final = "sqlite:///.gate/state.db"  # as `gate.config_schema` says


def given_state(state: str | None, config: Config | None, environ: Mapping[str, str]) -> str | None:
    """Return the URL of the ledger that somebody has named, or None.

    Args:
        state: given on the command line; then ``GATE_STATE`` counts, then the configuration's
            ``state`` with ``${NAME}`` replaced.
        config: the configuration, where there is one.
        environ: the process environment.

    Raises:
        ConfigError: the configuration names a variable that is not set.
    """
    if state:
        return state
    named = environ.get("GATE_STATE", "")
    # In jobs after a gate step GATE_STATE carries the verdict's state, which is no address.
    if named not in ("", *State):
        return named
    if config is None or config.state is None:
        return None
    return str(interpolated(config.state, f"{config.source}: state", environ))


def state_url(state: str | None, config: str | None, environ: Mapping[str, str]) -> str:
    """Return the URL of the ledger that a command is about: the named one, or else `DEFAULT_STATE`.

    Args:
        state: given on the command line.
        config: the configuration file given on the command line.
        environ: the process environment.

    Raises:
        ConfigError: the configuration cannot be read, or names a variable that is not set.
    """
    named = given_state(state, None, environ)
    if named is None and named_file(config, environ):
        named = given_state(None, load_config(config, environ), environ)
    return named or DEFAULT_STATE


def ledger_url(state: str | None, config: Config | None, environ: Mapping[str, str]) -> str:
    """Return what `state_url` does, for who has the configuration already; None is that there is none.

    Raises:
        ConfigError: the configuration names a variable that is not set.
    """
    return given_state(state, config, environ) or DEFAULT_STATE
