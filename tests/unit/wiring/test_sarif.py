"""Is the SARIF log one that code hosts take?"""

from __future__ import annotations

import json

import pytest

from gate.wiring import SYSTEMS, load_system
from gate.wiring.records import Finding, Place
from gate.wiring.sarif import Located, sarif_log

RULES = {rule.id: rule for name in SYSTEMS for rule in load_system(name).RULES}
FINDING = Finding(rule="github/ungated-job", message='"load" ::error::x', place=Place(line=3, column=5))


def _log(path: str = ".github/workflows/a b.yml", problems: tuple[str, ...] = ()) -> dict[str, object]:
    log = sarif_log([Located(path=path, finding=FINDING)], problems, RULES)
    (run,) = json.loads(json.dumps(log))["runs"]
    assert log["version"] == "2.1.0"
    return run  # type: ignore[no-any-return]


def test_a_result_names_its_rule_and_its_place() -> None:
    run = _log()

    assert run["results"] == [
        {
            "ruleId": "github/ungated-job",
            "ruleIndex": list(RULES).index("github/ungated-job"),
            "level": "error",
            "message": {"text": '"load" : :error: :x'},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": ".github/workflows/a%20b.yml", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 3, "startColumn": 5},
                    }
                }
            ],
        }
    ]
    assert run["columnKind"] == "unicodeCodePoints"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("./a.yml", "a.yml"),
        ("שלום.yml", "%D7%A9%D7%9C%D7%95%D7%9D.yml"),
        ("/lab/a#b.yml", "file:///lab/a%23b.yml"),
        ("C:/lab/a.yml", "file:///C:/lab/a.yml"),
    ],
)
def test_a_path_becomes_an_address(path: str, uri: str) -> None:
    (result,) = _log(path)["results"]  # type: ignore[misc]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri  # type: ignore[has-type]


def test_a_file_that_could_not_be_read_makes_the_run_no_success() -> None:
    assert _log()["invocations"] == [{"executionSuccessful": True}]
    assert _log(problems=("x.yml:1:2: no",))["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": "x.yml:1:2: no"}}],
        }
    ]


def test_every_rule_is_described_once() -> None:
    described = _log()["tool"]["driver"]["rules"]  # type: ignore[index]

    assert [rule["id"] for rule in described] == list(RULES)
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in described)
    assert sum(len(load_system(name).RULES) for name in SYSTEMS) == len(RULES)
