"""Fixtures that tests of every kind use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings

from gate.sandbox.focus import FocusServer

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("gate", deadline=None)
settings.load_profile("gate")


@contextmanager
def serving(server: FocusServer) -> Iterator[FocusServer]:
    """Serve on a thread of its own until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def focus() -> Iterator[FocusServer]:
    """A Focus server on loopback that waits for fibre; set its `state` to change that."""
    with serving(FocusServer()) as server:
        yield server
