"""Which commits have had their configure and load stages held back, and have not run since?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gate.core.held_back import HeldBack
from gate.core.plan import origin_of

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_PREFIXES = ("refs/heads/", "refs/tags/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What a commit has been held back of, one workflow.

    Attributes:
        provider: ``github``, ``gitlab``, ``jenkins``.
        project: the project's path.
        workflow: what was held back.
        ref: its branch or tag; empty where the provider does not say.
        commit: the commit; empty where the provider does not say.
        runs: ids of the runs, or jobs, that were held back.
        url: where to look at the last of them.
        since: when it was held back first (UTC).
        why: the hold, or the code, that held back the last of them.
        newer: the commit or run of the same workflow and ref that has run since and replaces it.
    """

    provider: str
    project: str
    workflow: str
    ref: str
    commit: str
    runs: tuple[str, ...]
    url: str
    since: datetime
    why: str
    newer: str = ""


def debts(found: Iterable[HeldBack], ref: str = "") -> tuple[Debt, ...]:
    """Return what is owed, oldest first.

    Args:
        found: everything that was held back.
        ref: only this branch or tag, or this commit or the beginning of one; empty for all.
    """
    groups: dict[tuple[str, ...], list[HeldBack]] = {}
    for one in found:
        if one.has_run or (ref and not _is_of(one, ref)):
            continue
        target, origin = one.change.target, origin_of(one.change)
        commit = origin.commit or f"run {target.id}"  # what is not known is not the same
        key = (target.provider, target.instance, target.project, origin.workflow, origin.ref, commit)
        groups.setdefault(key, []).append(one)
    return tuple(_debt(group) for group in groups.values())


def _debt(group: list[HeldBack]) -> Debt:
    last = group[-1]
    target, origin = last.change.target, origin_of(last.change)
    return Debt(
        provider=target.provider,
        project=target.project,
        workflow=origin.workflow,
        ref=origin.ref,
        commit=origin.commit,
        runs=tuple(dict.fromkeys(one.change.target.id for one in group)),
        url=target.url,
        since=min(one.change.at for one in group),
        why=last.why,
        newer=last.newer,
    )


def _is_of(one: HeldBack, ref: str) -> bool:
    origin = origin_of(one.change)
    for prefix in _PREFIXES:
        ref = ref.removeprefix(prefix)
    if origin.ref == ref:
        return True
    return bool(_COMMIT.fullmatch(ref)) and origin.commit.startswith(ref)
