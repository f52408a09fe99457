"""How is a method of a library's class replaced, and put back?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Method = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A place where a library hands a request on.

    Attributes:
        module: the module that must be loaded.
        owner: the class in it.
        method: the method of that class.
        wrap: returns a method that checks the request and then calls the one it is given.
    """

    module: str
    owner: str
    method: str
    wrap: Callable[[Method], Method]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A hook in its place, and what stood there before."""

    owner: type
    method: str
    before: Method
    ours: Method


def place(hook: Hook, module: ModuleType) -> Placed | None:
    """Put a hook into a loaded module; None where the library's version has no such place.

    The wire below, `http.client`, is the same in every version of Python.
    """
    owner = getattr(module, hook.owner, None)
    before = vars(owner).get(hook.method) if isinstance(owner, type) else None
    if not isinstance(owner, type) or before is None:
        return None
    ours = hook.wrap(before)
    setattr(owner, hook.method, ours)
    return Placed(owner=owner, method=hook.method, before=before, ours=ours)


def remove(placed: Placed) -> None:
    """Put back what stood there, unless somebody has put something on top since.

    Then the hook stays beneath, where it lets everything pass: taking away what others put
    there would take it from them.
    """
    if vars(placed.owner).get(placed.method) is placed.ours:
        setattr(placed.owner, placed.method, placed.before)
