"""Can nothing that stands in a file command the terminal that shows its diff?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.commands.wire import coloured


def test_lines_that_come_and_go_have_colours() -> None:
    assert coloured("@@ -1 +1 @@\n a\n-b\n+c\r\n") == (
        "\x1b[36m@@ -1 +1 @@\x1b[0m\n a\n\x1b[31m-b\x1b[0m\n\x1b[32m+c\r\x1b[0m\n"
    )


def test_control_characters_are_shown_and_not_sent() -> None:
    assert coloured(" a\x1b[31m\x07\x9b\u202eb\tc\n") == " a\\x1b[31m\\x07\\x9b\\x202eb\tc\n"


@given(st.text(st.characters(codec="utf-8")))
def test_no_escape_of_the_file_is_left(text: str) -> None:
    shown = coloured(text)
    for code in ("\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[0m"):
        shown = shown.replace(code, "")

    assert not any(sign in shown for sign in "\x1b\x07\x08\x9b\u202e\u2066")
