"""How does gate hear that a library has been loaded, without loading it?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec

Loaded = Callable[[ModuleType], None]


class Finder:
    """Finds the named modules as the other finders do, and tells when one has been run.

    Also when one is loaded once more, for then its classes are new.

    Args:
        names: full names of modules; every other one costs a look into this set.
        loaded: is given the module, before whoever imports it sees it.
    """

    def __init__(self, names: frozenset[str], loaded: Loaded) -> None:
        self.names = names
        self._loaded = loaded

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec with our loader around its own, or None."""
        if fullname not in self.names:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target) if finder is not self else None
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = cast("Loader", _Telling(spec.loader, self._loaded))
                return spec
        return None


class _Telling:
    """Loads by another loader, which the module is left with."""

    def __init__(self, loader: Loader, loaded: Loaded) -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._loaded(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
