"""Stops or pauses a load test whose lab goes dark: one import in a locustfile.

    import gate.guards.locust

Before users are spawned, and then at each interval, the master (or the only process) asks
the lab. In every process, what would configure a lab that is not ready is held back at the
moment it is sent. `python -m gate.guards.locust` is Locust with this import done, for a
locustfile that cannot be changed.
"""

from __future__ import annotations

from typing import Any

from gate.errors import MissingExtra

try:
    # First of all: it makes sockets and locks cooperative, for what is imported from here on.
    import locust
except ModuleNotFoundError:
    raise MissingExtra("locust", "gate.guards.locust") from None

from gate.guards.locust.begin import guard_environment
from gate.guards.locust.options import add_options

_events: Any = locust.events
_events.init_command_line_parser.add_listener(add_options)
_events.init.add_listener(guard_environment)
