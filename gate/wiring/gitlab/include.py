"""Which other files does a GitLab pipeline include, and which of them is the gate's template?"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Final

from gate import __version__
from gate.wiring.yaml_text import Mapping, Node, Sequence, is_null, key_of, merged, resolved, text_of

TEMPLATE_NAME: Final = "fiber-gate"
COMPONENT: Final = f"$CI_SERVER_FQDN/fiber-gate/fiber-gate/fiber-gate@{__version__}"
# What a job gets from the hidden jobs of the gate's template.
GIVES: Final = {
    "guard": frozenset({"before_script", "after_script", "variables", "allow_failure"}),
    "inputs": frozenset({"variables"}),
    "on-closed-skip": frozenset({"allow_failure"}),
    "on-closed-fail": frozenset({"allow_failure"}),
}
_KINDS: Final = ("local", "remote", "template", "component", "artifact", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The gate's template as a file includes it; values as pipelines/gitlab/README.md names them.

    Attributes:
        node: the entry of `include:`.
        name: begins the names of its jobs.
        stage: of its jobs.
        child: the file with the lab's jobs, or "".
        on_closed: ``skip`` or ``fail``.
        shell: ``bash`` or ``powershell``.
    """

    node: Node
    name: str
    stage: str
    child: str
    on_closed: str
    shell: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """One entry of an `include:`.

    Attributes:
        node: the entry.
        kind: ``local``, ``remote``, ``template``, ``component``, ``artifact``, ``file`` or "".
        locations: what it names; several files can stand in one entry.
        job: whose artifact it is, or "".
        inputs: whether it gives any.
        template: what it says where it is the gate's template, else None.
    """

    node: Node
    kind: str
    locations: tuple[str, ...]
    job: str
    inputs: bool
    template: Template | None


def read_includes(owner: Mapping) -> tuple[Include, ...]:
    """Return the entries of the `include:` in a mapping: the file's own, or that of a `trigger:`."""
    pair = merged(owner).get("include")
    if pair is None or is_null(pair.value):
        return ()
    value = resolved(pair.value)
    entries = value.items if isinstance(value, Sequence) and not value.tag else (pair.value,)
    return tuple(_include(entry) for entry in entries)


def read_templates(includes: Items[Include]) -> tuple[Template, ...]:
    """Return those entries that are the gate's template."""
    return tuple(include.template for include in includes if include.template)


def local_path(include: Include) -> str | None:
    """Return the one file of this repository that an entry names, without a leading slash."""
    if include.kind != "local" or len(include.locations) != 1:
        return None
    return include.locations[0].lstrip("/")


def gate_part(name: str, gates: tuple[str, ...]) -> str:
    """Return which hidden job of the gate's template this is, such as ``guard``, or ""."""
    for gate in gates:
        part = name.removeprefix(f".{gate}-")
        if part != name and (part in GIVES or part.startswith("setup-")):
            return part if part in GIVES else "guard"
    return ""


def _include(entry: Node) -> Include:
    node = resolved(entry)
    kind, job = "", ""
    locations: tuple[str, ...] = ()
    if isinstance(node, Mapping):
        values = {key: pair.value for key, pair in merged(node).items()}
        kind = next((known for known in _KINDS if known in values), "")
        locations = tuple(_texts(values[kind])) if kind else ()
        job = text_of(values.get("job")) or ""
        inputs = resolved(values["inputs"]) if "inputs" in values else None
    else:
        text = text_of(node) or ""
        kind = "remote" if text.startswith(("http://", "https://")) else "local"
        locations, inputs = (text,), None
    return Include(
        node=entry,
        kind=kind,
        locations=locations,
        job=job,
        inputs=inputs is not None,
        template=_template(entry, inputs) if any(_is_gate(kind, each) for each in locations) else None,
    )


def _is_gate(kind: str, location: str) -> bool:
    last = location.rpartition("/")[2]
    return last.partition("@")[0] == TEMPLATE_NAME if kind == "component" else last == f"{TEMPLATE_NAME}.yml"


def _template(entry: Node, inputs: Node | None) -> Template:
    given: dict[str, str] = {}
    if isinstance(inputs, Mapping):
        given = {
            key: text for pair in inputs.pairs if (key := key_of(pair)) and (text := text_of(pair.value))
        }
    return Template(
        node=entry,
        name=given.get("name", TEMPLATE_NAME),
        stage=given.get("stage", "test"),
        child=given.get("child", "").lstrip("/"),
        on_closed=given.get("on-closed", "skip"),
        shell=given.get("shell", "bash"),
    )


def _texts(node: Node) -> Iterator[str]:
    value = resolved(node)
    for item in value.items if isinstance(value, Sequence) else (value,):
        text = text_of(item)
        if text is not None:
            yield text
