"""Who looks, and under which address? What every exported property may ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.sandbox.jenkins.model import Build, Item, Kind, QueueItem, QueueState
from gate.sandbox.jenkins.users import Permission, User
from gate.sandbox.jenkins.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The world as one user sees it.

    Attributes:
        world: what there is.
        user: who looks.
        root: the configured root URL with its slash, which `url` properties begin with.
        branches_follow: whether a branch job under a disabled project says that it is not
            buildable; Jenkins does since core 396e6e9edf of January 2026.
        crumbs: whether crumbs are used.
    """

    world: World
    user: User
    root: str
    branches_follow: bool = True
    crumbs: bool = True

    def reads(self, item: Item) -> bool:
        """Return whether the user may see an item."""
        return self.user.may(Permission.READ, item)

    def visible(self, items: Iterable[Item]) -> list[Item]:
        """Return the items that the user may see."""
        return [item for item in items if self.reads(item)]

    def queue(self) -> list[QueueItem]:
        """Return what the user sees of the queue.

        As `Queue.getItems` orders it: what waits, what is blocked, what is buildable; the
        last of these newest first.
        """
        seen = [entry for entry in self.world.queue.values() if self.reads(entry.item)]
        waiting = [entry for entry in seen if entry.state is QueueState.WAITING]
        blocked = [entry for entry in seen if entry.state is QueueState.BLOCKED]
        buildable = [entry for entry in seen if entry.state is QueueState.BUILDABLE]
        return [*waiting, *blocked, *reversed(buildable)]

    def discovered(self) -> list[QueueItem]:
        """Return the queue items of which the user may know the name only.

        A part of a running build is no item of Jenkins, so that it is never among them.
        """
        return [
            entry
            for entry in self.world.queue.values()
            if entry.part_of is None
            and not self.reads(entry.item)
            and self.user.may(Permission.DISCOVER, entry.item)
        ]

    def buildable(self, item: Item) -> bool:
        """Return what Jenkins says of an item."""
        follows = self.branches_follow or item.kind is Kind.MULTIBRANCH
        above = any(one.disabled for one in item.ancestors()) if follows else False
        return not item.disabled and not above

    def queued(self, item: Item) -> QueueItem | None:
        """Return the first thing queued of an item."""
        found = (one for one in self.world.queue.values() if one.item is item and one.part_of is None)
        return next(found, None)

    def neighbour(self, build: Build, *, later: bool) -> Build | None:
        """Return the build before or after."""
        numbers = [n for n in build.item.builds if (n > build.number if later else n < build.number)]
        if not numbers:
            return None
        return build.item.builds[min(numbers) if later else max(numbers)]
