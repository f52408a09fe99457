"""Do the promises of wiring hold for GitLab files of every style, not only for those we thought of?"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.wiring import gitlab
from gate.wiring.records import Refused, WireOptions
from tests.unit.wiring.gitlab_corpus import ASK, PROTECT, lines, loaded, source, unwired, wired

Value = str | list["Value"] | dict[str, "Value"]

LINE = st.sampled_from(
    [
        "echo one",
        "make test",
        "./run --all",
        'echo "a: b"',
        "echo 'it''s' # no",
        "echo שלום 🚀",
        "a | b && c",
        "true",
    ]
)
LINES = st.one_of(
    LINE,
    st.lists(LINE, min_size=1, max_size=3),
    st.lists(st.one_of(LINE, st.lists(LINE, min_size=1, max_size=2)), min_size=1, max_size=3),
    st.just("echo one\necho two\n"),
)
BASE = st.fixed_dictionaries({}, optional={"before_script": LINES, "script": LINES, "stage": st.just("test")})
KEYS = st.fixed_dictionaries(
    {"script": LINES},
    optional={
        "before_script": st.one_of(LINES, st.just("")),
        "extends": st.sampled_from([".base", [".base"], [".base", ".other base"]]),
        "stage": st.sampled_from(["test", "load tests"]),
        "allow_failure": st.sampled_from(["false", "true", {"exit_codes": "3"}, {"exit_codes": ["3", "69"]}]),
        "when": st.sampled_from(["manual", "always", "on_success"]),
        "needs": st.sampled_from([["unit"], [{"job": "unit", "artifacts": "true"}]]),
        "rules": st.just([{"if": "$CI_COMMIT_BRANCH"}, {"when": "never"}]),
        "variables": st.dictionaries(st.sampled_from(["A", "B"]), LINE, max_size=2),
    },
)
TOP = st.fixed_dictionaries(
    {".base": BASE, ".other base": BASE, "unit": KEYS, "load one": KEYS, "configure": KEYS},
    optional={
        "stages": st.just(["build", "test", "load tests"]),
        "default": st.fixed_dictionaries({"image": st.just("x")}, optional={"before_script": LINES}),
        "include": st.sampled_from(
            [
                "ci/a.yml",
                {"local": "ci/a.yml"},
                ["ci/a.yml", {"local": "b.yml"}],
                [],
                {"project": "a/b", "file": ["c.yml"]},
            ]
        ),
        "variables": st.just({"LONG": "one\n  two\n\nthree\n"}),
    },
)


class _Style:
    """Writes values as YAML, with every choice of style drawn anew."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._step = draw(st.integers(1, 4))
        self._compact = draw(st.booleans())

    def document(self, value: dict[str, Value]) -> str:
        """Return the text of a whole file."""
        names = self._draw(st.permutations(list(value)))
        newline = self._draw(st.sampled_from(["\n", "\n", "\r\n"]))
        head = self._draw(st.sampled_from([[], ["---"], ["# בדיקה", ""], ["# x", "---"]]))
        text = newline.join([*head, *self._pairs({name: value[name] for name in names}, 0)])
        return text + self._draw(st.sampled_from(["", newline, newline * 2]))

    def _pairs(self, value: dict[str, Value], indent: int) -> list[str]:
        written: list[str] = []
        for key, inner in value.items():
            name = self._scalar(key) if indent == 0 else key
            written += self._above(indent) + self._entry(f"{' ' * indent}{name}:", inner, indent)
        return written

    def _entry(self, head: str, value: Value, indent: int) -> list[str]:
        deeper = indent + self._step
        match value:
            case "":
                return [f"{head}{self._comment()}"]
            case str() if value.endswith("\n"):
                sign = self._draw(st.sampled_from(["|", "|+", f"|{self._step}"]))
                body = [f"{' ' * deeper}{line}" if line else "" for line in value.splitlines()]
                return [f"{head} {sign}", *body]
            case str():
                return [f"{head} {self._scalar(value)}{self._comment()}"]
            case _ if not value or self._draw(st.integers(0, 3)) == 0:
                return [f"{head} {self._flow(value)}{self._comment()}"]
            case dict():
                return [f"{head}{self._comment()}", *self._pairs(value, deeper)]
            case list():
                at = indent if self._compact else deeper
                return [f"{head}{self._comment()}", *self._items(value, at)]

    def _items(self, value: list[Value], indent: int) -> list[str]:
        written: list[str] = []
        for item in value:
            text = self._scalar(item) if isinstance(item, str) and "\n" not in item else self._flow(item)
            written += [*self._above(indent), f"{' ' * indent}- {text}{self._comment()}"]
        return written

    def _flow(self, value: Value) -> str:
        match value:
            case str():
                return json.dumps(value, ensure_ascii=False)
            case list():
                return "[" + ", ".join(self._flow(item) for item in value) + "]"
            case dict():
                return "{" + ", ".join(f"{key}: {self._flow(inner)}" for key, inner in value.items()) + "}"

    def _scalar(self, value: str) -> str:
        plain = not any(sign in value for sign in (": ", " #", "'", '"', "|", "&")) and value.isprintable()
        forms = [json.dumps(value, ensure_ascii=False), "'" + value.replace("'", "''") + "'"]
        return self._draw(st.sampled_from([value, *forms] if plain else forms))

    def _comment(self) -> str:
        return self._draw(st.sampled_from(["", "", "", "   # סוף", " #"]))

    def _above(self, indent: int) -> list[str]:
        return self._draw(
            st.sampled_from([[], [], [], [""], [f"{' ' * indent}# before: [this"], ["", "# far"]])
        )


@st.composite
def files(draw: st.DrawFn) -> str:
    """Files of GitLab pipelines in every style."""
    return _Style(draw).document(cast("dict[str, Value]", draw(TOP)))


@settings(max_examples=150, deadline=None)
@given(text=files(), name=st.sampled_from([".gitlab-ci.yml", "ci/part.yml"]))
def test_a_file_of_any_style_is_wired_once_and_undone_to_the_byte(text: str, name: str) -> None:
    new = wired(text, name)
    assert new != text
    assert gitlab.wire(source(new, name), PROTECT, WireOptions()).edits == ()
    assert gitlab.lint(source(new, name), PROTECT) == ()
    assert unwired(new, name) == text


@settings(max_examples=150, deadline=None)
@given(text=files())
def test_nothing_but_protected_jobs_and_the_include_changes_its_meaning(text: str) -> None:
    old, new = loaded(text), loaded(wired(text))
    for job, body in old.items():
        if job in ("load one", "configure"):
            assert ASK in lines(new[job].get("before_script")) + lines(new[job].get("script"))
            assert {
                key: body[key] for key in ("needs", "rules", "when", "variables") if key in body
            }.items() <= (new[job].items())
        elif job == "unit" and body.get("stage") == "load tests":
            assert new[job] != body
        elif job != "include":
            assert new[job] == body


@settings(max_examples=100, deadline=None)
@given(
    text=files(),
    cut=st.integers(0, 400),
    more=st.sampled_from(["", "\t", "x", "- ", ": ", "&a ", "*a", "[", "'", "\u2028"]),
)
def test_a_file_that_is_broken_anywhere_is_read_or_refused_and_never_crashes(
    text: str, cut: int, more: str
) -> None:
    broken = text[:cut] + more + text[cut + 1 :]
    with suppress(Refused):
        assert unwired(wired(broken)) == broken
        gitlab.lint(source(broken), PROTECT)
