"""Where are the pipeline files that were written for these tests, and what must hold for each?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gate.wiring.edits import apply_edits
from gate.wiring.marks import find_marks
from gate.wiring.records import Edit, Source
from gate.wiring.yaml_text import parse_documents, solid_spans

CORPUS = Path(__file__).parent / "corpus"
RULES = Path(__file__).parent / "rules"
PROTECT = ("configure*", "load*")


def read(path: Path) -> Source:
    """Return a file of the corpus as the commands read it."""
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    return Source(name=path.as_posix(), text=text)


def edited(source: Source, edits: Sequence[Edit]) -> Source:
    """Return a file after edits."""
    return Source(name=source.name, text=apply_edits(source.text, edits))


def outside(source: Source, wired: Source) -> tuple[list[str], list[str]]:
    """Return the pieces of a file between what its marks remember, and of its wired form between its marks.

    They are the same where wiring changed nothing else; of YAML files.
    """
    marks = list(find_marks(wired, "#", solid_spans(wired.text, parse_documents(wired.text))))
    ends = [0, *(mark.end for mark in marks)]
    starts = [*(mark.start for mark in marks), len(wired.text)]
    kept = [wired.text[end:start] for end, start in zip(ends, starts, strict=True)]
    before, position = [], 0
    for piece, remembered in zip(kept, [*(len(mark.was) for mark in marks), 0], strict=True):
        before.append(source.text[position : position + len(piece)])
        position += len(piece) + remembered
    return [*before, source.text[position:]], [*kept, ""]
