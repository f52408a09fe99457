"""How does a GitLab job get a guard at its head?

The published form (pipelines/gitlab/README.md): the job extends `.fiber-gate-guard`, and its
`before_script` starts with that one's set-up. Behind it stands the guard itself, so that neither
the rest of `before_script` nor `script` is reached while the gate is closed.

A job that may get its `before_script` from another file keeps it: the guard then stands first in
its `script`.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final

from gate.core.reason import quoted
from gate.wiring.edits import indentation, line_end
from gate.wiring.gitlab.include import Template
from gate.wiring.gitlab.keys import Found, Nowhere, find, find_inherited, value_of
from gate.wiring.gitlab.lines import Odd, value_lines
from gate.wiring.gitlab.model import Job, Pipeline
from gate.wiring.gitlab.put import Entry, name_text, newline_of, put_beside, put_first, put_keys, replace
from gate.wiring.gitlab.tolerate import tolerate
from gate.wiring.records import Edit, Note, Refused
from gate.wiring.yaml_text import Alias, Mapping, Node, Sequence, resolved, text_of

# Ends with 75 or 69 where the gate is closed; the command is one that every shell has.
ASK: Final = "gate guard -- gate --version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of the file beyond one job.

    Attributes:
        shared: the identities of what aliases stand for.
        guarded: the names of the jobs that get a guard.
    """

    shared: Set[int]
    guarded: Set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the guard comes to stand in a job.

    Attributes:
        key: ``before_script`` or ``script``.
        found: where the job has that key from.
    """

    key: str
    found: Found | Nowhere


def guard_edits(
    pipeline: Pipeline, job: Job, gate: str, template: Template | None, context: Context
) -> tuple[tuple[Edit, ...], tuple[Note, ...]]:
    """Return the edits that put a guard at the head of a job, and what to tell about them.

    Args:
        pipeline: the file.
        job: a job with a script.
        gate: begins the names of the gate's jobs.
        template: the gate's template where the file includes it already.
        context: what else is known of the file.

    Raises:
        Refused: that cannot be done safely.
    """
    _refuse_steps(pipeline, job)
    head = _head(pipeline, job)
    edits: list[Edit] = []
    entries: list[Entry] = []
    if not _comes_with_guard(head, context):
        bases = _bases(head, gate, template)
        for more, added in (
            _extend(pipeline, job, bases, context.shared),
            _put_head(pipeline, job, head, gate, context.shared),
        ):
            edits += more
            entries += added
    if template is None or template.on_closed == "skip":
        more, added = tolerate(pipeline, job, context.shared)
        edits += more
        entries += added
    if isinstance(job.pair.value, Alias):
        edits += put_beside(pipeline.source, job.pair, entries) if entries else ()
    else:
        edits += put_keys(pipeline.source, job.body, entries)
    return tuple(edits), tuple(_notes(pipeline, job, head))


def _head(pipeline: Pipeline, job: Job) -> Head:
    before = find_inherited(pipeline, job.name, "before_script")
    if before is not Nowhere.UNSEEN:
        return Head(key="before_script", found=before)
    return Head(key="script", found=find(pipeline, job.name, "script"))


def _comes_with_guard(head: Head, context: Context) -> bool:
    """Return whether the lines come from another protected job, which gets a guard before them itself."""
    found = head.found
    return isinstance(found, Found) and not found.own and found.path in {(name,) for name in context.guarded}


def _bases(head: Head, name: str, template: Template | None) -> tuple[str, ...]:
    """Return what the job has to extend; `.…-guard` would bring a `before_script`."""
    if head.key == "before_script":
        return (f".{name}-guard",)
    return (f".{name}-inputs", f".{name}-on-closed-{template.on_closed if template else 'skip'}")


def _extend(
    pipeline: Pipeline, job: Job, names: tuple[str, ...], shared: Set[int]
) -> tuple[tuple[Edit, ...], tuple[Entry, ...]]:
    """Put names before what the job extends, so that its own bases win over them."""
    names = tuple(name for name in names if name not in job.bases)
    pair = job.own("extends")
    if not names:
        return (), ()
    if pair is None:
        if not job.bases:
            return (), (("extends", names[0] if len(names) == 1 else names),)
        return (), (("extends", (*names, *_readable_bases(pipeline, job))),)
    if isinstance(pair.value, Alias):
        listed = ", ".join((*names, *_readable_bases(pipeline, job)))
        return (replace(pair.value, f"[{listed}]"),), ()
    if isinstance(pair.value, Sequence) and id(pair.value) in shared:
        raise Refused(pipeline.place(pair), "other jobs share this list by its anchor; write it out here")
    edits = put_first(pipeline.source, pair, names, flow=job.body.flow, shared=id(pair.value) in shared)
    return edits, ()


def _readable_bases(pipeline: Pipeline, job: Job) -> Iterator[str]:
    for base in job.bases:
        if base is None:
            raise Refused(pipeline.place(job.pair), f"what {quoted(job.name)} extends cannot be read")
        yield name_text(base)


def _put_head(
    pipeline: Pipeline, job: Job, head: Head, name: str, shared: Set[int]
) -> tuple[tuple[Edit, ...], tuple[Entry, ...]]:
    items = [f"!reference [.{name}-guard, before_script]", ASK]
    own = job.own(head.key)
    if isinstance(head.found, Found) and not head.found.own:
        items.append(_reference(pipeline, job, head.found, head.key))
    elif head.key == "script" and head.found is Nowhere.UNSEEN:
        items.append(_unseen_script(pipeline, job))
    if own is None:
        return (), ((head.key, tuple(items)),)
    value = own.value
    if _starts_with_setup(pipeline, value) and isinstance(value, Sequence) and id(value) not in shared:
        return (_behind_first(pipeline, value),), ()
    return put_first(pipeline.source, own, items, flow=job.body.flow, shared=id(value) in shared), ()


def _starts_with_setup(pipeline: Pipeline, value: Node) -> bool:
    listed = value.items if isinstance(value, Sequence) and not value.tag else ()
    return bool(listed) and value_lines(pipeline, listed[0]) == (Odd.SETUP,)


def _behind_first(pipeline: Pipeline, value: Sequence) -> Edit:
    """Return the edit that asks behind the set-up which a list begins with."""
    text, end = pipeline.source.text, value.items[0].end
    if value.flow:
        return Edit(start=end, end=end, text=f", {ASK}")
    newline = newline_of(pipeline.source)
    at = line_end(text, end)
    line = f"{indentation(text, value.content)}- {ASK}"
    whole = text[at - 1 : at] in ("\n", "\r")
    return Edit(start=at, end=at, text=line + newline if whole else newline + line)


def _reference(pipeline: Pipeline, job: Job, found: Found, key: str) -> str:
    """Return how a list calls another mapping's lines."""
    if found.path is not None:
        return f"!reference [{', '.join(name_text(part) for part in (*found.path, key))}]"
    value = found.pair.value
    anchor = value.name if isinstance(value, Alias) else value.anchor
    if anchor:
        return f"*{anchor}"
    reason = (
        f"{key} of {quoted(job.name)} comes from a mapping that is no job; give it an anchor, and wire again"
    )
    raise Refused(pipeline.place(found.pair), reason)


