"""What does lint look for in a GitLab pipeline file?"""

from __future__ import annotations

from typing import Final

from gate.wiring.records import Rule, Severity

RULES: Final = (
    Rule(
        id="gitlab/ungated-job",
        title="a protected job without the gate",
        severity=Severity.ERROR,
        help="The job's name or stage is protected, and nothing in it asks the gate. Let it extend "
        "`.fiber-gate-guard` and run `gate guard -- COMMAND` before anything else; `gate wire` "
        "does so.",
    ),
    Rule(
        id="gitlab/ungated-trigger",
        title="a protected trigger job that no gate decides",
        severity=Severity.ERROR,
        help="A trigger job runs no script, so nothing in it can ask. Let it start the file that the "
        "gate has written: `include: [{artifact: gate-child.yml, job: fiber-gate}]`, with the "
        "real file as the template's `child`. `gate wire` does so where the job starts one file "
        "of this repository.",
    ),
    Rule(
        id="gitlab/allow-failure",
        title="a gate whose failure lets later jobs run",
        severity=Severity.ERROR,
        help="To the jobs that wait for it, a job that was allowed to fail has succeeded: with "
        "`allow_failure: true`, and with `exit_codes` for the gate's 69 and 75 as well, and so "
        "has a manual job that nobody has started. Put `gate guard` into the protected job; or "
        "let the gate fail (`on-closed: fail`), which makes the pipeline red.",
    ),
    Rule(
        id="gitlab/when-always",
        title="a protected job that runs after a failed gate",
        severity=Severity.ERROR,
        help="`when: always` and `when: on_failure`, also in a rule, run a job though the gate job "
        "before it has failed. Remove it, or put `gate guard` into the job, which asks by itself.",
    ),
    Rule(
        id="gitlab/needs-bypass",
        title="needs that leave out the gate",
        severity=Severity.ERROR,
        help="With `needs` a job no longer waits for the stages before it: `needs: []` starts at once, "
        "and a gate that is not among the needs, or is `optional: true` and not there, holds "
        "nothing back. Name the gate job, or put `gate guard` into the job.",
    ),
    Rule(
        id="gitlab/gate-stage",
        title="a gate that is not in an earlier stage",
        severity=Severity.ERROR,
        help="Jobs of one stage start together, so a gate in the same stage or a later one holds "
        "nothing back. Give it `stage: .pre`, or put `gate guard` into the protected job.",
    ),
    Rule(
        id="gitlab/gate-rules",
        title="a gate that can be left out of the pipeline",
        severity=Severity.ERROR,
        help="`rules`, `only` and `except` can leave the gate job out, and the jobs of later stages "
        "run then. Name it in the job's `needs`, which fails without it, or put `gate guard` into "
        "the protected job.",
    ),
    Rule(
        id="gitlab/rules-on-answer",
        title="rules that hang on the gate's answer",
        severity=Severity.ERROR,
        help="GitLab evaluates `rules`, `only` and `except` before any job has run, so `$GATE_OPEN`, "
        '`$GATE_STATE` and `$GATE_CODE` are empty there: `== "true"` never runs the job, `!= '
        '"false"` always does. Use `gate guard` in the job, or a child pipeline.',
    ),
    Rule(
        id="gitlab/answer-variable",
        title="a variable of the name of the gate's answer",
        severity=Severity.WARNING,
        help="`GATE_OPEN`, `GATE_STATE` and `GATE_CODE` are what the gate hands to later jobs. A "
        "variable of that name in the file says the same whatever the lab does. Remove it.",
    ),
    Rule(
        id="gitlab/unguarded-line",
        title="a line that needs the lab outside of the guard",
        severity=Severity.WARNING,
        help="`gate guard` holds back its own command and what comes after it. A line before it, in "
        "`before_script` too, has run by then; and `after_script` runs though the job was held "
        "back. Lines are found by names: a program, a task or a part of a URL that is protected. "
        "Move the line behind the guard.",
    ),
    Rule(
        id="gitlab/guard-ignored",
        title="a guard whose answer is ignored",
        severity=Severity.ERROR,
        help="`gate guard` ends with 75 or 69 where the gate is closed, and that ends the job. With "
        "`|| true`, with `&` at its end or after `set +e` the next line is reached all the same. "
        "Remove that.",
    ),
    Rule(
        id="gitlab/child-included",
        title="the gate's child is started elsewhere too",
        severity=Severity.ERROR,
        help="The jobs in the file that `child` names run only where the gate is open. Where the "
        "pipeline also includes that file itself, or another job triggers it, they run in any "
        "case. Remove the other way.",
    ),
)
