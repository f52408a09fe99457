"""Which Jenkinsfiles were written for these tests?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.wiring import jenkins
from gate.wiring.jenkins.scan import scan
from gate.wiring.records import Source, WireOptions
from tests.unit.wiring.corpora import CORPUS, PROTECT, edited, read

FILES = {path.stem: read(path) for path in sorted((CORPUS / "jenkins").glob("*.Jenkinsfile"))}


def jenkinsfile(text: str) -> Source:
    """Return a text as a Jenkinsfile."""
    return Source(name="Jenkinsfile", text=text)


def wired(source: Source) -> Source:
    """Return a file after wiring."""
    return edited(source, jenkins.wire(source, PROTECT, WireOptions()).edits)


def unwired(source: Source) -> Source:
    """Return a file after unwiring."""
    return edited(source, jenkins.unwire(source).edits)


def keeps(before: Source, after: Source) -> bool:
    """Whether all that stands in a file, comments too, still does in the same order, line by line.

    Lines that wiring put something into hold the old line's own pieces.
    """
    lines = iter(after.text.splitlines())
    return all(any(_holds(line, old) for line in lines) for old in before.text.splitlines())


def tokens(source: Source) -> Iterator[str]:
    """Yield the tokens of a file."""
    return (token.text for token in scan(source.text).tokens)


def _holds(line: str, old: str) -> bool:
    signs = iter(line)
    return all(sign in signs for sign in old)
