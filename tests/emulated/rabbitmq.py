"""A real RabbitMQ server for tests, on loopback, gone when they are done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support import free_port, need, unprivileged

_DEBIAN = Path("/usr/lib/rabbitmq/bin")


@contextmanager
def starting_rabbitmq() -> Iterator[int]:
    """Yield the port at which a server that has just been started will answer.

    The test skips, or fails with `GATE_TEST_ALL=1`, where RabbitMQ is not installed.
    """
    server, epmd = need("rabbitmq-server", _DEBIAN), need("epmd")
    # Not below pytest's own folder, which another user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="gate-rmq-"))
    port, names, nodes = free_port(), free_port(), free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": f"gate-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(nodes),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    as_user = unprivileged(folder)
    try:
        # In front of the server, which else would leave one of its own running behind it.
        with _process([epmd], folder, environ, as_user), _process([server], folder, environ, as_user):
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(
    command: list[Path], folder: Path, environ: Mapping[str, str], as_user: Mapping[str, Any]
) -> Iterator[None]:
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **as_user,
    ) as process:
        try:
            yield
        finally:
            if sys.platform != "win32":
                os.killpg(process.pid, signal.SIGKILL)
