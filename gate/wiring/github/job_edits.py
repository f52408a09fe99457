"""Which edits make a job need the gate and ask for its answer?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gate.core.reason import quoted
from gate.wiring.edits import indentation, line_end, line_start, place_at
from gate.wiring.github.condition import Wrap, merge_edits, merged_text
from gate.wiring.github.workflow import JOB_ID, Gate, Job
from gate.wiring.records import Edit, Refused, Source
from gate.wiring.yaml_text import Alias, Node, Pair, Scalar, Sequence, is_null, resolved, text_of

_STANDARD: Final = "tag:yaml.org,2002:"  # such as !!str
_PLAIN: Final = re.compile(r"[^\r\n#:]*\Z")


def job_edits(source: Source, job: Job, gate: Gate, inherits: bool) -> tuple[Edit, ...]:
    """Return the edits that put a gate before a job; of a job that it is before already, none.

    Args:
        source: the workflow file.
        job: what the gate goes before.
        gate: the gate.
        inherits: whether what the job does not say itself comes, by a merge key, from a job that
            is edited as well.

    Raises:
        Refused: what stands in the job cannot be merged safely.
    """
    new: list[str] = []
    edits = [*_needs_edits(source, job, gate, new), *_condition_edits(source.text, job, gate, new)]
    return (*edits, *([] if inherits else _new_keys(source, job, new)))


def _needs_edits(source: Source, job: Job, gate: Gate, new: list[str]) -> Iterator[Edit]:
    text = source.text
    own, pair = job.node.get("needs"), job.pairs.get("needs")
    if gate.job_id.lower() in (need.lower() for need in job.needs):
        return
    if own is None:
        inherited = [gate.job_id, *_checked_needs(text, job, pair)]
        new.append(f"needs: {inherited[0] if len(inherited) == 1 else _flow(inherited)}")
        return
    needs = _checked_needs(text, job, own)
    value = own.value
    if is_null(value):
        yield from _filled(text, own, gate.job_id)
    elif isinstance(value, Sequence) and value.flow:
        first = value.items[0].start if value.items else value.content + 1
        yield Edit(start=first, end=first, text=f"{gate.job_id}, " if value.items else gate.job_id)
    elif isinstance(value, Sequence):
        yield _before_first_item(source, value, gate.job_id)
    elif (
        isinstance(value, Scalar)
        and value.style in ("", "'", '"')
        and "\n" not in text[value.content : value.end]
    ):
        yield Edit(start=value.content, end=value.content, text=f"[{gate.job_id}, ")
        yield Edit(start=value.end, end=value.end, text="]")
    else:
        yield _replaced(text, value, _flow([gate.job_id, *needs]))


def _condition_edits(text: str, job: Job, gate: Gate, new: list[str]) -> Iterator[Edit]:
    own, condition = job.node.get("if"), job.condition
    pair = own or job.pairs.get("if")
    if pair:
        _check_condition(text, job, pair)
    if condition and condition.holds_back(gate.path):
        return
    if own is None:
        new.append(f"if: {_as_scalar(merged_text(condition, gate.comparison))}")
    elif condition is None:
        yield from _filled(text, own, gate.comparison)
    elif isinstance(own.value, Scalar):
        yield from merge_edits(text, own.value, condition, gate.comparison)
    else:
        yield _replaced(text, own.value, _as_scalar(merged_text(condition, gate.comparison)))


def _check_condition(text: str, job: Job, pair: Pair) -> None:
    place, condition = place_at(text, pair.value.start), job.condition
    if text_of(pair.value) is None:
        raise Refused(place, "what stands behind `if:` is no text")
    tag = resolved(pair.value).tag
    if tag and not tag.startswith(_STANDARD):
        raise Refused(place, f"YAML takes {quoted(tag, 40)} for a tag; write the condition in quotes")
    if condition is None:
        return
    if condition.wrap is Wrap.MIXED:
        words = "this condition is text with ${{ }} in it, which GitHub takes for true"
        raise Refused(place, f"{words}; write it as one expression")
    if condition.expression is None:
        raise Refused(place, "this condition is no expression that GitHub would take")


def _new_keys(source: Source, job: Job, new: list[str]) -> Iterator[Edit]:
    """Yield the edit that adds new keys: behind the job's own `needs:`, else before its first key."""
    if not new:
        return
    text, node = source.text, job.node
    if node.flow:
        start = node.content + 1
        behind = "" if not node.pairs else "," if text[start : start + 1].isspace() else ", "
        yield Edit(start=start, end=start, text=", ".join(new) + behind)
        return
    first = node.pairs[0].key.start
    if first != line_start(text, first) + len(indentation(text, first)):
        raise Refused(place_at(text, first), "start a line of its own with the first key of this job")
    own = node.get("needs")
    start = _line_behind(text, own) if own else line_start(text, first)
    if start == len(text):  # there may be no line end to stand behind
        start = line_start(text, first)
    blanks = indentation(text, first)
    lines = "".join(f"{blanks}{line}{source.newline}" for line in new)
    yield Edit(start=start, end=start, text=lines)


def _line_behind(text: str, pair: Pair) -> int:
    """Return where the line starts that follows a pair."""
    end = max(pair.key.end, pair.value.start + len(text[pair.value.start : pair.value.end].rstrip()))
    return line_end(text, end)


def _before_first_item(source: Source, value: Sequence, job_id: str) -> Edit:
    text, start = source.text, value.content
    blanks = text[line_start(text, start) : start]
    if blanks.strip() or text[start : start + 1] != "-":
        raise Refused(place_at(text, value.start), "start a line of its own with the first entry of `needs:`")
    line = line_start(text, start)
    return Edit(start=line, end=line, text=f"{blanks}- {job_id}{source.newline}")


def _filled(text: str, pair: Pair, said: str) -> Iterator[Edit]:
    """Yield the edit that gives a value to a key that has none, or has null."""
    value = pair.value
    if value.end > value.start:
        yield _replaced(text, value, said)
        return
    colon = text.find(":", pair.key.end)
    if colon < 0 or text[pair.key.end : colon].strip():
        raise Refused(place_at(text, pair.key.start), "this key has no value, and no place for one is found")
    yield Edit(start=colon + 1, end=colon + 1, text=f" {said}")


def _replaced(text: str, value: Node, said: str) -> Edit:
    """Return the edit that puts a text in the place of a value; line ends behind it are kept."""
    end = value.start + len(text[value.start : value.end].rstrip())
    return Edit(start=value.start, end=end, text=said)


def _checked_needs(text: str, job: Job, pair: Pair | None) -> tuple[str, ...]:
    """Return what a job needs, each a job's id.

    Raises:
        Refused: something else stands there.
    """
    if pair is None or is_null(pair.value):
        return ()
    node = resolved(pair.value)
    items: tuple[Node, ...] = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        if not JOB_ID.match(text_of(item) or ""):
            place = item if not isinstance(pair.value, Alias) else pair.value
            raise Refused(
                place_at(text, place.start), f"`needs:` of {quoted(job.id)} names something that is no job"
            )
    return job.needs


def _flow(ids: list[str]) -> str:
    return f"[{', '.join(ids)}]"


def _as_scalar(said: str) -> str:
    """Return an expression as a YAML scalar of one line, plain where that can be."""
    said = " ".join(said.split()) if "'" not in said or "\n" not in said else said
    if _PLAIN.match(said) and not any(sign in said for sign in "[]{},"):
        return said
    return (
        '"' + said.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'
    )
