"""Which guard is in force in this process?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.guards.guard import Guard

guard: Guard | None = None


def check(method: str, url: str) -> None:
    """Return where the guard in force lets a request go, or where there is none; else it raises."""
    in_force = guard  # another thread may uninstall in between
    if in_force is not None:
        in_force.check(method, url)


async def check_async(method: str, url: str) -> None:
    """Do what `check` does without keeping the event loop."""
    in_force = guard
    if in_force is not None:
        await in_force.check_async(method, url)


def url_of(scheme: str, host: str, port: int | None, target: str) -> str:
    """Return the URL that a connection and what is asked on it make together.

    Args:
        scheme: ``http`` or ``https``.
        host: what the connection leads to; an IPv6 address with or without brackets.
        port: its port, or None for the scheme's own.
        target: a path, or a whole URL where the connection leads to a proxy.
    """
    if not target.startswith("/") and "://" in target:
        return target
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    authority = host if port is None else f"{host}:{port}"
    return f"{scheme}://{authority}{'' if target.startswith('/') else '/'}{target}"
