"""How does a build's description say why it was stopped, and keep what it said before?"""

from __future__ import annotations

from gate.core.reason import plain_description
from gate.core.work import Asked, Outcome
from gate.providers.jenkins.client import Controller
from gate.providers.jenkins.trouble import accepted
from gate.providers.protocol import NotDone


def describe(controller: Controller, path: str, reason: str, before: str | None, what: str) -> Asked:
    """Add the reason to a build's description, not twice.

    Args:
        controller: whose build it is.
        path: of the build.
        reason: why.
        before: the description as it was seen; None where it has to be read.
        what: the build, for people.
    """
    if before is None:
        try:
            shown = controller.read(path, "description", what).get("description")
        except NotDone as error:
            return Asked(outcome=error.outcome, detail=error.detail)
        before = shown if isinstance(shown, str) else ""
    text = add(before, reason)
    if text == before:
        return Asked(outcome=Outcome.DONE)
    answer = controller.act(f"{path}submitDescription", form={"description": text})
    if answer.status != 200 and accepted(answer, f"{path}submitDescription"):
        return Asked(outcome=Outcome.DONE)
    return controller.teller.asked(answer, what)


def add(before: str, reason: str) -> str:
    """Return a description with the reason behind what it said."""
    text = plain_description(reason)
    if not text or text in before:
        return before
    return f"{before} | {text}" if before.strip() else text
