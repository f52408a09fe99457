"""Where does a key of a GitLab job come from?

A job gets its keys from its own mapping, by merge keys, by `extends` (the last base that has a
key gives it) and from `default`. What other files add is not in sight: `Nowhere.UNSEEN`. Rules
of merging: docs.gitlab.com/ci/yaml/yaml_optimization, read 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.wiring.gitlab.include import GIVES, gate_part
from gate.wiring.gitlab.model import Pipeline
from gate.wiring.yaml_text import Mapping, Node, Pair, Sequence, is_null, merged, resolved, text_of

DEFAULT_STAGE: Final = "test"


class Nowhere(StrEnum):
    """Why a job's key has no place in the file."""

    ABSENT = "absent"  # no file in sight or out of sight gives it
    UNSEEN = "unseen"  # another file may give it
    GATE = "gate"  # the gate's template gives it


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a job's key stands.

    Attributes:
        pair: the key with its value.
        path: what `!reference` calls the mapping that it stands in, for example ``(".base",)``;
            None where that mapping has no such name.
        own: it stands in the job's own text.
    """

    pair: Pair
    path: tuple[str, ...] | None
    own: bool


def find(pipeline: Pipeline, name: str, key: str) -> Found | Nowhere:
    """Return where a job's key comes from, by merge keys and `extends`, without `default`."""
    own = pipeline.jobs[name].own(key)
    for parent in pipeline.parents[name]:
        if parent is None:
            return Nowhere.UNSEEN
        job = pipeline.jobs.get(parent)
        if job is None:
            if key in GIVES[gate_part(parent, pipeline.gate_names)]:
                return Nowhere.GATE
        elif key in job.keys:
            pair = job.keys[key]
            return Found(pair=pair, path=pipeline.paths.get(id(pair)), own=pair is own)
    return Nowhere.ABSENT


def find_inherited(pipeline: Pipeline, name: str, key: str) -> Found | Nowhere:
    """Return where a job's key comes from, `default` and the old global keywords included."""
    found = find(pipeline, name, key)
    if found in (Nowhere.UNSEEN, Nowhere.GATE) or (
        isinstance(found, Found) and not is_null(found.pair.value)
    ):
        return found
    inherits = _inherits_default(pipeline, name, key)
    default = pipeline.keys.get("default")
    body = resolved(default.value) if default else None
    pair = merged(body).get(key) if isinstance(body, Mapping) else None
    for known, path in ((pair, ("default",)), (pipeline.keys.get(key), ())):
        if inherits and known and not is_null(known.value):
            return Found(pair=known, path=path, own=False)
    return Nowhere.UNSEEN if inherits is not False and pipeline.foreign else Nowhere.ABSENT


def value_of(found: Found | Nowhere) -> Node | None:
    """Return a found key's value, aliases resolved, or None."""
    return resolved(found.pair.value) if isinstance(found, Found) else None


def stage_of(pipeline: Pipeline, name: str) -> str | None:
    """Return a job's stage, or None where another file says it."""
    for key in ("stage", "type"):
        found = find(pipeline, name, key)
        if isinstance(found, Found):
            return text_of(found.pair.value)
        if found is Nowhere.UNSEEN:
            return None
    return DEFAULT_STAGE


def _inherits_default(pipeline: Pipeline, name: str, key: str) -> bool | None:
    """Return whether `inherit` lets a default through; None where another file may say so."""
    found = find(pipeline, name, "inherit")
    if not isinstance(found, Found):
        return None if found is Nowhere.UNSEEN else True
    value = resolved(found.pair.value)
    pair = value.get("default") if isinstance(value, Mapping) else None
    allowed = resolved(pair.value) if pair else None
    if isinstance(allowed, Sequence):
        return key in {text_of(item) for item in allowed.items}
    return text_of(allowed) not in {"false", "no", "off"}
