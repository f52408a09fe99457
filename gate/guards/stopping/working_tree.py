"""Which of the tests that a pytest run would collect configure a lab?

Files are read, never imported. Names and markers are compared as the guard inside pytest does it;
a file whose own name matches counts with all of its tests.
"""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Final

from gate.guards.stopping.command_line import TestRun
from gate.guards.stopping.expression import chooses

REQUIRES: Final = "requires_fiber"
EXEMPT: Final = "no_fiber"
MOST_FILES: Final = 3000
_ENOUGH = 3
_PASSED_OVER = ("node_modules", "venv", "site-packages", "__pycache__", "build", "dist", "CVS")
_TEST = re.compile(r"^\s*(?:async\s+)?def\s+(test\w*)\s*\(", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What configures a lab: `names` as shell patterns, any case, and `markers`."""

    names: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()

    def name_matches(self, name: str) -> bool:
        """Return whether a pattern matches a name."""
        return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test as it stands in its file: its name, the classes around it, and all of its markers."""

    __test__ = False

    name: str
    classes: tuple[str, ...] = ()
    markers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found: the first few names, and whether there were more files than are looked through."""

    names: tuple[str, ...] = ()
    too_many: bool = False


def configuring_tests(run: TestRun, folder: Path, patterns: Patterns) -> Found:
    """Return tests that a run in `folder` would collect, and that configure a lab."""
    files = list(islice(_files(run, folder), MOST_FILES + 1))
    names: list[str] = []
    for path, within in files[:MOST_FILES]:
        counts = patterns.name_matches(path.stem)
        parents = _parents(path, folder)
        for test in read_tests(path):
            if not _is_within(test, within) or not _is_chosen(test, path, parents, run):
                continue
            if counts or _configures(test, patterns):
                names.append(test.name)
        if len(names) >= _ENOUGH:
            break
    return Found(names=tuple(dict.fromkeys(names))[:_ENOUGH], too_many=not names and len(files) > MOST_FILES)


def read_tests(path: Path) -> tuple[Test, ...]:
    """Return the tests in a file; those of one that is no Python are found by their `def` alone."""
    try:
        content = path.read_bytes()
    except OSError:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's code
            tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tuple(Test(name=name) for name in _TEST.findall(content.decode("utf-8", "replace")))
    return tuple(_tests_in(tree.body, (), _own_markers(tree.body)))


def _tests_in(body: list[ast.stmt], classes: tuple[str, ...], markers: frozenset[str]) -> Iterator[Test]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name.startswith("test"):
                yield Test(name=node.name, classes=classes, markers=markers | _decorated(node))
            case ast.ClassDef():
                inner = markers | _decorated(node) | _own_markers(node.body)
                yield from _tests_in(node.body, (*classes, node.name), inner)
            case ast.If() | ast.Try() | ast.With():
                yield from _tests_in(node.body, classes, markers)


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> frozenset[str]:
    return frozenset(filter(None, map(_marker, node.decorator_list)))


def _own_markers(body: list[ast.stmt]) -> frozenset[str]:
    """Return what ``pytestmark`` sets for a module or a class."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            found.update(filter(None, map(_marker, values)))
    return frozenset(found)


def _marker(node: ast.expr) -> str:
    """Return the name of a marker such as ``pytest.mark.load`` or ``mark.load(…)``; empty for others."""
    if isinstance(node, ast.Call):
        node = node.func
    if not isinstance(node, ast.Attribute):
        return ""
    of = node.value
    of_mark = (
        of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    ) == "mark"
    return node.attr if of_mark else ""


def _configures(test: Test, patterns: Patterns) -> bool:
    if EXEMPT in test.markers:
        return False
    return bool(test.markers & {REQUIRES, *patterns.markers}) or patterns.name_matches(test.name)


def _is_chosen(test: Test, path: Path, parents: tuple[str, ...], run: TestRun) -> bool:
    names = [name.casefold() for name in (test.name, *test.classes, path.name, *parents, *test.markers)]
    by_keyword = chooses(run.keyword, lambda word: any(word.casefold() in name for name in names))
    return by_keyword and chooses(run.marker, lambda word: word in test.markers)


def _is_within(test: Test, within: tuple[str, ...]) -> bool:
    return (*test.classes, test.name)[: len(within)] == within


def _parents(path: Path, folder: Path) -> tuple[str, ...]:
    return path.parent.relative_to(folder).parts if path.is_relative_to(folder) else ()


def _files(run: TestRun, folder: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield each file that is collected, with the classes and the name that a node id narrows it to."""
    sure = [place for place in (_place(word, folder) for word in run.paths) if place[0].exists()]
    maybe = [place for place in (_place(word, folder) for word in run.maybe) if place[0].exists()]
    places = [*sure, *maybe] if sure else [(folder, ()), *maybe]
    for path, within in places:
        if path.is_file():
            yield path, within
        else:
            yield from ((file, ()) for file in _below(path))


def _place(word: str, folder: Path) -> tuple[Path, tuple[str, ...]]:
    path, *within = word.split("::")
    return folder / path, tuple(re.sub(r"\[.*", "", name) for name in within)


def _below(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER and not name.startswith("."))
        for name in sorted(files):
            if fnmatchcase(name, "test_*.py") or fnmatchcase(name, "*_test.py"):
                yield Path(root, name)
