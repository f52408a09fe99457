"""What can be wrong with the gate in a GitHub workflow?"""

from __future__ import annotations

from typing import Final

from gate.wiring.records import Rule, Severity

UNGATED: Final = Rule(
    id="github/ungated-job",
    title="a protected job runs without the gate",
    severity=Severity.ERROR,
    help="Nothing holds the job back while the lab is dark. Give it `needs: gate` and "
    "`if: needs.gate.outputs.open == 'true'`; `gate wire` does it.",
)
NEEDS_ALONE: Final = Rule(
    id="github/needs-alone",
    title="a protected job needs the gate but does not ask for its answer",
    severity=Severity.ERROR,
    help="A closed gate succeeds, so that the pipeline goes on: `needs: gate` alone holds nothing "
    "back. Add `if: needs.gate.outputs.open == 'true'`.",
)
TRUTHY: Final = Rule(
    id="github/if-truthy",
    title='a condition is true for the text "false"',
    severity=Severity.ERROR,
    help="A job's outputs are texts, and every text but the empty one is true. Compare: "
    "`needs.gate.outputs.open == 'true'`.",
)
FAILS_OPEN: Final = Rule(
    id="github/if-fails-open",
    title="a condition can hold although the gate is not open",
    severity=Severity.ERROR,
    help="A gate that crashed leaves an empty output, so `!= 'false'` opens; and behind `||` the "
    "answer does not decide. Let the whole condition be `needs.gate.outputs.open == 'true' && (…)`.",
)
BLOCK: Final = Rule(
    id="github/if-always-true",
    title="a condition is text around ${{ }}, which is always true",
    severity=Severity.ERROR,
    help="Where anything stands before or behind `${{ … }}`, be it the line end of `if: |`, GitHub "
    "takes the whole for a text, and a text is true. Write the expression without `${{ }}`.",
)
ALWAYS: Final = Rule(
    id="github/always",
    title="a protected job runs whatever became of the gate",
    severity=Severity.ERROR,
    help="`always()`, `failure()` and `!cancelled()` let a job run although what it needs did not. "
    "Put the gate's answer first: `needs.gate.outputs.open == 'true' && always()`.",
)
NEEDS_BYPASS: Final = Rule(
    id="github/needs-bypass",
    title="a condition asks a gate that the job does not need",
    severity=Severity.ERROR,
    help="The outputs of a job that is not in `needs:` are empty, so the job never runs, or, with "
    "`!=`, always does. Add the gate to `needs:`.",
)
MATRIX: Final = Rule(
    id="github/matrix-name",
    title="a matrix gives an ungated job a protected name",
    severity=Severity.ERROR,
    help="`name: ${{ matrix.stage }}` makes one job of a list that holds `configure` or `load`. "
    "Gate the job, or split the protected ones off.",
)
CONTINUES: Final = Rule(
    id="github/gate-continue-on-error",
    title="the gate may fail and still count as passed",
    severity=Severity.ERROR,
    help="With `continue-on-error` the jobs behind a gate that crashed see a success. Take it off "
    "the gate; to have a closed gate not fail, `on-closed: skip` is there.",
)
NEVER: Final = Rule(
    id="github/never-opens",
    title="a condition is false even while the gate is open",
    severity=Severity.WARNING,
    help="The answer is the text `true`: `== true` compares it with something else and never "
    "holds. Write `== 'true'`.",
)
SKIP_PASSES: Final = Rule(
    id="github/skip-passes",
    title="the job that sums up takes a skip for a pass",
    severity=Severity.WARNING,
    help="A closed gate skips the jobs behind it, and GitHub counts a skipped check as passed. Let "
    "the job run with `if: always()` and fail unless `needs.gate.outputs.open` is `true`; "
    "`gate wire --aggregate` adds such a job.",
)

RULES: Final = (
    UNGATED,
    NEEDS_ALONE,
    TRUTHY,
    FAILS_OPEN,
    BLOCK,
    ALWAYS,
    NEEDS_BYPASS,
    MATRIX,
    CONTINUES,
    NEVER,
    SKIP_PASSES,
)
