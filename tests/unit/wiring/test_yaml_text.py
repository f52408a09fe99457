"""Does every node know where it stands, and is what cannot be read refused with its place?"""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gate.wiring.records import Unreadable
from gate.wiring.yaml_text import (
    Alias,
    Document,
    Mapping,
    Node,
    Scalar,
    Sequence,
    is_null,
    merged,
    parse_documents,
    solid_spans,
    text_of,
    walk,
)

TEXT = (
    "a: &x !t 'שלום 😀' # why\r\n"
    "b:\r\n  c: |+ # hi\r\n    foo\r\n\r\n  # com\r\n"
    "d: {x: *x, 'e':f}\n"
    "g:\n- 1\n- k: v\n  z: &q # foo\n    w: 1\n# end\n"
    "last: >-\n  a\n  b"
)


def _texts(text: str) -> list[str]:
    return [_own(text, node) for document in parse_documents(text) for node in walk(document.root)]


def _own(text: str, node: Node) -> str:
    return text[node.start if isinstance(node, Alias) else node.content : node.end]


def test_every_node_stands_where_it_says() -> None:
    assert _texts(TEXT)[1:] == [
        "a",
        "'שלום 😀'",
        "b",
        "c: |+ # hi\r\n    foo\r\n\r\n",
        "c",
        "|+ # hi\r\n    foo\r\n\r\n",
        "d",
        "{x: *x, 'e':f}",
        "x",
        "*x",
        "'e'",
        "f",
        "g",
        "- 1\n- k: v\n  z: &q # foo\n    w: 1",
        "1",
        "k: v\n  z: &q # foo\n    w: 1",
        "k",
        "v",
        "z",
        "w: 1",
        "w",
        "1",
        "last",
        ">-\n  a\n  b",
    ]


def test_libyaml_and_the_slow_parser_agree() -> None:
    assert parse_documents(TEXT, yaml.BaseLoader) == parse_documents(TEXT)


def test_an_alias_has_a_place_of_its_own_and_the_value_of_its_anchor() -> None:
    (document,) = parse_documents("a: &n [b]\nc: *n\n")
    assert isinstance(document.root, Mapping)
    alias = document.root.pairs[1].value

    assert isinstance(alias, Alias)
    assert (alias.start, alias.end, alias.name) == (13, 15, "n")
    assert alias.target == document.root.pairs[0].value


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        pytest.param("a:\n\tb: 1\n", 2, 1, "not YAML: found character", id="a tab"),
        pytest.param("a: b: c\n", 1, 5, "not YAML: mapping values", id="two colons"),
        pytest.param("{a: b\n", 2, 1, "not YAML: did not find", id="an open brace"),
        pytest.param("b:\n  c: 1\n  'c': 2\n", 3, 3, 'the key "c" is given twice', id="a key twice"),
        pytest.param("a: *x\n", 1, 4, "the alias *x has no anchor", id="no anchor"),
        pytest.param("a: &x [*x]\n", 1, 8, "the alias *x has no anchor", id="an alias of itself"),
        pytest.param("a: \x00\n", 1, 4, "the character U+0000 may not stand here", id="a byte 0"),
        pytest.param("é: 1\nb: \x07\n", 2, 4, "the character U+0007 may not stand here", id="a bell"),
        pytest.param("\ufeffa: 1\n", 1, 1, "the character U+FEFF may not stand here", id="a second BOM"),
        pytest.param("[" * 200, 1, 101, "more than 100 levels deep", id="deep in flow"),
        pytest.param("- " * 200, 1, 201, "more than 100 levels deep", id="deep in blocks"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    text: str, line: int, column: int, reason: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_documents(text)

    assert (caught.value.place.line, caught.value.place.column) == (line, column)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
                for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            id="of lists",
        ),
        pytest.param(
            "a0: &a0 {k: v}\n"
            + "".join(f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}\n" for n in range(1, 90)),
            id="of mappings",
        ),
        pytest.param(
            "a0: &a0 {k: v}\n"
            + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
            id="of merge keys",
        ),
        pytest.param("[" * 1_000_000, id="of brackets"),
    ],
)
def test_a_bomb_is_refused_at_once(bomb: str) -> None:
    started = time.process_time()
    with pytest.raises(Unreadable, match=r"grow to more than 1,000,000 values|levels deep"):
        parse_documents(bomb)

    assert time.process_time() - started < 2


def test_the_time_grows_with_the_text() -> None:
    def seconds(jobs: int) -> float:
        text = "jobs:\n" + "".join(f"  j{n}:\n    runs-on: x\n    steps: [{{run: y}}]\n" for n in range(jobs))
        started = time.process_time()
        parse_documents(text)
        return time.process_time() - started

    seconds(100)
    assert seconds(8000) < 30 * max(min(seconds(1000), seconds(1000)), 0.005)


def test_documents_without_content_are_left_out() -> None:
    assert parse_documents("") == parse_documents("# nothing\n") == parse_documents("---\n...\n") == ()
    assert [document.start for document in parse_documents("a: 1\n---\nb: 2\n")] == [0, 5]


def test_merge_keys_give_what_a_mapping_does_not_say_itself() -> None:
    (document,) = parse_documents("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 5}\n")
    assert isinstance(document.root, Mapping)
    node = document.root.pairs[2].value
    assert isinstance(node, Mapping)

    assert {key: text_of(pair.value) for key, pair in merged(node).items()} == {"x": "5", "y": "2", "z": "4"}


@pytest.mark.parametrize(
    ("text", "null"), [("a:", True), ("a: ~", True), ("a: null", True), ("a: ''", False), ("a: 0", False)]
)
def test_null_is_what_is_absent_or_says_so(text: str, null: bool) -> None:
    (document,) = parse_documents(text)
    assert isinstance(document.root, Mapping)

    assert is_null(document.root.pairs[0].value) is null


def test_scalars_of_several_lines_are_solid() -> None:
    text = "a: |\n  b\nc: 'd\n  e'\nf: g\n"
    spans = solid_spans(text, parse_documents(text))

    assert [text[start:end] for start, end in spans] == ["|\n  b\n", "'d\n  e'"]


_VALUES = st.recursive(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff"), max_size=8
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(_VALUES, st.sampled_from([None, True, False]), st.sampled_from([None, "'", '"', "|"]))
def test_what_pyyaml_writes_is_read_as_it_reads_it(
    value: object, flow: bool | None, style: str | None
) -> None:
    text = yaml.safe_dump(
        value, default_flow_style=flow, default_style=style, allow_unicode=True, explicit_start=True
    )
    documents = parse_documents(text)

    assert [_plain(document) for document in documents] in ([value], [])


def _plain(found: Document | Node) -> object:
    match found:
        case Document():
            return _plain(found.root)
        case Sequence():
            return [_plain(item) for item in found.items]
        case Mapping():
            return {_plain(pair.key): _plain(pair.value) for pair in found.pairs}
        case Scalar():
            return found.value
        case Alias():
            return _plain(found.target)
