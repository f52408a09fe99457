"""The verdict as a JUnit file, so that the reason stands among a pipeline's tests."""

from __future__ import annotations

from xml.etree import ElementTree

from gate.core.model import State, Verdict
from gate.core.reason import iso

_OUTCOMES = {State.WAITING_FOR_FIBER: "skipped", State.HELD: "skipped", State.UNKNOWN: "error"}


def render_junit(verdict: Verdict) -> bytes:
    """Return a file with one test case: passed when open, else skipped or in error.

    A lab without fibre says nothing about the product, so that is no failure; a lab whose
    state cannot be known is an error, which GitLab and Jenkins show first.
    """
    outcome = _OUTCOMES.get(verdict.state)
    counts = {kind: str(int(outcome == kind)) for kind in ("skipped", "error")}
    suite = ElementTree.Element(
        "testsuite",
        name="gate",
        tests="1",
        failures="0",
        errors=counts["error"],
        skipped=counts["skipped"],
        timestamp=iso(verdict.checked_at).rstrip("Z"),
    )
    name = f"lab {verdict.environment} is ready" if verdict.environment else "gate is configured"
    case = ElementTree.SubElement(suite, "testcase", classname="gate.check", name=name, time="0")
    if outcome:
        result = ElementTree.SubElement(case, outcome, message=verdict.reason, type=str(verdict.code))
        result.text = verdict.reason
    root = ElementTree.Element("testsuites")
    root.append(suite)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
