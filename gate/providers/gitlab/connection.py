"""What can gate do for a whole group in GitLab? Each question has a file of its own; here they meet."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.kept import Kept
from gate.core.work import Asked, Found, Protects, Seen, Work
from gate.providers.gitlab import finding, kept, rerunning, schedules, watching, whole
from gate.providers.gitlab.builds import Job
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.hold import Holds
from gate.providers.gitlab.naming import Naming
from gate.providers.gitlab.projects import Projects
from gate.providers.gitlab.stopping import Stopping
from gate.providers.pace import Pace
from gate.providers.protocol import Each, Key, Member


class GitLabConnection:
    """A group of a GitLab, connected; see `gate.providers.protocol.Connection`.

    Args:
        member: the group.
        pace: the budget of requests.

    Raises:
        MissingExtra: python-gitlab is not installed.
    """

    no_hold = ""

    def __init__(self, member: Member, pace: Pace) -> None:
        self.member = member
        self.pace = pace
        self._client = Client(member.url, member.token, pace, verify=member.verify)
        self._projects = Projects(self._client, member)
        self._stopping = Stopping(self._client, self._projects)
        self._holds = Holds(self._client, member, self._projects)
        self._naming = Naming(self._client)
        self._waiting: tuple[Job, ...] = ()
        self._lock = threading.Lock()

    def find(self, protects: Protects, each: Each, *, triggers: bool = False) -> Found:
        """Return what is protected and in flight, and with `triggers` the schedules that start it."""
        findings = finding.find(self._client, self.member, self._projects, protects, each)
        with self._lock:
            self._waiting = findings.waiting
        self._naming.learn(findings.names)
        if not triggers:
            return findings.found
        projects = findings.projects
        return schedules.added_to(findings.found, self._client, self.member, projects, protects, each)

    def find_again(self, protects: Protects, each: Each) -> Found:
        """Return what protected trigger jobs have started that had not when `find` looked."""
        with self._lock:
            waiting = self._waiting
        if not waiting:
            return Found()
        watched = watching.watch(self._client, self.member, waiting, each)
        with self._lock:
            self._waiting = watched.waiting
        return watched.found

    def cancel(self, target: Target) -> Asked:
        """Ask for a job to be cancelled."""
        return self._stopping.cancel(target)

    def escalate(self, target: Target, step: int, *, kill: bool = False) -> Asked | None:
        """Ask for a forced cancel, once."""
        return self._stopping.escalate(target, step)

    def observe(self, targets: Sequence[Target], each: Each) -> Mapping[Key, Seen]:
        """Return where jobs, or whole pipelines, are."""
        pipelines = [target for target in targets if target.kind == kept.RUN]
        jobs = [target for target in targets if target.kind != kept.RUN]
        seen = dict(self._stopping.observe(jobs, each)) if jobs or not targets else {}
        return {**seen, **whole.observe(self._client, self._projects, pipelines, each)}

    def annotate(self, work: Work, reason: str) -> Asked:
        """Put the reason before the name of the job's pipeline."""
        return self._naming.annotate(work, reason)

    def shared_hold(self) -> Target | None:
        """Return the group's variable."""
        return self._holds.shared()

    def project_holds(self, each: Each) -> tuple[Target, ...]:
        """Return the variable of each project."""
        return self._holds.of_projects()

    def read_hold(self, place: Target) -> str | None:
        """Return the variable's value, None where there is none."""
        return self._holds.read(place)

    def write_hold(self, place: Target, text: str | None) -> Asked:
        """Write the variable or take it away, and read it back."""
        return self._holds.write(place, text)

    def read_trigger(self, target: Target) -> str | None:
        """Return a schedule's form as it is now, None where it is gone."""
        return schedules.read(self._client, self._projects, target)

    def write_trigger(self, target: Target, form: str) -> Asked:
        """Switch a schedule on or off, as `form` says."""
        return schedules.write(self._client, self._projects, target, form)

    def rerun(self, target: Target, own: str) -> Asked:
        """Retry a job, or a whole pipeline, and the trigger jobs whose child was held back behind it."""
        if target.kind == kept.RUN:
            return whole.rerun(self._client, self._projects, self._stopping, target)
        return rerunning.rerun(self._client, self._stopping, target, own)

    def rerun_seen(self, target: Target, own: str) -> str | None:
        """Return the id of a newer job of the same name in the same pipeline, or of a trigger job behind it.

        None as long as a child that was held back has not been replaced.
        """
        if target.kind == kept.RUN:
            return whole.rerun_seen(self._client, self._projects, target)
        return rerunning.rerun_seen(self._client, target, own)

    def busy(self, target: Target, own: str) -> str:
        """Return nothing: a job that is retried waits for its resource group, and pushes nothing out."""
        return ""

    def proved(self, target: Target, became: str, protects: Protects) -> Canary:
        """Return how far the job is that a retry has made: all that is retried is protected itself."""
        if target.kind == kept.RUN:
            return whole.proved(self._client, self._projects, target)
        return rerunning.proved(self._client, self._stopping, target, became)

    def closed_steps(self, since: datetime, each: Each) -> Kept:
        """Return the pipelines whose names say it."""
        return kept.closed_steps(self._client, self.member, self._projects, since, each)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
