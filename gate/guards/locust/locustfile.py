"""Switches the guard on where it stands in a list: `locust -f locustfile.py,THIS_FILE`."""

import gate.guards.locust  # noqa: F401
