"""What does GitHub's runner make of a log line or a command file?

Written after actions/runner `ActionCommand.cs`, `ActionCommandManager.cs` and
`FileCommandManager.cs` (read 2026-11-24), so that escaping is tested against the other side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REGISTERED = {
    "error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "add-path", "set-env",
    "set-output", "save-state", "echo", "add-matcher", "remove-matcher", "stop-commands",
    "internal-set-repo-path",
}  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A command that the runner carries out."""

    name: str
    properties: dict[str, str]
    data: str


def commands_in(log: str) -> list[Command]:
    """Return the commands that the runner carries out while it reads a log."""
    found = []
    stop_token: str | None = None
    for line in re.split(r"\r\n|\r|\n", log):
        command = _parse_v2(line, stop_token) or _parse_v1(line, stop_token)
        if command is None:
            continue
        if stop_token is not None:
            if command.name == stop_token:
                stop_token = None
            continue
        if command.name == "stop-commands":
            stop_token = command.data
        else:
            found.append(command)
    return found


def _parse_v2(line: str, stop_token: str | None) -> Command | None:
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    head, data = line[2:end], line[end + 2 :]
    name, _, properties = head.partition(" ")
    if name.lower() not in _REGISTERED and name != stop_token:
        return None
    pairs = (pair.strip().split("=", 1) for pair in properties.split(","))
    values = {pair[0]: _unescaped(pair[1], property=True) for pair in pairs if len(pair) == 2 and pair[1]}
    return Command(name if name == stop_token else name.lower(), values, _unescaped(data))


def _parse_v1(line: str, stop_token: str | None) -> Command | None:
    match = re.search(r"##\[([^\]\s]+)([^\]]*)\](.*)", line)
    if not match or (match[1].lower() not in _REGISTERED and match[1] != stop_token):
        return None
    return Command(match[1].lower(), {}, match[3])


def _unescaped(text: str, property: bool = False) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(code, character)
    if property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%25", "%")


def parse_outputs(content: str) -> dict[str, str]:
    """Return what the runner reads from a `GITHUB_OUTPUT` file; raises ValueError as it fails the step."""
    values: dict[str, str] = {}
    lines = content.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (equals < 0 or heredoc < equals):
            key, delimiter = line[:heredoc], line[heredoc + 2 :]
            end = lines.index(delimiter, index)
            values[key] = "\n".join(lines[index:end])
            index = end + 1
        elif equals > 0:
            values[line[:equals]] = line[equals + 1 :]
        else:
            raise ValueError(f"invalid format {line!r}")
    return values
