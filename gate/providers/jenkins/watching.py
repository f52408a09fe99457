"""How does a gate step stop something, and see that it has ended?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gate.core.event import Target
from gate.core.reason import one_line
from gate.core.work import Outcome, Status
from gate.providers.jenkins.connection import JenkinsConnection
from gate.providers.jenkins.looking import GONE
from gate.providers.protocol import Key, Result

LOOKS: Final = 30
PAUSE: Final = 1.0


def stop_and_watch(
    connection: JenkinsConnection,
    targets: Sequence[Target],
    sleep: Callable[[float], object],
    gone: Outcome = Outcome.ALREADY_FINISHED,
) -> tuple[Result, ...]:
    """Ask for targets to be stopped, and look until they are over: an answer proves nothing.

    Args:
        connection: the controller.
        targets: what is stopped.
        sleep: waits between two looks, given seconds.
        gone: what it means that a target is not there; the build that asks is.

    Returns:
        What became of each, in their order.
    """
    results: dict[Key, Result] = {}
    for target in targets:
        asked = connection.cancel(target)
        if asked.outcome is not None:
            outcome = gone if asked.outcome is Outcome.ALREADY_FINISHED else asked.outcome
            results[target.key] = result_of(target, outcome, asked.detail)
    words: dict[Key, str] = {}
    for look in range(LOOKS):
        left = [target for target in targets if target.key not in results]
        if not left:
            break
        if look:
            sleep(PAUSE)
        seen = connection.observe(left, map)
        for target in left:
            now = seen.get(target.key)
            if now and now.status is Status.FINISHED:
                ended = gone if now is GONE else Outcome.ALREADY_FINISHED
                outcome = Outcome.STOPPED if now.stopped else ended
                results[target.key] = result_of(target, outcome, f"result {now.word}")
            elif now and now.status is not Status.UNKNOWN:
                words[target.key] = (
                    f"it still {'waits' if now.status is Status.QUEUED else 'runs'} ({now.word})"
                )
            else:
                words.pop(target.key, None)
    for target in targets:
        if target.key not in results:
            detail = f"{words.get(target.key, 'the build cannot be seen')} after {LOOKS} looks"
            results[target.key] = result_of(target, Outcome.SURVIVED, detail)
    return tuple(results[target.key] for target in targets)


def result_of(target: Target, outcome: Outcome, detail: str) -> Result:
    """Return what came of an action on a target."""
    return Result(target=target.name, outcome=outcome, detail=one_line(detail, 300))
