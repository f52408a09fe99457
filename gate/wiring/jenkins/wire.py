"""How is the gate put into a declarative Jenkinsfile, and taken out again?"""

from __future__ import annotations

from collections.abc import Sequence

from gate.wiring.edits import apply_edits, place_at
from gate.wiring.jenkins.plan import plan_wiring
from gate.wiring.jenkins.scan import scan
from gate.wiring.marks import marked, unmarked
from gate.wiring.records import Refused, Source, WireOptions, Wiring

_LEADER = "//"


def wire(source: Source, protect: Sequence[str], options: WireOptions) -> Wiring:
    """Return the edits that load the library, ask first, and hold each protected stage back.

    What comes out is read again before it is offered: the stages are held, and undoing gives back
    the text.

    Args:
        source: the Jenkinsfile, or a library's variable that holds a whole pipeline.
        protect: shell patterns over names of stages.
        options: of no use here.

    Raises:
        Unreadable: it is no Groovy.
        Refused: a protected stage is made by code, or the gate would change other stages.
    """
    del options
    scanned = scan(source.text)
    wiring = plan_wiring(source, scanned, protect)
    if not wiring.edits:
        return wiring
    edits = marked(source, wiring.edits, _LEADER, scanned.solid)
    after = Source(name=source.name, text=apply_edits(source.text, edits))
    if plan_wiring(after, scan(after.text), protect).edits or not _gives_back(after, source):
        place = place_at(source.text, wiring.edits[0].start)
        raise Refused(
            place, "the gate could not be written here so that it can be taken out again; do it by hand"
        )
    return Wiring(edits=edits, notes=wiring.notes)


def unwire(source: Source) -> Wiring:
    """Return the edits that give back the text as it was before `wire`.

    Raises:
        Unreadable: it is no Groovy.
        Refused: what was wired has been edited since.
    """
    return Wiring(edits=unmarked(source, _LEADER, scan(source.text).solid))


def _gives_back(after: Source, before: Source) -> bool:
    """Whether unwiring gives back what it gave before, where a person has not made that impossible."""
    try:
        original = apply_edits(before.text, unwire(before).edits)
    except Refused:
        return True
    return apply_edits(after.text, unwire(after).edits) == original
