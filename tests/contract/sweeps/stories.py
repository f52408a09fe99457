"""What may happen to work in flight while a fleet is paused, and how that must end everywhere?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.errors import Exit
from gate.fleet.stop import Force
from gate.sandbox.faults import FaultKind
from gate.sandbox.fleet import Behaviour
from tests.contract.sweeps.lab import UNPROTECTED, Call, Lab, May, State, fault
from tests.contract.sweeps.sweeping import FORCE

ODD = "load / größe 50% «тест»"
MANY = 130
STOPPED = ("stopped",)
FINISHED = ("already_finished",)
SURVIVED = ("survived",)
REFUSED = ("refused",)
FAILED = ("failed",)

Words = str | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happens to what is in flight while it is paused.

    Attributes:
        name: what the test is called.
        begin: puts things into flight, and orders what goes wrong.
        outcomes: of what was to be stopped, in the order of the alphabet.
        unseen: of what could not be looked at, so that nobody knows what is in flight there.
        left: where the things are afterwards.
        says: what a person reads of it.
        cancels: how many requests to stop something came; None where providers differ.
        waits: how many seconds gate waited at least.
        code: the exit code.
        force: how much is allowed.
    """

    name: str
    begin: Callable[[Lab], list[Any]]
    outcomes: tuple[str, ...] | Mapping[str, tuple[str, ...]]
    unseen: Words = ""
    left: tuple[State, ...]
    says: Words = ""
    cancels: int | None = 1
    waits: float | Mapping[str, float] = 0.0
    code: Exit | Mapping[str, Exit] = Exit.OK
    force: Force = FORCE


def running(lab: Lab) -> list[Any]:
    return [lab.begin()]


def beginning(state: State = State.RUNNING, **more: Any) -> Callable[[Lab], list[Any]]:
    return lambda lab: [lab.begin(state, **more)]


def with_fault(call: Call, kind: FaultKind = FaultKind.STATUS, **more: Any) -> Callable[[Lab], list[Any]]:
    def begin(lab: Lab) -> list[Any]:
        fault(lab, call, kind, **more)
        return [lab.begin()]

    return begin


def denied(*what: May, behaviour: Behaviour = Behaviour.OBEYS) -> Callable[[Lab], list[Any]]:
    def begin(lab: Lab) -> list[Any]:
        lab.deny(*what)
        return [lab.begin(behaviour=behaviour)]

    return begin


def meanwhile(
    happens: Callable[[Lab, Any], object],
    call: Call = Call.CANCEL,
    state: State = State.RUNNING,
    *,
    after: bool = False,
    behaviour: Behaviour = Behaviour.OBEYS,
) -> Callable[[Lab], list[Any]]:
    def begin(lab: Lab) -> list[Any]:
        thing = lab.begin(state, behaviour=behaviour)
        lab.watched.beside(lab.calls[call], lambda: happens(lab, thing), after=after)
        return [thing]

    return begin


def expired(lab: Lab) -> list[Any]:
    lab.expire()
    return [lab.begin()]


def too_often(seconds: int | None, times: int = 2) -> Callable[[Lab], list[Any]]:
    def begin(lab: Lab) -> list[Any]:
        lab.too_often(seconds, times)
        return [lab.begin()]

    return begin


def spent(lab: Lab) -> list[Any]:
    lab.spend_the_limit(40)
    return [lab.begin()]


def told_before(lab: Lab) -> list[Any]:
    thing = lab.begin()
    lab.stop(thing)
    return [thing]


def beside_unprotected(lab: Lab) -> list[Any]:
    return [lab.begin(), lab.begin(name=UNPROTECTED)]


def in_both_projects(lab: Lab) -> list[Any]:
    return [lab.begin(project=0), lab.begin(State.QUEUED, project=1), lab.begin(project=1)]


def many(lab: Lab) -> list[Any]:
    return [lab.begin() for _ in range(MANY)]


