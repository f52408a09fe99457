"""How are people told of what has changed, by a command of its own or beside another one's work?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from gate.commands.say import say
from gate.config import Config
from gate.core.event import Event
from gate.core.ledger_state import LedgerState
from gate.core.model import Verdict
from gate.core.notice import Notice, Rhythm, Topic, due_notices, news
from gate.core.reason import one_line, without_credentials
from gate.errors import ConfigError, GateError
from gate.fleet.journal import Journal
from gate.notify.channels import Channel, Delivery, read_channels, send
from gate.notify.message import Facts, write_message

Environ = Mapping[str, str]

CLUSTER = 12.0  # seconds for restarts and their causes, which are told where they are known in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """All that telling needs besides the ledger.

    Attributes:
        config: the configuration.
        verdicts: the labs' readings, as the recheck takes them; none where only a pause is told of.
        environ: the process environment.
        channels: where messages go.
        rhythm: how often.
    """

    config: Config
    verdicts: tuple[Verdict, ...]
    environ: Environ
    channels: tuple[Channel, ...]
    rhythm: Rhythm


def tell_beside(journal: Journal, config: Config, verdicts: Sequence[Verdict], environ: Environ) -> None:
    """Tell people of what is due, beside a command's own work: it changes nothing of that.

    Where nobody is named in the configuration, nothing is done. What fails is said as a note.
    """
    try:
        if not config.document.get("notify"):
            return
        for delivery in tell_due(journal, prepare(config, verdicts, environ)):
            if delivery.problem:
                say(f"note: not told, {delivery.label}: {delivery.problem}")
    except GateError as error:
        say(f"note: nobody was told: {one_line(str(error), 300)}")


def prepare(config: Config, verdicts: Sequence[Verdict], environ: Environ) -> Telling:
    """Return all that telling needs.

    Raises:
        ConfigError: a value of the configuration cannot be used, or names a variable that is not set.
    """
    return Telling(
        config=config,
        verdicts=tuple(verdicts),
        environ=environ,
        channels=read_channels(config, environ),
        rhythm=rhythm_of(config),
    )


def rhythm_of(config: Config) -> Rhythm:
    """Return how often people are told.

    Raises:
        ConfigError: a value of the configuration cannot be used.
    """
    return Rhythm(repeat=config.repeat, recheck_every=config.recheck_every, steadiness=config.steadiness)


def tell_due(journal: Journal, telling: Telling) -> tuple[Delivery, ...]:
    """Send what is due, and return what came of each message at each channel.

    It is written down before it is sent, so that two at once tell it once, and taken back where no
    channel took it, so that the next one tells it.

    Raises:
        MissingExtra: apprise is not installed.
        ConfigError: the ledger cannot be read or written.
    """
    if not _due(journal.refresh(), telling, journal.clock()):
        journal.write(lambda state: news(state, telling.verdicts, telling.rhythm, journal.clock()))
        return ()
    claimed: list[Notice] = []

    def claim(state: LedgerState) -> list[Event]:
        now = journal.clock()
        claimed[:] = _due(state, telling, now)
        changed = news(state, telling.verdicts, telling.rhythm, now)
        return [*changed, *(notice.event for notice in claimed)]

    state = journal.write(claim)
    facts = gather_facts(state, telling, journal.clock(), claimed)
    sent: list[tuple[Notice, tuple[Delivery, ...]]] = []
    try:
        for notice in claimed:
            sent.append((notice, send(write_message(notice, facts), telling.channels)))
    finally:
        arrived = {notice for notice, deliveries in sent if any(not one.problem for one in deliveries)}
        _take_back(journal, [notice for notice in claimed if notice not in arrived])
    return tuple(delivery for _, deliveries in sent for delivery in deliveries)


def gather_facts(state: LedgerState, telling: Telling, now: datetime, notices: Sequence[Notice]) -> Facts:
    """Return what messages are written from; the cluster is asked only where a lab is dark."""
    dark = any(notice.topic in (Topic.CLOSED, Topic.FLAPPING) for notice in notices)
    return Facts(
        state=state,
        verdicts=telling.verdicts,
        now=now,
        links=tuple(_links(telling)),
        cluster=_cluster_lines(telling, now) if dark else (),
    )


def _due(state: LedgerState, telling: Telling, now: datetime) -> tuple[Notice, ...]:
    return due_notices(state, telling.verdicts, telling.rhythm, now)


def _take_back(journal: Journal, notices: Sequence[Notice]) -> None:
    events = [replace(notice.event, sent=False) for notice in notices]
    journal.write(lambda _: events)


def _links(telling: Telling) -> list[tuple[str, str]]:
    links: list[tuple[str, str]] = []
    environ = telling.environ
    if len(telling.config.names) > 1:  # what it says of the chosen lab counts for none of them
        environ = {key: value for key, value in environ.items() if not key.startswith("GATE_")}
    for verdict in telling.verdicts:
        try:
            lab = telling.config.environment(verdict.environment, environ)
        except ConfigError:
            continue
        links.append((lab.name, without_credentials(lab.focus_server).rstrip("/") + "/live_metadata"))
    return links


def _cluster_lines(telling: Telling, now: datetime) -> tuple[str, ...]:
    """Return restarts and their causes where the cluster can be asked from here, in good time."""
    from gate.diagnose.bounded import together

    came = together({0: partial(_ask_cluster, telling, now)}, CLUSTER)[0]
    return () if isinstance(came, Exception) else came


def _ask_cluster(telling: Telling, now: datetime) -> tuple[str, ...]:
    from gate.diagnose.causes import find_causes
    from gate.diagnose.evidence import Evidence
    from gate.diagnose.kubeconfig import Wish, find_access
    from gate.diagnose.library import load_library, opened
    from gate.diagnose.picture import read_picture
    from gate.diagnose.scrub import Scrubber, secrets_of

    access = find_access(Wish(kubeconfig="", context="", namespace=""), telling.environ, Path.home())
    if access is None or not telling.verdicts:
        return ()
    with opened(load_library(), access, telling.environ) as client:
        picture = read_picture(client, access, {})
    if picture.cluster is None:
        return ()
    verdict = next((one for one in telling.verdicts if not one.open), telling.verdicts[0])
    causes = find_causes(Evidence(now=now, verdict=verdict, cluster=picture.cluster))
    known = Scrubber((*picture.secrets, *access.secrets, *secrets_of(telling.environ)))
    restarts = sum(
        container.restarts for pod in picture.cluster.pods for container in pod.containers if pod.counts
    )
    named = [f"{cause.confidence}: {one_line(known.text(cause.says), 300)}" for cause in causes]
    return (f"{restarts} in namespace {one_line(picture.cluster.namespace, 60)}", *named)
