"""What is a pipeline called that carries a reason, and keeps what it said before?

GitLab shows a pipeline's name in its lists, in merge requests and in mails, and where there is
none the title of the commit (gitlabhq `lib/api/ci/pipelines.rb`, read 2026-11-24).
"""

from __future__ import annotations

from typing import Final

from gate.core.reason import one_line

START: Final = "gate: "
LONGEST: Final = 255

_BETWEEN: Final = " | "
_LEAST: Final = 20  # characters of a reason that still say something
_TITLE: Final = 80


def with_reason(name: str, reason: str, title: str = "") -> str | None:
    """Return a name that begins with the reason and ends with what is to be kept.

    Args:
        name: the present name; of one that gate wrote, only what it kept is kept.
        reason: why.
        title: what is shown where there is no name.

    Returns:
        At most `LONGEST` characters, or None where the old name leaves no room for a reason.
    """
    kept = name.partition(_BETWEEN)[2] if name.startswith(START) else name or one_line(title, _TITLE)
    end = _BETWEEN + kept if kept else ""
    room = LONGEST - len(end)
    if room < len(START) + _LEAST:
        return None
    return one_line(START + reason.replace(_BETWEEN, " / "), room) + end
