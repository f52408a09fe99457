"""Is every rule documented, one by one, and nothing that is none?"""

from __future__ import annotations

import re

from gate.wiring import SYSTEMS, load_system
from tests.support import ROOT

ID = rf"(?:{'|'.join(SYSTEMS)})/[a-z-]+"
DOCUMENTED = re.compile(rf"^### ({ID})\n\n\*\*(\w+)\*\*: ", re.MULTILINE)


def test_docs_name_every_rule_with_its_severity_and_no_other() -> None:
    text = (ROOT / "docs" / "wiring.md").read_text(encoding="utf-8")
    rules = [(rule.id, str(rule.severity)) for name in SYSTEMS for rule in load_system(name).RULES]

    assert DOCUMENTED.findall(text) == rules
    assert set(re.findall(rf"\[({ID})\]", text)) <= {rule for rule, _ in rules}


def test_every_rule_tells_what_to_write_instead() -> None:
    for name in SYSTEMS:
        for rule in load_system(name).RULES:
            assert rule.id.startswith(f"{name}/")
            assert rule.help.endswith(".")
            assert len(rule.help) > 60
