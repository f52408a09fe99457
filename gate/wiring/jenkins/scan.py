"""Which words, texts and brackets does a Groovy file consist of?

The rules are those of Groovy 2.4, the version that Jenkins compiles pipelines with: where a slash
begins a text, what ends each of the six kinds of text, which line ends separate statements
(groovy.g of Groovy 2.4.21, tried with its compiler 2026-11-24). A text with code in it, such as
``"load ${lab}"``, is one token; what stands in the code is left out, but has to be balanced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gate.wiring.edits import place_at
from gate.wiring.jenkins.tokens import Kind, Scan, Span, Token
from gate.wiring.records import Unreadable

_PLAIN: Final = re.compile(
    r"""(?P<blank>[ \t\f]++|\\\r?\n|//[^\r\n]*+)
    |(?P<word>(?:[^\W\d]|\$(?!/))[\w$]*+)
    |(?P<line>\r\n|\r|\n|;)
    |(?P<open>[({\[])
    |(?P<close>[)}\]])
    |(?P<single>'(?!'')(?:[^'\\\r\n]++|\\(?:\r\n|[\s\S]))*+')
    |(?P<double>"(?!"")(?:[^"\\$\r\n]++|\\(?:\r\n|[\s\S]))*+")
    |(?P<number>\d\w*+(?:\.\d\w*+)?)
    |(?P<sign>==~|=~|==|!=|<=>|<=|>=|&&|\|\||\?\.|\?:|->|\+\+|--|::|\.\.|\*\.|[-.,:=+*%<>!&|^~?@])""",
    re.VERBOSE,
)
_KINDS: Final = {
    "word": Kind.WORD,
    "number": Kind.NUMBER,
    "single": Kind.TEXT,
    "double": Kind.TEXT,
    "sign": Kind.SIGN,
}
# What each kind of text holds up to its end or to `${`, and how it ends.
_BODIES: Final = {
    "'''": (re.compile(r"(?:[^'\\]++|\\[\s\S]|'(?!''))*+"), "'''"),
    '"""': (re.compile(r'(?:[^"\\$]++|\\[\s\S]|\$(?!\{)|"(?!""))*+'), '"""'),
    "'": (re.compile(r"(?:[^'\\\r\n]++|\\(?:\r\n|[\s\S]))*+"), "'"),
    '"': (re.compile(r'(?:[^"\\$\r\n]++|\\(?:\r\n|[\s\S])|\$(?!\{))*+'), '"'),
    "$/": (re.compile(r"(?:[^/$]++|\$[$/]|\$(?!\{)|/(?!\$))*+"), "/$"),
    "/": (re.compile(r"(?:[^/\\$]++|\\/?|\$(?!\{))*+"), "/"),
}
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_ENDS_EXPRESSION: Final = frozenset({Kind.WORD, Kind.NUMBER, Kind.TEXT, Kind.PATTERN, Kind.CLOSE})
# Groovy reads \u0022 as a quotation mark before it looks for texts.
_HIDDEN_SIGN: Final = re.compile(r"\\\\|(\\u++00(?:0[adAD]|2[247-9aAfF]|5[bBcCdD]|7[bBdD]))")


def scan(text: str) -> Scan:
    r"""Return the tokens of a Groovy file.

    Raises:
        Unreadable: a text, a comment or a bracket has no end, or a sign is written as ``\u0022``.
    """
    for found in _HIDDEN_SIGN.finditer(text) if "\\u" in text else ():
        if found[1]:
            raise _unreadable(text, found.start(), f"write the sign itself, not {found[1]}")
    scanner = _Scanner(text=text)
    scanner.run()
    return Scan(
        text=text,
        tokens=scanner.tokens,
        closing=scanner.closing,
        openings=scanner.openings,
        outer=scanner.outer,
        solid=tuple(scanner.solid),
    )


def opening_of(token: Token) -> str:
    """Return what a text begins with: one of the six kinds of quotation marks."""
    return _opening(token.text, 0)


@dataclass(slots=True, kw_only=True)
class _OpenText:
    opening: str
    start: int
    tokens: int  # how many there were before it: those of its code are dropped
    plain: list[Span] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Scanner:
    text: str
    at: int = 0
    tokens: list[Token] = field(default_factory=list)
    closing: dict[int, int] = field(default_factory=dict)
    solid: list[Span] = field(default_factory=list)
    brackets: list[int | _OpenText] = field(default_factory=list)  # tokens, and texts whose code is open
    openings: list[int] = field(default_factory=list)  # every opening bracket that is kept
    outer: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        text = self.text
        if text.startswith("#!"):
            self.at = min((at for end in "\r\n" if (at := text.find(end)) >= 0), default=len(text))
        while self.at < len(text):
            self.step()
        if self.brackets:
            last = self.brackets[-1]
            start = self.tokens[last].start if isinstance(last, int) else last.start
            raise _unreadable(text, start, f"the {text[start]} here has no end")

    def step(self) -> None:
        found = _PLAIN.match(self.text, self.at)
        if found is None:
            self.other()
            return
        start, self.at = found.span()
        match found.lastgroup:
            case "blank":
                pass
            case "line":
                self.line(start)
            case "open":
                self.open(start)
            case "close":
                self.close(start)
            case group:
                self.add(_KINDS[group or ""], start)

    def add(self, kind: Kind, start: int, plain: tuple[Span, ...] = ()) -> None:
        self.tokens.append(Token(kind, start, self.at, self.text[start : self.at], plain))

    def open(self, start: int) -> None:
        around = self.brackets[-1] if self.brackets else -1
        index = len(self.tokens)
        self.outer[index] = around if isinstance(around, int) else -1
        self.openings.append(index)
        self.brackets.append(index)
        self.add(Kind.OPEN, start)

    def line(self, start: int) -> None:
        """Between ( and ), or [ and ], a line end separates nothing; many are as good as one."""
        if self.tokens and self.tokens[-1].kind is Kind.BREAK and self.text[start] != ";":
            return
        top = self.brackets[-1] if self.brackets else None
        if not isinstance(top, int) or self.tokens[top].text == "{" or self.text[start] == ";":
            self.add(Kind.BREAK, start)

    def close(self, start: int) -> None:
        sign = self.text[start]
        top = self.brackets.pop() if self.brackets else None
        if isinstance(top, _OpenText) and sign == "}":
            self.resume(top)
        elif isinstance(top, int) and _PAIRS[self.tokens[top].text] == sign:
            self.closing[top] = len(self.tokens)
            self.add(Kind.CLOSE, start)
        else:
            raise _unreadable(self.text, start, f"the {sign} here closes nothing")

    def other(self) -> None:
        """A comment of several lines, a text that the quick forms leave out, or a division."""
        text, start = self.text, self.at
        if text.startswith("/*", start):
            end = text.find("*/", start + 2)
            if end < 0:
                raise _unreadable(text, start, "the comment here has no end")
            self.at = end + 2
            self.keep_whole(start)
            return
        opening = _opening(text, start)
        if opening in {"/", "$/"} and self.after_expression():
            self.at += 1
            self.add(Kind.SIGN, start)
        elif opening:
            self.at += len(opening)
            self.resume(_OpenText(opening=opening, start=start, tokens=len(self.tokens)))
        else:
            raise _unreadable(text, start, "this sign has no meaning in Groovy here")

    def after_expression(self) -> bool:
        """Whether a slash divides here: line ends are not looked at, as in Groovy."""
        last = next((each for each in reversed(self.tokens) if each.kind is not Kind.BREAK), None)
        return last is not None and (last.kind in _ENDS_EXPRESSION or last.text in {"++", "--"})

    def resume(self, opened: _OpenText) -> None:
        """Read on in a text until it ends or code begins in it."""
        text = self.text
        body, end = _BODIES[opened.opening]
        found = body.match(text, self.at)
        self.at = found.end() if found else self.at
        opened.plain.append((found.start() if found else self.at, self.at))
        if text.startswith(end, self.at):
            self.at += len(end)
            del self.tokens[opened.tokens :]
            while self.openings and self.openings[-1] >= opened.tokens:
                self.closing.pop(self.openings.pop())
            has_code = len(opened.plain) > 1 or _has_name(opened.opening, text, opened.plain[0])
            self.add(Kind.PATTERN if has_code else Kind.TEXT, opened.start, tuple(opened.plain))
            self.keep_whole(opened.start)
        elif text.startswith("${", self.at):
            self.brackets.append(opened)
            self.at += 2
        else:
            raise _unreadable(text, opened.start, "the text that begins here has no end")

    def keep_whole(self, start: int) -> None:
        if "\n" in self.text[start : self.at] or "\r" in self.text[start : self.at]:
            while self.solid and self.solid[-1][0] > start:
                self.solid.pop()
            self.solid.append((start, self.at))


# An escape, or what follows a dollar sign: a name is code.
NAMES_IN_TEXT: Final = {
    '"': re.compile(r"\\[\s\S]|(\$[^\W\d][\w.]*+)"),
    '"""': re.compile(r"\\[\s\S]|(\$[^\W\d][\w.]*+)"),
    "$/": re.compile(r"\$[$/]|(\$[^\W\d][\w.]*+)"),
    "/": re.compile(r"(\$[^\W\d][\w.]*+)"),
}


def _has_name(opening: str, text: str, span: Span) -> bool:
    names = NAMES_IN_TEXT.get(opening)
    return names is not None and any(found[1] for found in names.finditer(text, *span))


def _opening(text: str, at: int) -> str:
    return next((each for each in _BODIES if text.startswith(each, at)), "")


def _unreadable(text: str, offset: int, reason: str) -> Unreadable:
    return Unreadable(place_at(text, offset), reason)
