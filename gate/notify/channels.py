"""Where do messages go, and did they arrive? apprise URLs, each of which is a secret as a whole."""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from gate.config import Config, Environ, interpolated
from gate.core.reason import one_line
from gate.core.secret import Secret
from gate.diagnose.bounded import together
from gate.errors import MissingExtra
from gate.notify.message import Message

NO_URL: Final = "apprise takes no such URL; it is hidden here, since it may be secret"
PATIENCE: Final = 20.0  # seconds for all channels together
_STATUS: Final = re.compile(r"error[=:]\s?([1-5][0-9]{2})\b")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9]{1,15}(?=://)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One apprise URL.

    Attributes:
        label: which it is, as it may be shown: ``gate.yml: notify[0] (slack)``.
        url: the URL.
    """

    label: str
    url: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of sending one message to one channel; `problem` is empty where it has arrived."""

    label: str
    problem: str = ""


def read_channels(config: Config, environ: Environ) -> tuple[Channel, ...]:
    """Return the channels that a configuration names.

    Raises:
        ConfigError: one names a variable that is not set.
    """
    channels: list[Channel] = []
    for index, text in enumerate(config.document.get("notify", ())):
        where = f"{config.source}: notify[{index}]"
        url = str(interpolated(text, where, environ)).strip()
        scheme = _SCHEME.match(url)
        channels.append(Channel(label=f"{where} ({scheme[0]})" if scheme else where, url=Secret(url)))
    return tuple(channels)


def send(message: Message, channels: Sequence[Channel], patience: float = PATIENCE) -> tuple[Delivery, ...]:
    """Send a message to every channel at once, and return what came of each.

    Raises:
        MissingExtra: apprise is not installed.
    """
    apprise = _load()
    with _silenced():
        # Here, on one thread: with the first of them apprise imports all of its services.
        instances = {channel.label: _instance(apprise, channel) for channel in channels}
        calls = {label: partial(_send_one, apprise, one, message) for label, one in instances.items()}
        came = together(calls, patience)
    return tuple(_delivery(label, problem, patience) for label, problem in came.items())


def broken_channels(channels: Sequence[Channel]) -> tuple[Channel, ...]:
    """Return the channels whose URL says nothing to apprise.

    Raises:
        MissingExtra: apprise is not installed.
    """
    apprise = _load()
    with _silenced():
        return tuple(channel for channel in channels if _instance(apprise, channel) is None)


def _load() -> Any:
    try:
        import apprise
    except ImportError:
        raise MissingExtra("notify", "telling people") from None
    return apprise


def _instance(apprise: Any, channel: Channel) -> Any:
    """Return apprise's own form of a channel, or None where its URL is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of services that nobody has named
            return apprise.Apprise.instantiate(channel.url.reveal(), suppress_exceptions=True)
    except Exception:  # a service that trips over a URL; its words could hold the secret
        return None


def _send_one(apprise: Any, instance: Any, message: Message) -> str:
    """Return why a message did not arrive; apprise's own words may hold the secret and are not used."""
    if instance is None:
        return NO_URL
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    try:
        arrived = instance.notify(
            title=message.title,
            body=message.body,
            notify_type=apprise.NotifyType.SUCCESS if message.good else apprise.NotifyType.WARNING,
            body_format=apprise.NotifyFormat.TEXT,
        )
    finally:
        logger.removeHandler(heard)
    if arrived:
        return ""
    return f"refused with HTTP {heard.status}" if heard.status else "did not get through"


def _delivery(label: str, came: str | Exception, patience: float) -> Delivery:
    if isinstance(came, TimeoutError):
        return Delivery(label=label, problem=f"no answer within {patience:g} s")
    problem = f"failed: {type(came).__name__}" if isinstance(came, Exception) else came
    return Delivery(label=label, problem=one_line(problem, 200))


class _Heard(logging.Handler):
    """Picks the HTTP status out of what apprise logs on this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.status = ""

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        if found and threading.get_ident() == self._thread:
            self.status = found[1]


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep what apprise logs, URLs included, from every handler but gate's own."""
    logger = logging.getLogger("apprise")
    before, nothing = logger.propagate, logging.NullHandler()
    logger.propagate = False
    logger.addHandler(nothing)
    try:
        yield
    finally:
        logger.removeHandler(nothing)
        logger.propagate = before
