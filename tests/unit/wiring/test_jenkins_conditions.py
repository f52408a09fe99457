"""Is a condition of Jenkins taken for what Groovy and the declarative form make of it?"""

from __future__ import annotations

import pytest

from gate.wiring.jenkins.blocks import statements
from gate.wiring.jenkins.condition import Held, held_by, held_by_code, is_always_true
from gate.wiring.jenkins.scan import scan

ASKS = "fiberGate.isOpen()"


@pytest.mark.parametrize(
    ("code", "held"),
    [
        (ASKS, Held.BY_ASKING),
        ("fiberGate.isOpen(environment: 'staging')", Held.BY_ASKING),
        (f"({ASKS})", Held.BY_ASKING),
        (f"{ASKS} == true", Held.BY_ASKING),
        (f"true == {ASKS}", Held.BY_ASKING),
        (f"{ASKS} && params.LOAD", Held.BY_ASKING),
        (f"params.A && (params.B || params.C) && {ASKS}", Held.BY_ASKING),
        (f"{ASKS} || {ASKS}", Held.BY_ASKING),
        (f"{ASKS} || params.FORCE", Held.NOT),
        (f"{ASKS} && a || b", Held.NOT),
        (f"!{ASKS}", Held.NOT),
        (f"{ASKS} ? true : true", Held.NOT),
        (f"{ASKS} ?: true", Held.NOT),
        (f"{ASKS} == false", Held.NOT),
        (f"{ASKS}.toString()", Held.NOT),
        (f'"${{{ASKS}}}"', Held.NOT),
        ("fiberGate.isOpen", Held.NOT),
        ("fiberGate", Held.NOT),
        ("other.fiberGate.isOpen()", Held.NOT),
        ("env.GATE_OPEN == 'true'", Held.BY_VARIABLE),
        ('"true" == env.GATE_OPEN', Held.BY_VARIABLE),
        ("GATE_OPEN == 'true'", Held.BY_VARIABLE),
        ("env['GATE_OPEN'] == 'true'", Held.BY_VARIABLE),
        ("\"${env.GATE_OPEN}\" == 'true'", Held.BY_VARIABLE),
        ("env.GATE_OPEN?.toBoolean()", Held.BY_VARIABLE),
        ("Boolean.parseBoolean(env.GATE_OPEN)", Held.BY_VARIABLE),
        ("'true'.equals(env.GATE_OPEN)", Held.BY_VARIABLE),
        (f"env.GATE_OPEN == 'true' && {ASKS}", Held.BY_ASKING),
        ("env.GATE_OPEN", Held.NOT),
        ("env.GATE_OPEN != 'false'", Held.NOT),
        ("env.GATE_OPEN == true", Held.NOT),
        ("env.GATE_OPEN == 'TRUE'", Held.NOT),
        ("", Held.NOT),
    ],
)
def test_how_surely_code_holds_a_stage_back(code: str, held: Held) -> None:
    scanned = scan(code)
    assert held_by_code(scanned, (0, len(scanned.tokens))) is held


@pytest.mark.parametrize(
    ("conditions", "held"),
    [
        (f"expression {{ {ASKS} }}", Held.BY_ASKING),
        (f"branch 'main'; expression {{ return {ASKS} }}", Held.BY_ASKING),
        (f"allOf {{ branch 'x'; expression {{ {ASKS} }} }}", Held.BY_ASKING),
        (f"allOf {{ allOf {{ expression {{ {ASKS} }} }}; tag 'v*' }}", Held.BY_ASKING),
        (f"anyOf {{ branch 'x'; expression {{ {ASKS} }} }}", Held.NOT),
        (f"anyOf {{ expression {{ {ASKS} }} }}", Held.BY_ASKING),
        (
            f"anyOf {{ expression {{ {ASKS} }}; environment name: 'GATE_OPEN', value: 'true' }}",
            Held.BY_VARIABLE,
        ),
        (f"not {{ expression {{ {ASKS} }} }}", Held.NOT),
        (f"expression {{ if (x) {{ return true }}\n {ASKS} }}", Held.NOT),
        (f"expression {{ echo 'x'\n {ASKS}\n }}", Held.BY_ASKING),
        (f"expression {{ {ASKS}\n true }}", Held.NOT),
        ("environment name: 'GATE_OPEN', value: 'true'", Held.BY_VARIABLE),
        ('environment(name: "GATE_OPEN", value: "true")', Held.BY_VARIABLE),
        ("environment name: 'GATE_OPEN', value: 'false'", Held.NOT),
        ("equals expected: 'true', actual: env.GATE_OPEN", Held.BY_VARIABLE),
        ("equals expected: true, actual: env.GATE_OPEN", Held.NOT),
        ("branch 'main'", Held.NOT),
        ("", Held.NOT),
    ],
)
def test_how_surely_a_when_holds_a_stage_back(conditions: str, held: Held) -> None:
    scanned = scan(f"{{ when {{ {conditions} }} }}")
    (when,) = statements(scanned, 0)
    assert held_by(scanned, when) is held


@pytest.mark.parametrize(
    ("code", "always"),
    [
        ("env.GATE_OPEN", True),
        ("(GATE_OPEN)", True),
        ('"${env.GATE_OPEN}"', True),
        ("fiberGate", True),
        ("fiberGate.isOpen().toString()", True),
        (ASKS, False),
        ("env.GATE_OPEN == 'true'", False),
        ("env.OTHER", False),
    ],
)
def test_what_is_true_whatever_the_gate_says(code: str, always: bool) -> None:
    scanned = scan(code)
    assert is_always_true(scanned, (0, len(scanned.tokens))) is always


def test_conditions_without_end_hold_nothing_back_and_cost_little() -> None:
    deep = scan("{ when { " + "allOf { " * 5000 + f"expression {{ {ASKS} }}" + " }" * 5000 + " } }")
    (when,) = statements(deep, 0)
    assert held_by(deep, when) is Held.NOT
    brackets = scan("(x && " * 5000 + ASKS + ")" * 5000)
    assert held_by_code(brackets, (0, len(brackets.tokens))) is Held.NOT
