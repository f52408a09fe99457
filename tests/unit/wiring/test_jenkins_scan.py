"""Is a Groovy file read as Groovy 2.4 reads it: its texts, comments, brackets and line ends?"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.wiring.jenkins.scan import scan
from gate.wiring.jenkins.tokens import Kind
from gate.wiring.records import Unreadable


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("'it\\'s {'", ["'it\\'s {'"], id="an escaped quote"),
        pytest.param("'' + \"\"", ["''", "+", '""'], id="empty texts"),
        pytest.param("'''a'b''c\n}'''", ["'''a'b''c\n}'''"], id="quotes in a long text"),
        pytest.param('"""a""b\n{"""', ['"""a""b\n{"""'], id="quotes in a long text with code"),
        pytest.param("'a\\\nb'", ["'a\\\nb'"], id="a continued line in a text"),
        pytest.param('"a ${b.c("}")} d"', ['"a ${b.c("}")} d"'], id="a text in the code of a text"),
        pytest.param('"${"${"x"}"}" y', ['"${"${"x"}"}"', "y"], id="three deep"),
        pytest.param('"${[a: { 1 }]}"', ['"${[a: { 1 }]}"'], id="brackets in the code of a text"),
        pytest.param("x = /a\\/{b/", ["x", "=", "/a\\/{b/"], id="a slashy text"),
        pytest.param("x = /a${b}c\nd/", ["x", "=", "/a${b}c\nd/"], id="code in a slashy text"),
        pytest.param("x = $/a $$ $/ {/$", ["x", "=", "$/a $$ $/ {/$"], id="a dollar slashy text"),
        pytest.param("f(/a{/, /}/)", ["f", "(", "/a{/", ",", "/}/", ")"], id="slashy arguments"),
        pytest.param("a / b / c", ["a", "/", "b", "/", "c"], id="divisions"),
        pytest.param("(a) / 2 / b[1] / 3", list("(a)/2/b[1]/3"), id="divisions behind brackets"),
        pytest.param("a++ / 2", ["a", "++", "/", "2"], id="a division behind an increment"),
        pytest.param("(a\n / b)", list("(a/b)"), id="a division in the next line"),
        pytest.param("a ? /b/ : /c/", ["a", "?", "/b/", ":", "/c/"], id="slashy choices"),
        pytest.param("// 'a {\nb /* } */ c", ["\n", "b", "c"], id="comments"),
        pytest.param("/* ' */ a // \"\r\nb", ["a", "\r\n", "b"], id="a comment and a Windows line end"),
        pytest.param("a // b\rc", ["a", "\r", "c"], id="an old Mac line end ends a comment"),
        pytest.param("#!/usr/bin/env groovy '\na", ["\n", "a"], id="a shebang line"),
        pytest.param("f(\n1,\n2\n)\ng", ["f", "(", "1", ",", "2", ")", "\n", "g"], id="lines in brackets"),
        pytest.param("a\n\n\nb", ["a", "\n", "b"], id="many line ends are as good as one"),
        pytest.param("a \\\n + b", ["a", "+", "b"], id="a continued line"),
        pytest.param("a ==~ b?.c ?: d", ["a", "==~", "b", "?.", "c", "?:", "d"], id="signs of two or three"),
        pytest.param("$class: 'X'", ["$class", ":", "'X'"], id="a word with a dollar sign"),
        pytest.param("שלב = 1", ["שלב", "=", "1"], id="a Hebrew word"),
        pytest.param("'\\\\u0022' x", ["'\\\\u0022'", "x"], id="a backslash before u that is one itself"),
        pytest.param("1..5.days 0x1F", ["1", "..", "5", ".", "days", "0x1F"], id="numbers"),
    ],
)
def test_a_file_falls_into_tokens(text: str, tokens: list[str]) -> None:
    assert [token.text for token in scan(text).tokens] == tokens


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("'$a ${b}'", Kind.TEXT),
        ("'''$a'''", Kind.TEXT),
        ('"a \\$b \\${c}"', Kind.TEXT),
        ('"costs 5$"', Kind.TEXT),
        ('"$a"', Kind.PATTERN),
        ('"""${a}"""', Kind.PATTERN),
        ("/$a/", Kind.PATTERN),
        ("$/$$a $//$", Kind.TEXT),
        ("$/$a/$", Kind.PATTERN),
    ],
)
def test_a_text_with_code_in_it_is_a_pattern(text: str, kind: Kind) -> None:
    (token,) = scan(text).tokens
    assert token.kind is kind


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a\n  'b\n", (2, 3), "no end"),
        ('x = """a\n""', (1, 5), "no end"),
        ("x = /a", (1, 5), "no end"),
        ("a\n/* b", (2, 1), "comment here has no end"),
        ("a {\n  b (\n}", (3, 1), "} here closes nothing"),
        ("a\n}", (2, 1), "} here closes nothing"),
        ("a { b {\n}", (1, 3), "{ here has no end"),
        ('"${ a', (1, 1), 'the " here has no end'),
        ('"${ a ) }"', (1, 7), ") here closes nothing"),
        ('x = "${A == \\"b\\"}"', (1, 13), "no meaning"),
        ("a = 1 § 2", (1, 7), "no meaning"),
        ("\n#!groovy\n", (2, 1), "no meaning"),
        ("a = '\\u0027 + b", (1, 6), "write the sign itself"),
        ("a\u00a0= 1", (1, 2), "no meaning"),
    ],
    ids=range(14),
)
def test_what_is_no_groovy_is_refused_with_its_place(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        scan(text)
    assert (refused.value.place.line, refused.value.place.column) == place
    assert words in refused.value.reason


def test_every_bracket_knows_its_partner_and_the_one_around_it() -> None:
    scanned = scan('a { b("${c[0]}") { d[1] } }')
    texts = [token.text for token in scanned.tokens]
    assert texts == ["a", "{", "b", "(", '"${c[0]}"', ")", "{", "d", "[", "1", "]", "}", "}"]
    assert scanned.closing == {1: 12, 3: 5, 6: 11, 8: 10}
    assert {index: scanned.outer[index] for index in scanned.openings} == {1: -1, 3: 1, 6: 1, 8: 6}


def test_texts_and_comments_of_several_lines_are_solid() -> None:
    text = "a = '''\nb''' /* c\n */ + \"${\n d }\" + 'e'"
    pieces = [text[first:last] for first, last in scan(text.replace('"${\n d }"', '"""${\n d }"""')).solid]
    assert pieces[0] == "'''\nb'''"
    assert len(pieces) == 3


PIECES = [
    "a",
    " ",
    "\n",
    "\r\n",
    "'x'",
    '"y $z"',
    "'''q\n'''",
    "/* c */",
    "// d\n",
    "(",
    ")",
    "{",
    "}",
    "+",
    "\\",
    "/",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_tokens_are_pieces_of_the_text_in_its_order(text: str) -> None:
    end = 0
    with suppress(Unreadable):
        scanned = scan(text)
        for token in scanned.tokens:
            assert token.start >= end
            assert text[token.start : token.end] == token.text
            end = token.end


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Unreadable):
        assert scan(text).text == text
