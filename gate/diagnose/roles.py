"""Which pod is the Focus server, which MongoDB, which RabbitMQ?

By a label selector where one is given, else by the labels that charts set (the recommended
labels of https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/,
read 2026-11-24), else by the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit


class Role(StrEnum):
    """What a pod, a service or a dependency is to the lab."""

    FOCUS_SERVER = "focus_server"
    MONGODB = "mongodb"
    RABBITMQ = "rabbitmq"


TITLES: Final = {
    Role.FOCUS_SERVER: "the Focus server",
    Role.MONGODB: "MongoDB",
    Role.RABBITMQ: "RabbitMQ",
}

_LABELS: Final = (
    "app.kubernetes.io/name",
    "app.kubernetes.io/component",
    "app",
    "k8s-app",
    "name",
    "app.kubernetes.io/instance",
)
_MARKS: Final = (  # MongoDB and RabbitMQ first: charts put the release's name before their own
    (Role.MONGODB, re.compile("mongo")),
    (Role.RABBITMQ, re.compile("rabbit")),
    (Role.FOCUS_SERVER, re.compile("focus[-_.]?server")),
)
_BESIDE = re.compile("exporter|backup|express|operator|dashboard|migration")
_PORTS: Final = {27017: Role.MONGODB, 5672: Role.RABBITMQ, 5671: Role.RABBITMQ}
_ROLE_NAMES: Final = {
    "focus": Role.FOCUS_SERVER,
    "focus-server": Role.FOCUS_SERVER,
    "focus_server": Role.FOCUS_SERVER,
    "mongodb": Role.MONGODB,
    "rabbitmq": Role.RABBITMQ,
}


def role_of(name: str, labels: Mapping[str, str]) -> Role | None:
    """Return what an object is to the lab, or None; `name` counts where no label says it."""
    if _BESIDE.search(name.lower()):
        return None
    for text in (*(labels.get(label, "") for label in _LABELS), name):
        for role, mark in _MARKS:
            if mark.search(text.lower()):
                return role
    return None


def role_of_url(url: str) -> Role | None:
    """Return what a dependency is to the lab, or None."""
    parts = urlsplit(url)
    scheme = {"mongodb": Role.MONGODB, "amqp": Role.RABBITMQ, "amqps": Role.RABBITMQ}.get(parts.scheme)
    return scheme or _PORTS.get(parts.port or 0) or role_of(parts.hostname or "", {})


def parse_selectors(given: Iterable[str]) -> dict[Role, str]:
    """Return label selectors by role, from texts such as ``focus=app=panda,tier=web``.

    Raises:
        ValueError: a text names no role, or no selector; the message says what was expected.
    """
    found: dict[Role, str] = {}
    for text in given:
        name, _, selector = text.partition("=")
        role = _ROLE_NAMES.get(name.strip().lower())
        if role is None or not selector.strip():
            raise ValueError(
                "expected focus=, mongodb= or rabbitmq= and a label selector, "
                f"such as focus=app=panda, found {text!r}"
            )
        found[role] = selector.strip()
    return found
