"""Which rules does `gate lint` hold a Jenkinsfile to?"""

from __future__ import annotations

from typing import Final

from gate.wiring.records import Rule, Severity

UNGATED: Final = Rule(
    id="jenkins/ungated-stage",
    title="a protected stage runs whatever the gate says",
    severity=Severity.ERROR,
    help=(
        "Neither the stage nor one around it has a condition that asks the gate. Let `gate wire` write "
        "`when { beforeAgent true; expression { fiberGate.isOpen() } }` into it. A stage that code makes "
        "(in a `script` block, a method, or a scripted pipeline), and a branch of a `parallel` step, goes "
        "into `if (fiberGate.isOpen()) { }`, by hand."
    ),
)
COMPUTED_NAME: Final = Rule(
    id="jenkins/computed-name",
    title="its name is computed, and could be a protected one",
    severity=Severity.WARNING,
    help=(
        "Code makes a stage whose name is known only when the pipeline runs, so that nobody can tell here "
        "whether it needs the lab. Begin the name with a fixed text that is not protected, such as "
        '`stage("test ${name}")`, or put the stage into `if (fiberGate.isOpen()) { }`.'
    ),
)
TRUTHINESS: Final = Rule(
    id="jenkins/truthiness",
    title='the condition is true for the text "false"',
    severity=Severity.ERROR,
    help=(
        "Environment variables are texts, and Groovy takes every text but the empty one for true: "
        '`expression { env.GATE_OPEN }` runs the stage while GATE_OPEN is "false". The same goes for '
        '`"${fiberGate.isOpen()}"`, and for `fiberGate` without `.isOpen()`. Write `fiberGate.isOpen()`.'
    ),
)
BYPASSED: Final = Rule(
    id="jenkins/bypassed-gate",
    title="the condition names the gate and can be met without it",
    severity=Severity.ERROR,
    help=(
        "In `anyOf`, behind `||`, `!`, `!=` or `?`, in `not`, or behind an earlier `return`, the gate "
        "decides nothing: something else lets the stage run, or a closed gate does. Put "
        "`expression { fiberGate.isOpen() }` beside the other conditions of `when`: all have to be met."
    ),
)
RESTART: Final = Rule(
    id="jenkins/restart",
    title="a restart from this stage leaves the gate out",
    severity=Severity.WARNING,
    help=(
        '"Restart from Stage" skips the gate\'s stage. What then decides is whatever GATE_OPEN happens to '
        "be, or, where the gate was to fail the build, nothing at all. Ask in the stage's own condition by "
        "`fiberGate.isOpen()`, or forbid it by `options { disableRestartFromStage() }`."
    ),
)
SWALLOWED: Final = Rule(
    id="jenkins/swallowed-gate",
    title="an error or a stop of the gate is caught",
    severity=Severity.WARNING,
    help=(
        "`catchError`, `warnError` and `try … catch` around `fiberGate()` also catch a person's stop during "
        "its wait, and the failure that `onClosed: 'fail'` is meant to be: the build goes on. `fiberGate()` "
        "needs nothing around it; it fails only where there is no verdict. `catchError` with "
        "`catchInterruptions: false` lets a stop through."
    ),
)
RETRIED: Final = Rule(
    id="jenkins/retried-gate",
    title="the gate is asked again and again",
    severity=Severity.WARNING,
    help=(
        "`retry` and `waitUntil` around the gate ask the lab without a pause. `fiberGate(wait: '10m')` asks "
        "again at least 5 s apart, ever more seldom, until the lab is ready or the time is over."
    ),
)
LATE: Final = Rule(
    id="jenkins/late-gate",
    title="a protected stage does not wait for the gate",
    severity=Severity.WARNING,
    help=(
        "The gate's stage stands behind a protected stage, or beside it in `parallel`, so that the stage "
        "starts before the gate has asked. Make the gate the first stage of the pipeline."
    ),
)
OVERRIDDEN: Final = Rule(
    id="jenkins/overridden-verdict",
    title="the gate's verdict is written by hand",
    severity=Severity.ERROR,
    help=(
        "`GATE_OPEN` and `GATE_BUILD` are what the gate says. An `environment` block or `withEnv` that sets "
        "them hides it, and `env.GATE_OPEN = 'true'` opens the gate for every stage behind. Take it out; "
        "to rehearse, use the sandbox's Focus server."
    ),
)
AFTER_UNSTABLE: Final = Rule(
    id="jenkins/skips-after-unstable",
    title="a closed gate skips every other stage too",
    severity=Severity.WARNING,
    help=(
        "A closed gate makes the build unstable, and `options { skipStagesAfterUnstable() }` then skips all "
        "that comes behind, unit tests included. Leave the option out, or put the stages that need no lab "
        "before the gate."
    ),
)

RULES: Final[tuple[Rule, ...]] = (
    UNGATED,
    COMPUTED_NAME,
    TRUTHINESS,
    BYPASSED,
    RESTART,
    SWALLOWED,
    RETRIED,
    LATE,
    OVERRIDDEN,
    AFTER_UNSTABLE,
)
