"""How is a build started again, with the same parameters, and not twice?

A pipeline is rebuilt, which keeps its script and commit too; any other job is built anew with the values
that the build has recorded. What Jenkins never shows cannot be given again: passwords, files, credentials.
Read from the source of core, workflow-cps (ReplayAction) and pipeline-graph-view, 2026-11-24.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from gate.core.event import Target
from gate.core.reason import listed, one_line
from gate.core.work import Asked, Outcome
from gate.providers.jenkins import names
from gate.providers.jenkins.actions import Parameter, parse_parameters
from gate.providers.jenkins.client import Answer, Controller
from gate.providers.jenkins.looking import Looking
from gate.providers.jenkins.started import (
    ACTIONS,
    RECENT,
    Started,
    item_id,
    kept_parameters,
    objects,
    parse_own,
)
from gate.providers.jenkins.trouble import BUILD, accepted
from gate.providers.protocol import NotDone

_ACTIONS: Final = "actions[_class,parameters[_class,name,value],causes[_class,shortDescription,userId]]"
_LOOKS: Final = 4
_FIRST_PAUSE: Final = 0.25
_SECRET_KINDS: Final = ("Password", "File", "Credentials")
_ITEM: Final = re.compile(r"/queue/item/([0-9]+)/?$")


class Reruns:
    """Starts builds of one controller again."""

    def __init__(self, controller: Controller, looking: Looking) -> None:
        self._controller = controller
        self._looking = looking
        self._started = Started(controller, looking)

    def rerun(self, target: Target, own: str) -> Asked:
        """Start again what was stopped; the request is sent once, whatever comes of it."""
        try:
            return self._rerun(target, own)
        except NotDone as error:
            return Asked(outcome=error.outcome, detail=error.detail)

    def seen(self, target: Target, own: str) -> str | None:
        """Return what a rerun has started, see `Started.seen`."""
        return self._started.seen(target, own)

    def busy(self, target: Target) -> str:
        """Return the build or queue item that a rerun would push out, or that would push it out.

        Only a job that takes one build at a time has such a thing: `abortPrevious` does not show.

        Raises:
            NotDone: it cannot be seen.
        """
        job = self._looking.job_of(target)
        tree = f"concurrentBuild,inQueue,builds[number,building]{{0,{RECENT}}}"
        document = self._controller.find(job, tree, names.shown(target.project)) or {}
        if document.get("concurrentBuild") is not False:
            return ""
        for build in objects(document.get("builds")):
            if build.get("building") is True:
                return f"{names.shown(target.project)} #{build.get('number')}"
        queued = document.get("inQueue") is True
        return f"what is queued of {names.shown(target.project)}" if queued else ""

    def _rerun(self, target: Target, own: str) -> Asked:
        path, job = self._looking.path_of(target), self._looking.job_of(target)
        what = names.shown(target.project)
        shown = self._controller.read(job, "buildable", what)
        if shown.get("buildable") is not True:
            return Asked(
                outcome=Outcome.REFUSED, detail=f"{what} is disabled; enable it, then start it again"
            )
        if path is None:
            return self._build(job, kept_parameters(parse_own(own)), what)
        build = self._controller.find(path, ACTIONS, target.name)
        if build is None:
            detail = f"{target.name} is gone, and with it what it was started with"
            return Asked(outcome=Outcome.FAILED, detail=detail)
        parameters = parse_parameters(build.get("actions"))
        if str(build.get("_class", "")).endswith("WorkflowRun"):
            return _not_recoverable(parameters) or self._rebuild(path, target, own)
        return self._build(job, parameters, what)

    def _rebuild(self, path: str, target: Target, own: str) -> Asked:
        """Rebuild by pipeline-graph-view, which names the queue item, or else by the pipeline itself."""
        answer = self._controller.act(f"{path}stages/rerun", repeatable=False)
        if answer.status != 404:
            return self._graph_view_said(answer, target)
        answer = self._controller.act(f"{path}replay/rebuild", repeatable=False)
        match answer.status:
            case 302 | 303 if accepted(answer, f"{path}replay/rebuild"):
                return self._wait_until_seen(target, own)
            case 403 if "x-required-permission" not in answer.headers:
                # Asked for at once with `buildable`, which was true a moment ago.
                detail = f"HTTP 403: {self._controller.teller.needs(BUILD, names.shown(target.project))}"
                return Asked(outcome=Outcome.REFUSED, detail=detail)
            case 409:
                return Asked(outcome=Outcome.FAILED, detail=f"HTTP 409: {target.name} cannot be built now")
        return self._lost_or_refused(answer, target.name)

    def _graph_view_said(self, answer: Answer, target: Target) -> Asked:
        if answer.status != 200:
            return self._lost_or_refused(answer, target.name)
        said: Any = None
        with suppress(ValueError):
            said = json.loads(answer.body)
        match said:
            case {"status": "ok", "data": {"queueId": int(number)}}:
                return Asked(outcome=Outcome.RERUN, became=item_id(number))
            case {"message": str(message)}:
                return Asked(outcome=Outcome.FAILED, detail=f"not started: {one_line(message, 150)}")
        return Asked(outcome=Outcome.FAILED, detail="the answer does not say whether it was started")

    def _build(self, job: str, parameters: Sequence[Parameter], what: str) -> Asked:
        """Build a job; the values travel in the body, since URLs are logged on the way."""
        refused = _not_recoverable(parameters)
        if refused:
            return refused
        form = {parameter.name: parameter.value or "" for parameter in parameters}
        path = f"{job}{'buildWithParameters' if form else 'build'}"
        form.setdefault("delay", "0sec")
        answer = self._controller.act(path, form=form, repeatable=False)
        number = _ITEM.search(answer.headers.get("location", ""))
        match answer.status:
            case 201 | 303 if number:
                merged = "it was queued already, and is not queued twice" if answer.status == 303 else ""
                return Asked(outcome=Outcome.RERUN, became=item_id(int(number[1])), detail=merged)
            case 302:
                detail = f"a folder that {what} is in lets it start nothing; it may be disabled"
                return Asked(outcome=Outcome.REFUSED, detail=detail)
            case 409:
                return Asked(outcome=Outcome.REFUSED, detail=f"HTTP 409: {what} is disabled")
            case 400 | 500:
                detail = f"HTTP {answer.status}: {what} does not take the parameters that it was started with"
                return Asked(outcome=Outcome.FAILED, detail=detail)
        return self._lost_or_refused(answer, what)

    def _lost_or_refused(self, answer: Answer, what: str) -> Asked:
        asked = self._controller.teller.asked(answer, what)
        if answer.status == 0 or answer.status >= 500:
            detail = f"{asked.detail}; it is not asked again, since it may have been started"
            return Asked(outcome=Outcome.FAILED, detail=detail)
        return asked

    def _wait_until_seen(self, target: Target, own: str) -> Asked:
        """Look for what a rebuild has started: its answer does not say."""
        pause = _FIRST_PAUSE
        for look in range(_LOOKS):
            if look:
                self._controller.pace.sleep(pause)
                pause *= 2
            found = self._started.seen(target, own)
            if found is not None:
                return Asked(outcome=Outcome.RERUN, became=found)
        return Asked(detail="accepted; what it started does not show yet")


def _not_recoverable(parameters: Sequence[Parameter]) -> Asked | None:
    lost = [
        parameter.name
        for parameter in parameters
        if parameter.value is None or any(word in parameter.kind for word in _SECRET_KINDS)
    ]
    if not lost:
        return None
    detail = f"not recoverable: Jenkins does not show the value of {listed(lost)}; start it by hand"
    return Asked(outcome=Outcome.REFUSED, detail=detail)
