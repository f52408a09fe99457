"""How far is a build that was started again: has it got through a protected stage?"""

from __future__ import annotations

from typing import Final

from gate.core.canary import Canary
from gate.core.event import Target
from gate.core.work import Protects, Seen, Status
from gate.providers.jenkins import names
from gate.providers.jenkins.looking import Looking
from gate.providers.jenkins.stages import Stages

_ITEM: Final = "queue/item/"
_BAD: Final = frozenset({"failure", "failed"})


def proved(looking: Looking, stages: Stages, target: Target, became: str, protects: Protects) -> Canary:
    """Return how far a build is, by its protected stages, or as a whole where its job is protected.

    Raises:
        NotDone: it cannot be seen.
    """
    path = _path_of(looking, target, became)
    if not isinstance(path, str):
        return Canary.NOT_STARTED if path.status is Status.FINISHED else Canary.UNDER_WAY
    build = looking.look_at_build(path, target.name)
    over = build.status is Status.FINISHED
    shown = [stage for stage in stages.of(path) or () if protects.matched((stage.name, *stage.above))]
    words = {stage.word for stage in shown if stage.over}
    if not shown and over and names.matched(protects, target.project):
        words = {build.word.lower()}
    if words & _BAD:
        return Canary.FAILED
    if "success" in words:
        return Canary.PASSED
    return Canary.NOT_STARTED if over else Canary.UNDER_WAY


def _path_of(looking: Looking, target: Target, became: str) -> str | Seen:
    """Return the path of the build that something has become, or where it is as long as it is none."""
    job = looking.job_of(target)
    if not became.startswith(_ITEM):
        return f"{job}{became}/"
    item = Target(
        provider=target.provider,
        instance=target.instance,
        project=target.project,
        kind="queue_item",
        id=became.removeprefix(_ITEM),
        name=target.name,
    )
    where = looking.look_at_item(item)
    return where if isinstance(where, Seen) else where.path