STORIES = (
    Story(name="running", begin=running, outcomes=STOPPED, left=(State.STOPPED,)),
    Story(
        name="queued", begin=beginning(State.QUEUED), outcomes=STOPPED, left=(State.STOPPED,), cancels=None
    ),
    Story(name="waiting", begin=beginning(State.WAITING), outcomes=STOPPED, left=(State.STOPPED,)),
    Story(
        name="in two projects",
        begin=in_both_projects,
        outcomes=STOPPED * 3,
        left=(State.STOPPED,) * 3,
        cancels=None,
    ),
    Story(name="nothing in flight", begin=lambda _: [], outcomes=(), left=(), cancels=0),
    Story(
        name="unprotected work is left alone",
        begin=beside_unprotected,
        outcomes=STOPPED,
        left=(State.STOPPED, State.RUNNING),
    ),
    Story(
        name="just finished before the cancel",
        begin=meanwhile(lambda lab, thing: lab.end(thing)),
        outcomes=FINISHED,
        left=(State.ENDED,),
        says={"github": "is completed", "gitlab": "it ended as success", "jenkins": "it ended as SUCCESS"},
    ),
    Story(
        name="finishes while it is cancelled",
        begin=meanwhile(lambda lab, thing: lab.end(thing), after=True, behaviour=Behaviour.NEEDS_FORCE),
        outcomes=FINISHED,
        left=(State.ENDED,),
        says="it ended as ",
    ),
    Story(
        name="somebody else has told it to stop before",
        begin=told_before,
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=None,
    ),
    Story(
        name="somebody else stops it meanwhile",
        begin=meanwhile(lambda lab, thing: lab.stop(thing)),
        outcomes=STOPPED,
        left=(State.STOPPED,),
    ),
    Story(
        name="a queued thing begins to run meanwhile",
        begin=meanwhile(lambda lab, thing: lab.start(thing), Call.LIST, State.QUEUED, after=True),
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=None,
    ),
    Story(
        name="stuck until it is forced",
        begin=beginning(behaviour=Behaviour.NEEDS_FORCE),
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=None,
    ),
    Story(
        name="stuck for ever",
        begin=beginning(behaviour=Behaviour.STUCK),
        outcomes=SURVIVED,
        left=(State.RUNNING,),
        says=" after 30 s, though it was asked harder",
        cancels=None,
        code=Exit.PARTLY,
    ),
    Story(
        name="stuck where no force is allowed",
        begin=beginning(behaviour=Behaviour.NEEDS_FORCE),
        outcomes=SURVIVED,
        left=(State.RUNNING,),
        says=" after 30 s",
        code=Exit.PARTLY,
        force=Force(timeout=30, harder=False),
    ),
    Story(
        name="stuck and asking harder is refused",
        begin=denied(May.FORCE, behaviour=Behaviour.NEEDS_FORCE),
        outcomes=SURVIVED,
        left=(State.RUNNING,),
        says={
            "github": "after 30 s; asking harder was refused: acme/panda at 127.0.0.1",
            "gitlab": "after 30 s; asking harder was refused: the job load-live",
            "jenkins": "after 30 s; asking harder was refused: HTTP 403 from 127.0.0.1",
        },
        cancels=None,
        code=Exit.PARTLY,
    ),
    Story(
        name="the cancel is refused",
        begin=denied(May.CANCEL),
        outcomes=REFUSED,
        left=(State.RUNNING,),
        says={
            "github": "actions: write",
            "gitlab": "the scope api and the Developer",
            "jenkins": "Job/Cancel",
        },
        code=Exit.PARTLY,
    ),
    Story(
        name="its project vanishes",
        begin=meanwhile(lambda lab, thing: lab.remove(thing)),
        outcomes=FINISHED,
        left=(),
        says={"github": "it is gone", "gitlab": "it is gone", "jenkins": "no such build or job"},
    ),
    Story(
        name="its project has another name since it was found",
        begin=meanwhile(lambda lab, thing: lab.move(thing)),
        # Nothing of Jenkins leads from an old name to a new one: it is found again under that.
        outcomes={"github": STOPPED, "gitlab": STOPPED, "jenkins": (*FINISHED, *STOPPED)},
        left=(State.STOPPED,),
        cancels=None,
    ),
    Story(
        name="asked too often with Retry-After",
        begin=too_often(7),
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=3,
        waits=14,
    ),
    Story(
        name="asked too often without Retry-After",
        begin=too_often(None),
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=3,
        waits={"github": 60 + 120, "gitlab": 10 + 20, "jenkins": 2 + 4},
    ),
    Story(
        name="asked too often for ever",
        begin=too_often(None, times=99),
        outcomes=FAILED,
        left=(State.RUNNING,),
        says={"github": "asked too often", "gitlab": "too many requests", "jenkins": "asked too often"},
        cancels=None,
        code=Exit.PARTLY,
    ),
    Story(
        name="the limit is used up until a given time",
        begin=spent,
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=2,
        waits=39,
    ),
    Story(
        name="a burst of 502 in front of everything",
        begin=with_fault(Call.ANY, status=502, times=3),
        outcomes=STOPPED,
        left=(State.STOPPED,),
    ),
    Story(
        name="502 for ever to a cancel",
        begin=with_fault(Call.CANCEL, status=502, times=99),
        outcomes=FAILED,
        left=(State.RUNNING,),
        says="502",
        cancels=4,
        code=Exit.PARTLY,
    ),
    Story(
        name="502 for ever to everything",
        begin=with_fault(Call.ANY, status=502, times=9999),
        outcomes=(),
        unseen="failed",
        left=(State.RUNNING,),
        says="502",
        cancels=0,
        code=Exit.PARTLY,
    ),
    Story(
        name="the connection breaks before the cancel was carried out",
        begin=with_fault(Call.CANCEL, FaultKind.RESET),
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=2,
    ),
    Story(
        name="the connection breaks after the cancel was carried out",
        begin=with_fault(Call.CANCEL, FaultKind.RESET, carried_out=True),
        outcomes=STOPPED,
        left=(State.STOPPED,),
        cancels=2,
    ),
    Story(
        # The others find nothing again that has not been started by something found before.
        name="what came meanwhile cannot be seen",
        begin=meanwhile(lambda lab, _: fault(lab, Call.LIST, status=503, times=99), after=True),
        outcomes=STOPPED,
        unseen={"github": "", "gitlab": "", "jenkins": "failed"},
        left=(State.STOPPED,),
        code={"github": Exit.OK, "gitlab": Exit.OK, "jenkins": Exit.PARTLY},
    ),
    Story(
        # GitLab's may have arrived all the same, so it is looked at until the time is up.
        name="the connection breaks again and again",
        begin=with_fault(Call.CANCEL, FaultKind.RESET, times=99),
        outcomes={"github": FAILED, "gitlab": SURVIVED, "jenkins": FAILED},
        left=(State.RUNNING,),
        says={"github": "cannot be reached", "gitlab": "does not answer", "jenkins": "does not answer"},
        cancels=None,
        code=Exit.PARTLY,
    ),
    Story(
        name="the connection breaks again and again, where no force is allowed",
        begin=with_fault(Call.CANCEL, FaultKind.RESET, times=99),
        outcomes={"github": FAILED, "gitlab": SURVIVED, "jenkins": FAILED},
        left=(State.RUNNING,),
        says={"github": "cannot be reached", "gitlab": "does not answer", "jenkins": "does not answer"},
        cancels=None,
        code=Exit.PARTLY,
        force=Force(timeout=30, harder=False),
    ),
    Story(
        name="the list breaks off once",
        begin=with_fault(Call.LIST, FaultKind.TRUNCATED),
        outcomes=STOPPED,
        left=(State.STOPPED,),
    ),
    Story(
        name="the list cannot be read",
        begin=with_fault(Call.LIST, FaultKind.MALFORMED, times=9),
        outcomes=(),
        unseen="failed",
        left=(State.RUNNING,),
        says={"github": "cannot be read", "gitlab": "cannot be read", "jenkins": "is not what Jenkins says"},
        cancels=0,
        code=Exit.PARTLY,
    ),
    Story(
        name="what is seen of it cannot be read once",
        begin=meanwhile(lambda lab, _: fault(lab, Call.LOOK, FaultKind.MALFORMED), after=True),
        outcomes=STOPPED,
        left=(State.STOPPED,),
    ),
    Story(
        name="more than a page of them",
        begin=many,
        outcomes=STOPPED * MANY,
        left=(State.STOPPED,) * MANY,
        cancels=MANY,
    ),
    Story(
        name="a name of all kinds of letters",
        begin=beginning(name=ODD),
        outcomes=STOPPED,
        left=(State.STOPPED,),
    ),
    Story(
        name="the token has expired",
        begin=expired,
        outcomes=(),
        unseen="refused",
        left=(State.RUNNING,),
        says={
            "github": "expired",
            "gitlab": "expired",
            "jenkins": "does not accept release-bot and its token",
        },
        cancels=0,
        code=Exit.PARTLY,
    ),
    Story(
        name="the token may not list",
        begin=denied(May.LIST),
        outcomes=(),
        unseen="refused",
        left=(State.RUNNING,),
        says={"github": "actions: read", "gitlab": "read_api", "jenkins": "Overall/Read"},
        cancels=0,
        code=Exit.PARTLY,
    ),
)
