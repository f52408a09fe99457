"""How is a closed gate a warning in a GitLab job, and every other failure what it was?"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from gate.wiring.gitlab.keys import Found, Nowhere, find, value_of
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.gitlab.put import Entry, put_first, replace
from gate.wiring.records import Edit, Refused
from gate.wiring.yaml_text import Alias, Mapping, Node, Scalar, Sequence, is_null, resolved, text_of

CODES: Final = ("69", "75")  # unknown, closed: what counts as a warning


def tolerate(pipeline: Pipeline, job: Job, shared: Set[int]) -> tuple[tuple[Edit, ...], tuple[Entry, ...]]:
    """Let a closed gate be a warning, and all else what it was.

    The job's own bases win over the gate's `allow_failure`, so it is written out where one of
    them has another. A manual job without any `allow_failure` may fail and blocks nothing
    (lib/gitlab/ci/config/entry/job.rb of GitLab, `ignored?`, read 2026-11-24): that stays so.
    """
    found = find(pipeline, job.name, "allow_failure")
    if not isinstance(found, Found):
        when = text_of(value_of(find(pipeline, job.name, "when")))
        return (), ((("allow_failure", "true"),) if when == "manual" and found is not Nowhere.UNSEEN else ())
    value = found.pair.value
    if found.own and isinstance(value, Mapping):
        pair = value.get("exit_codes")
        codes = resolved(pair.value) if pair else None
        missing = [code for code in CODES if code not in _codes(codes)]
        if pair is None or codes is None or not missing:
            return (), ()
        flow = job.body.flow or value.flow
        if isinstance(pair.value, Scalar) and not is_null(pair.value):
            return (replace(pair.value, f"[{', '.join((*missing, pair.value.value))}]"),), ()
        if isinstance(pair.value, Alias) or id(codes) in shared:
            raise Refused(
                pipeline.place(pair), "these exit codes are shared by an anchor; write them out here"
            )
        return put_first(pipeline.source, pair, missing, flow=flow, shared=False), ()
    codes_text = _tolerating(resolved(value))
    if codes_text is None:
        return (), ()
    if found.own:
        return (replace(value, codes_text),), ()
    return (), (("allow_failure", codes_text),)


def _tolerating(value: Node) -> str | None:
    """Return what an `allow_failure` has to be so that a closed gate is a warning; None if it is that."""
    if isinstance(value, Mapping):
        pair = value.get("exit_codes")
        codes = _codes(resolved(pair.value) if pair else None)
        if codes and not set(CODES) <= set(codes):
            return f"{{exit_codes: [{', '.join((*(code for code in CODES if code not in codes), *codes))}]}}"
        return None
    return f"{{exit_codes: [{', '.join(CODES)}]}}" if text_of(value) == "false" else None


def _codes(value: Node | None) -> tuple[str, ...]:
    items = value.items if isinstance(value, Sequence) else (value,) if value else ()
    return tuple(text for item in items if (text := text_of(item)))
