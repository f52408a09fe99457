"""Does wiring hold for workflows in whatever way a person may write them?"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.wiring import github
from gate.wiring.records import Source, WireOptions
from tests.unit.wiring.corpora import PROTECT, edited, outside

NEEDS = (
    (),
    ("needs: unit",),
    ("needs: 'unit'",),
    ('needs: "unit"',),
    ("needs: [unit, lint]",),
    ("needs: [ unit ]",),
    ("needs: []",),
    ("needs:",),
    ("needs: [unit,", "  lint]"),
    ("needs:", "  - unit", "  - lint"),
    ("needs:", "- unit"),
    ("needs: >-", "  unit"),
    ("needs: ~",),
)
CONDITIONS = (
    (),
    ("if: github.ref == 'x'",),
    ("if: ${{ github.ref == 'x' }}",),
    ("if: 'github.ref == ''x'''",),
    ("if: \"github.ref == 'x'\"",),
    ('if: "${{ always() }}"',),
    ("if: always()",),
    ("if: |", "  github.ref == 'x' ||", "  true"),
    ("if: >-", "  ${{ github.ref == 'x' }}"),
    ("if: |", "  ${{ !cancelled() }}"),
    ("if: >+", "  success()", ""),
    ("if:",),
    ("if: true",),
    ("if: github.ref == 'x'", "  || failure()"),
)
OTHERS = (
    ("name: 'load: שלום 😀'",),
    ("env:", "  A: |", "    if: x", "    needs: y"),
    ("env: {A: 'b', C: [d]}",),
    ("strategy: {matrix: {os: [a, b]}}",),
    ("timeout-minutes: 5",),
    ("permissions: {}",),
)
COMMENTS = ("", "# a comment", "# if: needs.gate.outputs.open == 'true'", "#")


@st.composite
def _jobs(draw: st.DrawFn, name: str, unit: str) -> list[str]:
    parts = [draw(st.sampled_from(NEEDS)), draw(st.sampled_from(CONDITIONS))]
    parts += draw(st.lists(st.sampled_from(OTHERS), max_size=2, unique_by=lambda part: part[0].split(":")[0]))
    parts += [("runs-on: x",), ("steps:", "  - run: |", "      ci/load", "  - uses: a/b@v1")]
    lines = [f"{name}:" + draw(st.sampled_from(["", " # why", " &anchor" + name]))]
    for part in draw(st.permutations(parts)):
        comment = draw(st.sampled_from(COMMENTS))
        lines += [unit + comment] if comment else draw(st.sampled_from([[], [""]]))
        lines += [unit + line if line else "" for line in part]
    return lines


@st.composite
def workflows(draw: st.DrawFn) -> str:
    """Draw a workflow: order, indentation, quotes, comments, blank lines, line ends, all as they come."""
    unit = " " * draw(st.integers(1, 6))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    head = draw(st.permutations([["on: push"], ["name: lab"], ["permissions: {}", ""]]))
    lines = [line for part in head for line in part]
    lines += ["jobs:" + draw(st.sampled_from(["", "  ", " # all of them"]))]
    names = draw(
        st.lists(st.sampled_from(["configure", "load-1", "load-2", "gate"]), min_size=1, unique=True)
    )
    jobs = [draw(_jobs(name, unit)) for name in names]
    jobs += [["unit: {runs-on: x, steps: [{run: y}]}"], ["lint:", f"{unit}runs-on: x", f"{unit}steps: []"]]
    for job in draw(st.permutations(jobs)):
        lines += draw(st.sampled_from([[], [""], ["# between", ""], [unit + "# here"]]))
        lines += [unit + line if line else "" for line in job]
    return end.join(lines) + draw(st.sampled_from([end, end * 3, ""]))


@settings(max_examples=100, deadline=None)
@given(workflows(), st.booleans())
def test_whatever_is_written_is_wired_linted_clean_and_given_back(text: str, aggregate: bool) -> None:
    source, options = Source(name="lab.yml", text=text), WireOptions(aggregate=aggregate)
    wired = edited(source, github.wire(source, PROTECT, options).edits)
    before, kept = outside(source, wired)

    assert kept == before
    assert github.lint(wired, PROTECT) == ()
    assert github.wire(wired, PROTECT, options).edits == ()
    assert edited(wired, github.unwire(wired).edits) == source
