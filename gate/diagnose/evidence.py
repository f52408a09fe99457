"""What is known of a lab whose gate is closed, and what is not?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.core.model import Verdict
from gate.diagnose.cluster import Cluster, Event, Pod
from gate.diagnose.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be learnt.

    Attributes:
        what: the thing, for example ``pods``.
        why: the reason in words.
        advice: what to do to learn it.
        refused: whether it was asked for, and the answer was no, or none.
    """

    what: str
    why: str
    advice: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What came of asking a dependency from this machine.

    Attributes:
        url: its address, as it may be shown.
        role: what it is to the lab, where that is known.
        cause: why it does not answer; None where it does.
        failed: the step that failed: ``name``, ``connection`` or ``protocol``.
    """

    url: str
    role: Role | None = None
    cause: str | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that could be learnt, and what could not.

    Attributes:
        now: the time of the diagnosis (UTC).
        verdict: what `gate check` says.
        dependencies: each one that is configured.
        cluster: what Kubernetes says, or None where it could not be asked.
        gaps: what could not be learnt.
    """

    now: datetime
    verdict: Verdict
    dependencies: tuple[Dependency, ...] = ()
    cluster: Cluster | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def kubectl(self) -> str:
        """How a command of kubectl begins that looks where gate has looked."""
        return f"kubectl -n {self.cluster.namespace}" if self.cluster else "kubectl"

    @property
    def pods(self) -> tuple[Pod, ...]:
        """The pods that are meant to run."""
        return tuple(pod for pod in self.cluster.pods if pod.counts) if self.cluster else ()

    def events_of(self, pod: Pod, *reasons: str) -> tuple[Event, ...]:
        """Return the events about a pod that have one of these reasons, oldest first."""
        events = self.cluster.events if self.cluster else ()
        return tuple(event for event in events if event.name == pod.name and event.reason in reasons)

    def is_up(self, role: Role) -> bool:
        """Return whether the cluster says that a pod of this role is ready."""
        return any(pod.ready for pod in self.pods if pod.role is role)
