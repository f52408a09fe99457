"""Is this pytest run guarded? The entry point, which costs next to nothing where it is not.

Everything else is imported only when the run is guarded: by `--gate`, by `gate = true` in the
ini file, or by `GATE_FOCUS_SERVER`; `--gate-off` goes before all three.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

MARKERS = (
    "requires_fiber: gate holds the test back before its set-up while the lab is dark.",
    "no_fiber: gate does not hold the test back by name or marker; its requests are guarded all the same.",
)
_SWITCHED_ON = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add gate's options."""
    group = parser.getgroup("gate", "gate: no test reaches a dark lab")
    group.addoption("--gate", action="store_true", dest="gate", help="Guard this run.")
    group.addoption("--gate-off", action="store_true", dest="gate_off", help="Do not, whatever else says so.")
    group.addoption("--gate-environment", metavar="E", help="The lab; default_environment if not given.")
    group.addoption("--gate-report", metavar="FILE", help="Write what was blocked, and why, as JSON.")
    group.addoption(
        "--gate-exit",
        choices=("keep", "closed"),
        default="keep",
        help="closed: exit with 75 or 69 when tests were blocked and none failed. keep: leave it to pytest.",
    )
    parser.addini("gate", "Guard this run, as --gate does.", type="bool", default=False)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Guard what conftest files do while they are imported."""
    _switch_on(early_config, early_config.known_args_namespace)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the markers, and guard the run where that has not happened yet."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    _switch_on(config, config.option)


def _switch_on(config: pytest.Config, options: Any) -> None:
    if config.stash.get(_SWITCHED_ON, False) or options.gate_off:
        return
    if not (options.gate or config.getini("gate") or os.environ.get("GATE_FOCUS_SERVER")):
        return
    if getattr(options, "help", False) or getattr(options, "version", 0):
        return
    from gate.guards.blocking.session import guard_session

    guard_session(config, options)
    config.stash[_SWITCHED_ON] = True
