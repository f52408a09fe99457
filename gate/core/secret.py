"""How does a token travel through gate without ever being printed?"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

_SHORTEST: Final = 8  # characters; what is shorter is no secret, and stands in many words
_URL_SAFE: Final = str.maketrans("+/", "-_")


class Secret:
    """Text that shows itself only when asked by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._text

    def taken_out_of(self, text: str) -> str:
        """Return outside text without this secret: a server may send back what it was sent.

        Neither as it is, nor quoted for a URL, nor in base64 behind a user's name.
        """
        if len(self._text) >= _SHORTEST:
            for form in _forms(self._text):
                text = text.replace(form, "…")
        return text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret('…')" if self._text else "Secret('')"

    __str__ = __repr__


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    content = secret.encode()
    for before in range(3):  # base64 looks otherwise by where in a group of three bytes it begins
        encoded = base64.b64encode(b"\0" * before + content).decode()
        # Only whole characters of its own: those at the edges hold a part of what is beside it.
        inside = encoded[4 if before else 0 : (before + len(content)) * 8 // 6]
        yield inside
        yield inside.translate(_URL_SAFE)
