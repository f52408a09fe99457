"""How does something get into the queue, out of it, and become a build?

Read from the source of core (Queue, ParameterizedJobMixIn) and workflow-durable-task-step,
2026-11-24: an identical item is not queued twice; disabling a job cancels the first waiting
item, else a blocked one and a buildable one, and the others vanish when they would start; a
pipeline starts at once on a one-off executor and waits for an agent as an item of its own.
"""

from __future__ import annotations

from gate.sandbox.jenkins import lifecycle
from gate.sandbox.jenkins.model import Build, Cause, Item, Kind, Parameter, QueueItem, QueueState, Scan
from gate.sandbox.jenkins.world import World

_NO_EXECUTOR = "Waiting for next available executor"
_SHUTTING_DOWN = "Jenkins is about to shut down"


def schedule(
    world: World,
    item: Item,
    now: float,
    *,
    parameters: tuple[Parameter, ...] = (),
    causes: tuple[Cause, ...] = (),
    revision: str = "",
    delay: float | None = None,
) -> tuple[QueueItem, bool]:
    """Queue a build, and say whether that is new or one with the same parameters was there."""
    for entry in world.queue.values():
        if entry.item is item and entry.part_of is None and entry.parameters == parameters:
            return entry, False
    quiet = world.timing.quiet if delay is None else delay
    entry = QueueItem(
        id=world.new_id(),
        item=item,
        since=now,
        state=QueueState.WAITING,
        parameters=parameters,
        causes=causes,
        revision=revision,
        ready=now + quiet,
        why=f"In the quiet period. Expires in {quiet:g} sec",
    )
    world.queue[entry.id] = world.movable[entry.id] = entry
    world.agenda.at(entry.ready, lambda _: _quiet_ends(world, entry))
    return entry, True


def hold_in_queue(world: World, item: Item, state: QueueState, age: float, why: str) -> QueueItem:
    """Queue something that stays until it is cancelled; the item has an identity of its own."""
    number = world.new_id()
    now = world.now()
    if all(parameter.name != "RUN" for parameter in item.parameters):
        item.parameters = (*item.parameters, Parameter(name="RUN", value=""))
    entry = QueueItem(
        id=number,
        item=item,
        since=now - age,
        state=state,
        held=True,
        ready=now + 3600,
        why=why,
        # Else Jenkins would take it for one that is there.
        parameters=(Parameter(name="RUN", value=str(number)),),
        causes=(Cause(),),
    )
    world.queue[number] = entry
    return entry


def cancel(world: World, entry: QueueItem, now: float) -> None:
    """Cancel a queue item; one that belongs to a running build aborts that build."""
    world.leave(entry, now, cancelled=True)
    if entry.part_of is not None:
        build = entry.part_of
        build.waiting = None
        world.agenda.at(now + world.timing.stop, lambda moment: lifecycle.abort(world, build, moment))


def cancel_first(world: World, item: Item, now: float) -> None:
    """Cancel what `Queue.cancel(task)` does: the first waiting item, else one of each other kind."""
    own = [entry for entry in world.queue.values() if entry.item is item and entry.part_of is None]
    waiting = [entry for entry in own if entry.state is QueueState.WAITING]
    blocked = [entry for entry in own if entry.state is QueueState.BLOCKED]
    buildable = [entry for entry in own if entry.state is QueueState.BUILDABLE]
    for entry in waiting[:1] or [*blocked[:1], *buildable[:1]]:
        world.leave(entry, now, cancelled=True)


def set_disabled(world: World, item: Item, now: float, *, disabled: bool) -> None:
    """Disable or enable an item; a plain folder stays what it is."""
    if item.kind is Kind.FOLDER or item.disabled is disabled:
        return
    item.disabled = disabled
    if disabled and not item.holds_items:
        cancel_first(world, item, now)


def settle(world: World) -> float:
    """Let everything happen that is due, in its order, and return the time."""
    now = world.now()
    _maintain(world, now)
    while (moment := world.agenda.step(now)) is not None:
        _maintain(world, moment)
    return now


def begin(world: World, entry: QueueItem, now: float) -> Build:
    """Make a build of a queue item."""
    item = entry.item
    build = Build(
        item=item,
        number=item.next_number,
        started=now,
        queue_id=entry.id,
        parameters=entry.parameters,
        causes=entry.causes,
        revision=entry.revision or f"{item.full_name}@{item.next_number}",
    )
    world.leave(entry, now, cancelled=False, build=build)
    place(world, build)
    lifecycle.plan_stages(world, build, now)
    return build


def place(world: World, build: Build, *, takes_node: bool = True) -> None:
    """Put a build that runs where it runs: on an executor, a one-off one, or both."""
    item = build.item
    item.builds[build.number] = build
    item.next_number = max(item.next_number, build.number + 1)
    world.running[id(build)] = build
    if build.pipeline:
        build.host = world.host_of(item)
        build.host.one_off[id(build)] = build
        if not (takes_node and item.uses_node):
            return
    computer = world.free_computer()
    if computer is not None:
        world.occupy(computer, build)
    elif build.pipeline:
        wait_for_agent(world, build)


def wait_for_agent(world: World, build: Build, *, held: bool = False) -> QueueItem:
    """Let a running pipeline wait for an agent: an item of the queue that is no new build."""
    entry = QueueItem(
        id=world.new_id(),
        item=build.item,
        since=build.started,
        state=QueueState.BUILDABLE,
        part_of=build,
        held=held,
        why="Waiting for next available executor on ‘lab’" if held else _NO_EXECUTOR,
    )
    build.waiting = world.queue[entry.id] = entry
    if not held:
        world.movable[entry.id] = entry
    return entry


def scan(world: World, item: Item, now: float) -> None:
    """Look for branches; that occupies a one-off executor without being a build."""
    begun = Scan(item=item, started=now)
    world.scans.append(begun)
    world.agenda.at(now + world.timing.scan, lambda _: world.scans.remove(begun))


def _maintain(world: World, now: float) -> None:
    """Let everything start that may, oldest first."""
    if not world.touched:
        return
    world.touched = False
    for entry in tuple(world.movable.values()):
        if entry.state is QueueState.WAITING or entry.id not in world.movable:
            continue
        if entry.part_of is not None:
            _give_agent(world, entry, entry.part_of, now)
        elif world.quieting is not None:
            entry.why = _SHUTTING_DOWN
        elif entry.item.disabled:
            world.leave(entry, now, cancelled=True)
        else:
            _try_to_start(world, entry, now)


def _quiet_ends(world: World, entry: QueueItem) -> None:
    if entry.left is None:
        entry.state, entry.why = QueueState.BUILDABLE, _NO_EXECUTOR
        world.touched = True


def _try_to_start(world: World, entry: QueueItem, now: float) -> None:
    running = [] if entry.item.concurrent else entry.item.running()
    if running:
        entry.state = QueueState.BLOCKED
        entry.why = f"Build #{running[0].number} is already in progress (ETA: 5 min 0 sec)"
        return
    entry.state, entry.why = QueueState.BUILDABLE, _NO_EXECUTOR
    if entry.item.kind is Kind.PIPELINE or world.free_computer() is not None:
        begin(world, entry, now)


def _give_agent(world: World, entry: QueueItem, build: Build, now: float) -> None:
    computer = world.free_computer()
    if computer is not None:
        world.occupy(computer, build)
        build.waiting = None
        world.leave(entry, now, cancelled=False, build=build)
