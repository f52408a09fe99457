"""How is the official client made ready to ask one cluster?"""

from __future__ import annotations

import importlib
import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from gate.core.reason import one_line
from gate.diagnose.bounded import together
from gate.diagnose.kubeconfig import Access
from gate.diagnose.kubernetes import GROUPS, TIMEOUT, ClusterClient
from gate.errors import ConfigError, MissingExtra


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The parts of the official client that are used; `groups` are its API classes by name."""

    client: Any
    config: Any
    in_cluster: Any
    groups: Mapping[str, Any]


def load_library() -> Library:
    """Return the client, all of it that will be needed.

    To be called while no other thread imports anything: the library imports its parts when
    they are first used, and in circles, which two threads at once leave half done.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        client = importlib.import_module("kubernetes.client")
        return Library(
            client=client,
            config=importlib.import_module("kubernetes.config"),
            in_cluster=importlib.import_module("kubernetes.config.incluster_config"),
            groups={name: getattr(client, name) for name in GROUPS},
        )
    except ImportError:
        raise MissingExtra("kubernetes", "reading a cluster") from None


@contextmanager
def opened(
    library: Library, access: Access, environ: Mapping[str, str], seconds: float = TIMEOUT
) -> Iterator[ClusterClient]:
    """Yield a client; the keys that the library writes to files are gone when the block ends.

    Raises:
        ConfigError: the kubeconfig's credentials cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        settings = library.client.Configuration()
        settings.retries = False
        load = partial(_load, library, access, settings, environ, folder)
        came = together({0: load}, seconds)[0]
        if isinstance(came, Exception):
            words = one_line(str(came), 300) or type(came).__name__
            raise ConfigError(f"context {access.context}: its credentials cannot be used: {words}")
        if not settings.verify_ssl:
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        with library.client.ApiClient(settings) as api_client:
            groups = {name: group(api_client) for name, group in library.groups.items()}
            yield ClusterClient(access, groups, seconds)


def _load(library: Library, access: Access, settings: Any, environ: Mapping[str, str], folder: str) -> None:
    if access.document is None:
        library.in_cluster.InClusterConfigLoader(
            token_filename=str(access.folder / "token"),
            cert_filename=str(access.folder / "ca.crt"),
            environ=environ,
        ).load_and_set(settings)
        return
    with _told() as told:
        library.config.load_kube_config_from_dict(
            json.loads(access.document.reveal()),
            client_configuration=settings,
            persist_config=False,
            temp_file_path=folder,
        )
    if told:  # a login plugin that fails is only logged, and the client goes on as nobody
        raise ValueError("; ".join(told))


@contextmanager
def _told() -> Iterator[list[str]]:
    """Yield what the library logs as an error in the block, which then stands nowhere else."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(one_line(record.getMessage(), 300))

    handler = Collector(level=logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(handler)
