"""What do the jobs look like that wiring adds: the gate, and the one that sums up?

Both are the published forms of README.md and pipelines/github/example.yml.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from gate import __version__
from gate.wiring.github.workflow import Gate, Job, Workflow
from gate.wiring.yaml_text import Node, Scalar, Sequence, resolved

CALLED: Final = f"fiber-gate/fiber-gate/.github/workflows/fiber-gate.yml@v{__version__}"
FOCUS_SERVER: Final = "${{ vars.GATE_FOCUS_SERVER }}"
DEFAULT_RUNNER: Final = "ubuntu-latest"


def free_id(workflow: Workflow, *wanted: str) -> str:
    """Return the first of some ids that no job has; else the last one with a number."""
    taken = {job.id.lower() for job in workflow.jobs}
    numbered = (f"{wanted[-1]}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (*wanted, *numbered) if name not in taken)


def runner_of(jobs: Iterable[Job]) -> str | None:
    """Return the runner of the first job that names one, as the gate's JSON input; None for the default.

    What reaches the lab from the protected job's runner reaches it from the gate's as well.
    """
    for job in jobs:
        value = job.get("runs-on")
        labels = _labels(value) if value else None
        if labels and not any("${{" in label for label in labels):
            single = labels[0] if len(labels) == 1 and isinstance(resolved(value), Scalar) else None  # type: ignore[arg-type]
            return None if single == DEFAULT_RUNNER else json.dumps(single or labels, ensure_ascii=False)
    return None


def gate_lines(gate_id: str, runner: str | None, unit: str) -> list[str]:
    """Return the gate job in block style, from its key on, `unit` being one level of indentation."""
    lines = [
        f"{gate_id}:",
        f"{unit}name: gate",
        f"{unit}uses: {CALLED}",
        f"{unit}permissions:",
        f"{unit * 2}contents: read # for gate.yml",
        f"{unit}with:",
        f"{unit * 2}focus-server: {FOCUS_SERVER}",
    ]
    if runner:
        lines.append(f"{unit * 2}runs-on: {_single_quoted(runner)}")
    return lines


def gate_in_flow(gate_id: str, runner: str | None) -> str:
    """Return the gate job in flow style, one JSON-like pair."""
    inputs = {"focus-server": FOCUS_SERVER, **({"runs-on": runner} if runner else {})}
    body = {"name": "gate", "uses": CALLED, "permissions": {"contents": "read"}, "with": inputs}
    return f"{json.dumps(gate_id)}: {json.dumps(body, ensure_ascii=False)}"


def aggregate_lines(job_id: str, gate: Gate, needs: Iterable[str], unit: str, skips: bool) -> list[str]:
    """Return the job that fails unless the gate was open and all passed, in block style.

    It is what a protected branch requires: GitHub counts a skipped check as passed.

    Args:
        job_id: its own id.
        gate: the gate.
        needs: the ids of all others.
        unit: one level of indentation.
        skips: whether one of them may be skipped while the gate is open, by a condition of its own.
    """
    ids = list(needs)
    lines = [
        f"{job_id}:",
        f"{unit}name: everything passed",
        f"{unit}needs: [{', '.join(ids)}]",
        f"{unit}if: always()",
        f"{unit}runs-on: ubuntu-latest",
        f"{unit}permissions: {{}}",
        f"{unit}timeout-minutes: 5",
        f"{unit}steps:",
        f"{unit * 2}- name: Fail unless the gate is open and every job succeeded",
        f"{unit * 2}  env:",
        f"{unit * 2}    OPEN: ${{{{ needs.{gate.job_id}.outputs.{gate.output} }}}}",
        f"{unit * 2}    RESULTS: ${{{{ join(needs.*.result, ' ') }}}}",
        f"{unit * 2}  run: |",
    ]
    return lines + [f"{unit * 2}    {line}" for line in _script(ids, skips)]


def aggregate_in_flow(job_id: str, gate: Gate, needs: Iterable[str], skips: bool) -> str:
    """Return the job that sums up in flow style, one JSON-like pair."""
    ids = list(needs)
    results = {
        "OPEN": f"${{{{ needs.{gate.job_id}.outputs.{gate.output} }}}}",
        "RESULTS": "${{ join(needs.*.result, ' ') }}",
    }
    step = {
        "name": "Fail unless the gate is open and every job succeeded",
        "env": results,
        "run": "\n".join(_script(ids, skips)) + "\n",
    }
    body = {
        "name": "everything passed",
        "needs": ids,
        "if": "always()",
        "runs-on": "ubuntu-latest",
        "permissions": {},
        "timeout-minutes": 5,
        "steps": [step],
    }
    return f"{json.dumps(job_id)}: {json.dumps(body)}"


def _script(ids: list[str], skips: bool) -> list[str]:
    passes = 'test "$result" = success' + (' || test "$result" = skipped' if skips else "")
    return [
        f'echo "gate open: ${{OPEN:-unknown}}; {", ".join(ids)}: $RESULTS"',
        'test "$OPEN" = true',
        f"for result in $RESULTS; do {passes}; done",
    ]


def _labels(value: Node) -> list[str] | None:
    node = resolved(value)
    if isinstance(node, Scalar):
        return [node.value] if node.value else None
    if not isinstance(node, Sequence):
        return None
    labels = [item.value for entry in node.items if isinstance(item := resolved(entry), Scalar)]
    return labels if len(labels) == len(node.items) else None


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
