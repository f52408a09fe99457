"""Does this command line run pytest or Locust, and what does it choose?

What counts is the program that runs: an editor with a test file open, a grep, or a shell whose
text mentions pytest is none. A runner such as `uv run pytest` has a child that is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.core.reason import one_line, without_credentials


class Tool(StrEnum):
    """What runs tests."""

    PYTEST = "pytest"
    LOCUST = "locust"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """A command line that runs tests.

    Attributes:
        tool: what runs them.
        words: what stands behind the tool.
        paths: pytest's files, folders and node ids.
        maybe: words behind options that gate does not know: paths, or the options' values.
        keyword: pytest's ``-k``.
        marker: pytest's ``-m``.
        harmless: whether it only lists or explains.
    """

    __test__ = False  # no test class, whatever pytest thinks of the name

    tool: Tool
    words: tuple[str, ...]
    paths: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    keyword: str = ""
    marker: str = ""
    harmless: bool = False

    @property
    def shown(self) -> str:
        """The command in so many words as are known to hold no secret."""
        if self.tool is Tool.LOCUST:
            file, host = _value(self.words, "-f", "--locustfile"), _value(self.words, "-H", "--host")
            parts = [f"-f {file}" if file else "", f"-H {without_credentials(host)}" if host else ""]
        else:
            parts = [*self.paths, f"-k {self.keyword!r}" if self.keyword else ""]
            parts.append(f"-m {self.marker!r}" if self.marker else "")
        return one_line(" ".join([self.tool, *filter(None, parts)]), 120)


_PYTHON: Final = re.compile(r"(python|pythonw|pypy|py)[0-9.]*t?")
_TOOLS: Final = {
    "pytest": Tool.PYTEST,
    "py.test": Tool.PYTEST,
    "_jb_pytest_runner": Tool.PYTEST,  # PyCharm
    "run_pytest_script": Tool.PYTEST,  # VS Code
    "locust": Tool.LOCUST,
    "gate.guards.locust": Tool.LOCUST,
}
_WRAPPERS: Final = ("coverage", "debugpy", "pydevd", "cprofile", "trace", "memray", "kernprof", "launcher")
_WITH_VALUE: Final = ("-W", "-X", "--check-hash-based-pycs")
_MODULE: Final = re.compile(r"-[A-Za-z]*m(.*)")
_HARMLESS: Final = {
    Tool.PYTEST: ("-h", "--help", "-V", "--version", "--co", "--collect-only", "--fixtures", "--markers"),
    Tool.LOCUST: ("-h", "--help", "-V", "--version", "-l", "--list", "--show-task-ratio"),
}
_SHORT_VALUED: Final = ("-k", "-m", "-c", "-p", "-o", "-n", "-W", "-r")
_FLAGS: Final = (  # the usual ones; behind another long option gate cannot tell a value from a path
    "--",
    "--cache-clear",
    "--disable-warnings",
    "--exitfirst",
    "--ff",
    "--gate",
    "--lf",
    "--no-cov",
    "--no-header",
    "--quiet",
    "--setup-show",
    "--showlocals",
    "--strict-markers",
    "--verbose",
)


def parse_command(argv: Sequence[str]) -> TestRun | None:
    """Return what a command line runs, or None where it runs neither pytest nor Locust."""
    words = list(argv)
    if not words:
        return None
    name = _stem(words[0])
    if name in _TOOLS:
        return _run(_TOOLS[name], words[1:])
    if not _PYTHON.fullmatch(name):
        return None
    return _of_python(words[1:])


def _of_python(words: list[str]) -> TestRun | None:
    """Return what Python runs: a module, or a script; never what is given as text."""
    place = 0
    while place < len(words) and words[place].startswith("-"):
        word = words[place]
        module = _MODULE.fullmatch(word) if not word.startswith("--") else None
        if module:
            name = module[1] or (words[place + 1] if place + 1 < len(words) else "")
            return _named(name.lower(), words[place + (1 if module[1] else 2) :])
        if word.startswith("-c") or word == "-":
            return None
        place += 2 if word in _WITH_VALUE else 1
    if place >= len(words):
        return None
    script = words[place]
    name = _stem(script)
    if name == "__main__":  # python -m, as some systems show it
        name = _stem(re.split(r"[/\\]", script)[-2]) if re.search(r"[/\\]", script) else ""
    return _named(name, words[place + 1 :])


def _named(name: str, words: list[str]) -> TestRun | None:
    if name in _TOOLS:
        return _run(_TOOLS[name], words)
    if name.partition(".")[0] in _WRAPPERS and "-m" in words:
        at = words.index("-m")
        return _named(words[at + 1].lower(), words[at + 2 :]) if at + 1 < len(words) else None
    return None


def _run(tool: Tool, words: list[str]) -> TestRun:
    harmless = any(word in _HARMLESS[tool] for word in words)
    if tool is Tool.LOCUST:
        return TestRun(tool=tool, words=tuple(words), harmless=harmless)
    paths, maybe = _paths(words)
    return TestRun(
        tool=tool,
        words=tuple(words),
        paths=paths,
        maybe=maybe,
        keyword=_value(words, "-k"),
        marker=_value(words, "-m"),
        harmless=harmless,
    )


def _paths(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return pytest's positional words, and those of which one cannot know."""
    paths: list[str] = []
    maybe: list[str] = []
    before = ""
    for word in words:
        if word.startswith("-"):
            before = word
            continue
        if before in _SHORT_VALUED:
            pass
        elif before.startswith("--") and "=" not in before and before not in _FLAGS:
            maybe.append(word)
        else:
            paths.append(word)
        before = ""
    return tuple(paths), tuple(maybe)


def _value(words: Sequence[str], *options: str) -> str:
    """Return the last value of an option, however it is written; empty where it is not given."""
    found = ""
    for place, word in enumerate(words):
        for option in options:
            if word == option and place + 1 < len(words):
                found = words[place + 1]
            elif option.startswith("--") and word.startswith(f"{option}="):
                found = word.partition("=")[2]
            elif not option.startswith("--") and word.startswith(option) and word != option:
                found = word[len(option) :].removeprefix("=")
    return found


def _stem(word: str) -> str:
    """Return a program's name without folder and ending."""
    name = re.split(r"[/\\]", word)[-1].lower()
    return re.sub(r"(-script)?\.(exe|pyw?|cmd|bat)$", "", name)
