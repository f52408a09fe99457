"""Does wiring hold for Jenkinsfiles in whatever way a person may write them?"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.wiring import jenkins
from gate.wiring.records import Source, WireOptions
from tests.unit.wiring.corpora import PROTECT
from tests.unit.wiring.jenkins_corpus import jenkinsfile, keeps, tokens, unwired, wired

NAMES = ("load", "Load {it}", "configure/lab", "unit", "reload", "lint // all", "בדיקה", "load 🧪")
QUOTES = ("'{}'", '"{}"', "'''{}'''", '"""{}"""')
WHENS = (
    (),
    ("when { branch 'main' }",),
    ("when {", ">branch 'main'", "}"),
    ("when {", ">beforeAgent true", ">anyOf { branch 'a'; tag 'v*' }", "}"),
    ("when { // only there", ">expression { params.X }", "}"),
    ("when { /* all */ allOf { not { branch 'a' } } }",),
    ("when {", "", ">environment name: 'A', value: \"}\"", "}"),
)
OTHERS = (
    ("agent { label 'lab' }",),
    ("input { message 'Go?' }",),
    ('environment { A = "${env.B} }" }',),
    ("options {", ">timeout(time: 1, unit: 'HOURS')", "}"),
    ("post { always { echo '{' } }",),
    ("tools { jdk 'j8' }",),
)
STEPS = (
    ("steps { sh 'x' }",),
    ("steps {", ">sh '''", "stage('load') {", "}'''", "}"),
    ("steps {", '>sh """', '  ${a ?: "}"} \\\\', '"""', "}"),
    ("steps { script { def a = b / 2; c = 'x' =~ /[{]/ } }",),
)
COMMENTS = ("", " // a comment", " /* { */", " // fiber-gate: none", " //")
HEADS = ((), ("#!groovy",), ("@Library('a') _",), ("def x = 'pipeline {'",), ("/* stages {", " } */"))


@st.composite
def _stage(draw: st.DrawFn, step: str, depth: int) -> list[str]:
    name = draw(st.sampled_from(QUOTES)).format(draw(st.sampled_from(NAMES)))
    inner = draw(st.sampled_from(["steps", "steps", "stages", "parallel"])) if depth else "steps"
    if inner == "steps":
        body = list(draw(st.sampled_from(STEPS)))
    else:
        stages = draw(st.lists(_stage(step, depth - 1), min_size=1, max_size=2))
        body = [f"{inner} {{", *(f">{line}" for stage in stages for line in stage), "}"]
    parts = [list(draw(st.sampled_from(WHENS))), body]
    parts += map(list, draw(st.lists(st.sampled_from(OTHERS), max_size=2, unique=True)))
    lines = [line.replace(">", step, 1) if line.startswith(">") else line for part in parts for line in part]
    if all(len(part) < 2 for part in parts) and draw(st.booleans()):
        return [f"stage({name}) {{ {'; '.join(lines)} }}"]
    brace = draw(st.sampled_from([[" {"], ["{"], [" {" + draw(st.sampled_from(COMMENTS))], ["", "{"]]))
    head = f"stage({name}){brace[0]}"
    return [head, *brace[1:], *(step + line for line in lines), "}"]


@st.composite
def pipelines(draw: st.DrawFn) -> Source:
    """Draw a pipeline: order, indentation, quotes, comments, blank lines, line ends, all as they come."""
    step = draw(st.sampled_from(["    ", "  ", "\t", "", "   "]))
    lines = [*draw(st.sampled_from(HEADS)), "pipeline {" + draw(st.sampled_from(COMMENTS))]
    lines += [f"{step}agent any", f"{step}stages {{"]
    for stage in draw(st.lists(_stage(step, 2), min_size=1, max_size=3)):
        lines += [step * 2 + line for line in stage]
        lines += draw(st.sampled_from([[], [""], [f"{step * 2}// next"]]))
    lines += [f"{step}}}", "}"]
    end, mixed = draw(st.sampled_from(["\n", "\r\n", "\r"])), draw(st.booleans())
    text = "".join(line + ("\n" if mixed and number % 3 == 0 else end) for number, line in enumerate(lines))
    return jenkinsfile(text if draw(st.booleans()) else text.rstrip())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(pipelines())
def test_any_pipeline_is_wired_unwired_and_clean(before: Source) -> None:
    after = wired(before)
    assert keeps(before, after)
    signs = tokens(after)
    assert all(token in signs for token in tokens(before))
    assert unwired(after) == before
    assert jenkins.wire(after, PROTECT, WireOptions()).edits == ()
    assert jenkins.lint(after, PROTECT) == ()
    assert (after == before) is (jenkins.lint(before, PROTECT) == ())
