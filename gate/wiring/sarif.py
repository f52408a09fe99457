"""How do findings look in SARIF 2.1.0, which code hosts and editors read?

The format is docs.oasis-open.org/sarif/sarif/v2.1.0 (read 2026-11-24). A file that could not be
looked at is a notification of the tool, and the run then was no success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from gate import __version__
from gate.core.reason import one_line
from gate.wiring.records import Finding, Rule

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME: Final = "https://github.com/fiber-gate/fiber-gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A finding and the path of its file, with forward slashes."""

    path: str
    finding: Finding


def sarif_log(found: Sequence[Located], problems: Sequence[str], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Return a SARIF log of one run.

    Args:
        found: the findings.
        problems: why files could not be looked at, one line each.
        rules: every rule by its id.
    """
    numbers = {rule_id: number for number, rule_id in enumerate(rules)}
    driver = {
        "name": "gate lint",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [_rule(rule) for rule in rules.values()],
    }
    invocation: dict[str, Any] = {"executionSuccessful": not problems}
    if problems:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": one_line(problem, 1000)}} for problem in problems
        ]
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, rules[one.finding.rule], numbers) for one in found],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help},
        "helpUri": f"{_HOME}/blob/main/docs/wiring.md#{rule.id.replace('/', '')}",
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(located: Located, rule: Rule, numbers: Mapping[str, int]) -> dict[str, Any]:
    place = located.finding.place
    return {
        "ruleId": rule.id,
        "ruleIndex": numbers[rule.id],
        "level": rule.severity,
        "message": {"text": one_line(located.finding.message, 600)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(located.path),
                    "region": {"startLine": place.line, "startColumn": place.column},
                }
            }
        ],
    }


def _artifact(path: str) -> dict[str, str]:
    """Return where a file is: below the root of the sources, or by its whole path."""
    if path.startswith("/"):
        return {"uri": f"file://{quote(path)}"}
    if path[1:3] == ":/":
        return {"uri": f"file:///{path[0]}:{quote(path[2:])}"}
    return {"uri": quote(path.removeprefix("./")), "uriBaseId": "%SRCROOT%"}
