"""Which servers stand in for a person's own in a drill? One for each entry of their fleet, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer

from gate.sandbox.clock import Clock
from gate.sandbox.fleet import FleetSpec
from gate.sandbox.focus import FocusServer, FocusState
from gate.sandbox.github.app import GitHub, GitHubOptions
from gate.sandbox.github.limits import LimitSettings
from gate.sandbox.gitlab.command import NO_LIMITS
from gate.sandbox.gitlab.service import GitLabService
from gate.sandbox.jenkins.command import seeded_service
from gate.sandbox.server import SandboxServer, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The servers of a drill, which answer until it is left.

    Attributes:
        focus: the lab; its `state` can be switched.
        servers: one for each entry of the fleet, in its order.
    """

    focus: FocusServer
    servers: tuple[SandboxServer, ...]


@contextmanager
def staged(parts: Sequence[tuple[str, FleetSpec]]) -> Iterator[Stage]:
    """Serve a lab without fibre, and a seeded fleet for each pair of provider and specification."""
    with ExitStack() as stack:
        focus = FocusServer(FocusState.WAITING)
        _serve(focus, stack)
        servers = tuple(SandboxServer(_service(provider, spec)) for provider, spec in parts)
        for server in servers:
            _serve(server, stack)
        yield Stage(focus=focus, servers=servers)


def _service(provider: str, spec: FleetSpec) -> Service:
    match provider:
        case "github":
            return GitHub(GitHubOptions(fleet=spec, limits=LimitSettings(enabled=False)))
        case "gitlab":
            return GitLabService(spec, limits=NO_LIMITS, clock=Clock())
        case "jenkins":
            return seeded_service(spec)
        case _:
            raise ValueError(f"no emulator of {provider}")


def _serve(server: ThreadingHTTPServer, stack: ExitStack) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
