"""What does a GitHub Actions run show, and what do its other jobs read?

Commands and files as the runner parses them (actions/runner `ActionCommand.cs`,
`FileCommandManager.cs`; actions/toolkit `command.ts`, read 2026-11-24).
"""

from __future__ import annotations

import re
from pathlib import Path

from gate.core.model import State, Verdict
from gate.core.reason import listed, one_line
from gate.errors import OutputError
from gate.report import OutputFile, Report, Scene, text
from gate.report.advice import advice, facts, headline

_LEVELS = {
    State.READY: "notice",
    State.WAITING_FOR_FIBER: "warning",
    State.HELD: "warning",
    State.UNKNOWN: "error",
}
_MESSAGE_LIMIT = 4000  # the runner cuts at 4096 characters
_OUTPUTS = ("open", "state", "code", "reason")


def render(verdict: Verdict, scene: Scene) -> Report:
    """Return one annotation, a step summary, and the outputs `open`, `state`, `code`, `reason`.

    Raises:
        OutputError: the runner named no file for the outputs.
    """
    log = text.render(verdict, scene).stdout + f"        {advice(verdict)}\n"
    return Report(
        stdout=_not_commands(log, scene.token) + annotation(verdict) + "\n",
        files=(*_outputs(verdict, scene), *_summary(verdict, scene)),
    )


def annotation(verdict: Verdict) -> str:
    """Return the workflow command that puts the reason on the run page."""
    title = _escaped_property(headline(verdict))
    message = _escaped_data(one_line(verdict.reason, _MESSAGE_LIMIT))
    return f"::{_LEVELS[verdict.state]} title={title}::{message}"


def encode_outputs(values: dict[str, str], token: str) -> str:
    """Return lines for `GITHUB_OUTPUT` in the form that no value can break out of.

    Raises:
        ValueError: a key or a value holds the delimiter, which only a forger would know.
    """
    delimiter = f"ghadelimiter_{token}"
    for key, value in values.items():
        if delimiter in key or delimiter in value:
            raise ValueError(f"the output {key} holds the delimiter")
    return "".join(f"{key}<<{delimiter}\n{value}\n{delimiter}\n" for key, value in values.items())


def _outputs(verdict: Verdict, scene: Scene) -> tuple[OutputFile, ...]:
    path = scene.environ.get("GITHUB_OUTPUT")
    if not path:
        if scene.environ.get("GITHUB_ACTIONS") == "true":
            raise OutputError(
                "GITHUB_OUTPUT is not set, so the verdict cannot reach the other jobs; "
                "run gate in a step of its own, with the runner's environment"
            )
        return ()
    values = {
        "open": "true" if verdict.open else "false",
        "state": str(verdict.state),
        "code": str(verdict.code),
        "reason": verdict.reason,
    }
    content = encode_outputs({key: values[key] for key in _OUTPUTS}, scene.token)
    return (OutputFile(path=Path(path), content=content.encode(), append=True, name="GITHUB_OUTPUT"),)


def _summary(verdict: Verdict, scene: Scene) -> tuple[OutputFile, ...]:
    path = scene.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return ()
    content = render_summary(verdict).encode()
    return (
        OutputFile(path=Path(path), content=content, append=True, required=False, name="GITHUB_STEP_SUMMARY"),
    )


def render_summary(verdict: Verdict) -> str:
    """Return the step summary: verdict, what is held back, what to do, evidence."""
    sign = "🟢" if verdict.open else "🔴" if verdict.state is State.UNKNOWN else "🟡"
    effect = "May run" if verdict.open else "Held back"
    rows = "".join(f"| {_markdown(name)} | {_markdown(value)} |\n" for name, value in facts(verdict))
    return (
        f"### {sign} {_markdown(headline(verdict))}\n\n"
        f"{_markdown(verdict.reason)}\n\n"
        f"**{effect}:** {_markdown(listed(verdict.protects))}. Every other job runs as usual.\n\n"
        f"**What to do:** {_markdown(advice(verdict))}\n\n"
        f"| evidence | |\n|---|---|\n{rows}\n"
    )


def _not_commands(log: str, token: str) -> str:
    """Return log lines between the two commands that make the runner read none in them."""
    return f"::stop-commands::{token}\n{log}::{token}::\n"


def _escaped_data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(value: str) -> str:
    return _escaped_data(value).replace(":", "%3A").replace(",", "%2C")


def _markdown(value: str) -> str:
    """Return one line of text so that neither Markdown nor HTML nor a table reads it."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    value = re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", value)
    return re.sub(r"(?i)(https?|www|@)", lambda match: f"<span>{match[1]}</span>", value)
