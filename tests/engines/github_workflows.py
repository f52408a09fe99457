"""Workflows around the shipped GitHub files, for act to run."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gate import __version__
from tests.engines.engine import EngineRun

PUBLISHED = f"fiber-gate/fiber-gate/.github/workflows/fiber-gate.yml@v{__version__}"
LOCAL = "./.github/workflows/fiber-gate.yml"
LAB = "environment: staging, focus-server: '${{ vars.GATE_FOCUS_SERVER }}'"

REASON = "waiting for fiber (prr 0.0"

# A job with the composite, and jobs that hang on it: `right` as the README says, `trap` as
# people write it who do not know that any text counts as true.
COMPOSITE = """
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs:
      open: ${{ steps.gate.outputs.open }}
      state: ${{ steps.gate.outputs.state }}
      code: ${{ steps.gate.outputs.code }}
      reason: ${{ steps.gate.outputs.reason }}
    steps:
      - uses: actions/checkout@v5
      - id: gate
        uses: ./pipelines/github
        with:
          environment: staging
          focus-server: ${{ vars.GATE_FOCUS_SERVER }}
          hold: ${{ vars.GATE_HOLD }}
          INPUTS
  right:
    needs: gate
    if: needs.gate.outputs.open == 'true'
    runs-on: ubuntu-latest
    steps: [{run: echo the lab is configured}]
  trap:
    needs: gate
    if: needs.gate.outputs.open
    runs-on: ubuntu-latest
    steps: [{run: echo the lab is configured}]
  told:
    needs: gate
    if: always()
    runs-on: ubuntu-latest
    steps: [{run: 'echo "told: $GATE"', env: {GATE: '${{ toJSON(needs.gate) }}'}}]
"""

REUSABLE = """
on: push
jobs:
  gate:
    uses: WORKFLOW
    with: {INPUTS}
  right:
    needs: gate
    if: needs.gate.outputs.open == 'true'
    runs-on: ubuntu-latest
    steps: [{run: echo the lab is configured}]
  told:
    needs: gate
    runs-on: ubuntu-latest
    steps:
      - run: 'echo "told: $OPEN $STATE $CODE; $REASON"'
        env:
          OPEN: ${{ needs.gate.outputs.open }}
          STATE: ${{ needs.gate.outputs.state }}
          CODE: ${{ needs.gate.outputs.code }}
          REASON: ${{ needs.gate.outputs.reason }}
"""


def composite(inputs: str = "") -> str:
    return COMPOSITE.replace("INPUTS", inputs)


def reusable(workflow: str, inputs: str = "environment: staging") -> str:
    return REUSABLE.replace("WORKFLOW", workflow).replace("INPUTS", inputs)


def fake_gate(folder: Path, script: str, path: str) -> str:
    """Put a program that says it is the gate of this version before all that is on a PATH."""
    folder.mkdir()
    program = folder / "gate"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo gate {__version__}; exit; fi\n{script}\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{path}"


def told(run: EngineRun) -> str:
    """Return what the job that is told the outputs saw of them."""
    return run.output.partition("] told: ")[2]
