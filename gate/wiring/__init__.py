"""Which systems' pipeline files can gate wire and lint?"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from gate.wiring.records import System

SYSTEMS: Final[Mapping[str, str]] = {
    "github": "gate.wiring.github",
    "gitlab": "gate.wiring.gitlab",
    "jenkins": "gate.wiring.jenkins",
}


def load_system(name: str) -> System:
    """Return the module that knows one system's pipeline files."""
    return cast("System", import_module(SYSTEMS[name]))
