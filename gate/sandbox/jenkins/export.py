"""How does Stapler write an object as JSON, by `depth` or by `tree`?

Stapler's export package, read 2026-11-24. Without a tree a property is shown where its
visibility is high enough for the depth: at the root from 1, one level down from 2, and so
on; every level of `depth` lowers that by one, and an inline property does not raise it. A
tree ignores visibility. ``_class`` is written whatever is asked for, but only where the
object's class is not the declared one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gate.sandbox.jenkins.tree import Tree

ALWAYS = 999
BY_TREE_ONLY = -99


@dataclass(frozen=True, slots=True)
class Field:
    """One exported property; `read` is given the view and the object."""

    name: str
    read: Callable[[Any, Any], Any]
    visibility: int = 1
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Bean:
    """An object with its properties; `klass` is None where it is the declared one."""

    klass: str | None
    fields: tuple[Field, ...]
    value: Any = None


@dataclass(frozen=True, slots=True)
class Depth:
    """What is shown without a tree: properties of this visibility at least."""

    least: int

    def below(self, field: Field) -> Depth | None:
        """Return what is shown below a property, or None where it is not shown itself."""
        if field.visibility < self.least:
            return None
        return self if field.inline else Depth(self.least + 1)

    def cut(self, values: list[Any]) -> list[Any]:
        """Return all elements."""
        return values


@dataclass(frozen=True, slots=True)
class Named:
    """What is shown by a tree."""

    tree: Tree

    def below(self, field: Field) -> Named | None:
        """Return what is shown below a property, or None where it was not asked for."""
        child = self.tree.child(field.name)
        return None if child is None else Named(child)

    def cut(self, values: list[Any]) -> list[Any]:
        """Return the elements that the range covers."""
        return self.tree.cut(values)


def write(view: object, bean: Bean, pruner: Depth | Named) -> dict[str, Any]:
    """Return an object as JSON shows it.

    Args:
        view: given to every property: who looks, and at what.
        bean: the object.
        pruner: ``Depth(1 - depth)``, or the tree.
    """
    written: dict[str, Any] = {"_class": bean.klass} if bean.klass else {}
    for field in bean.fields:
        below = pruner.below(field)
        if below is not None:
            written[field.name] = _value(view, field.read(view, bean.value), below)
    return written


def _value(view: object, value: Any, pruner: Depth | Named) -> Any:
    if isinstance(value, Bean):
        return write(view, value, pruner)
    if isinstance(value, list):
        return [_value(view, element, pruner) for element in pruner.cut(value)]
    return value
