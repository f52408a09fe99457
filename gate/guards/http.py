"""What holds back the requests that would configure a lab whose gate is closed?

The mechanism is the call: names of tests miss most of those that configure a lab, so what
would configure it is held back at the moment it is sent, and nothing else is touched. This
is the public face of the guards for HTTP, and `may_send` is the one decision in them:

- `install(Guard(config, environ))` guards every request of this process, until `uninstall`.
- `protect(session)` guards those of one session, client or pool manager.
- `configure_allowed()` is for clients that ask before they configure.
- `FiberRetry` in the place of urllib3's `Retry`, and `unless_waiting` for tenacity and stamina,
  repeat as before, but never what a lab without fibre has refused.

A request that is held back raises `FiberNotReady`, which carries the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.guards.guard import Guard, may_send
from gate.guards.held import Call, FiberNotReady, Lab, Snapshot, refuse
from gate.guards.hooks import install, uninstall
from gate.guards.library import configure_allowed, current_verdict, protect
from gate.guards.repeating import unless_waiting, waiting_explains

if TYPE_CHECKING:
    from gate.guards.retry import FiberRetry

__all__ = [
    "Call",
    "FiberNotReady",
    "FiberRetry",
    "Guard",
    "Lab",
    "Snapshot",
    "configure_allowed",
    "current_verdict",
    "install",
    "may_send",
    "protect",
    "refuse",
    "uninstall",
    "unless_waiting",
    "waiting_explains",
]


def __getattr__(name: str) -> Any:
    """Load what stands on urllib3 only where it is used."""
    if name == "FiberRetry":
        from gate.guards.retry import FiberRetry

        return FiberRetry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