def _unseen_script(pipeline: Pipeline, job: Job) -> str:
    """Return how a list calls the script that a job gets from another file.

    GitLab resolves references after `extends`, so the name of what the job extends is enough, and
    of several bases a hidden job that extends them all stands for what they come to.
    """
    bases = tuple(_readable_bases(pipeline, job))
    name = bases[0] if len(bases) == 1 else name_text(stand_in(job.name))
    return f"!reference [{name}, script]"


def stand_in(name: str) -> str:
    """Return the name of the hidden job that extends what a job does."""
    return f".{name.lstrip('.')}-unguarded"


def stand_in_entry(pipeline: Pipeline, job: Job) -> tuple[Entry, ...]:
    """Return the hidden job that has to be added for a job whose script several bases may give."""
    head = _head(pipeline, job)
    if head.key == "before_script" or head.found is not Nowhere.UNSEEN or len(job.bases) == 1:
        return ()
    name = stand_in(job.name)
    if name in pipeline.jobs:
        raise Refused(pipeline.place(pipeline.jobs[name].pair), f"wiring needs the name {quoted(name)}")
    return ((name_text(name), f"{{extends: [{', '.join(_readable_bases(pipeline, job))}]}}"),)


def _refuse_steps(pipeline: Pipeline, job: Job) -> None:
    runs, script = (find(pipeline, job.name, key) for key in ("run", "script"))
    if runs is not Nowhere.ABSENT and script is Nowhere.ABSENT:
        reason = f"{quoted(job.name)} runs steps (`run:`), and no guard can stand before them; use a child"
        raise Refused(pipeline.place(job.pair), reason)


def _notes(pipeline: Pipeline, job: Job, head: Head) -> Iterator[Note]:
    place, name = pipeline.place(job.pair), quoted(job.name)
    if head.key == "script" and head.found is Nowhere.UNSEEN:
        told = f"the script of {name} comes from another file, where it has to be a script and no trigger"
        yield Note(place=place, text=told)
    if head.key == "script":
        told = f"a before_script of {name} in another file is not held back"
        yield Note(place=place, text=told)
    rules = value_of(find(pipeline, job.name, "rules"))
    for rule in rules.items if isinstance(rules, Sequence) else ():
        body = resolved(rule)
        pair = body.get("allow_failure") if isinstance(body, Mapping) else None
        if pair and text_of(pair.value) == "false":
            told = f"a rule of {name} says allow_failure: false, so a closed gate makes the pipeline red"
            yield Note(place=pipeline.place(pair), text=told)
