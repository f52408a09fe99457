"""What do all handlers of the emulated Jenkins need? The world, who asks, and what a path names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape

from gate.sandbox.jenkins.export import Bean, Depth, Named, write
from gate.sandbox.jenkins.model import Build, Item, QueueItem
from gate.sandbox.jenkins.paths import names_of
from gate.sandbox.jenkins.stages import StagesApi
from gate.sandbox.jenkins.tree import parse_tree
from gate.sandbox.jenkins.users import Permission, Refused, User, Users, missing
from gate.sandbox.jenkins.view import View
from gate.sandbox.jenkins.world import World
from gate.sandbox.routing import Answer, Request, json_answer, parse_query

HTML = "text/html;charset=utf-8"
_JSON = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the controller is installed.

    Attributes:
        version: of Jenkins.
        root_url: the configured root URL, which may be another host than the one that is
            reached; empty where it is the same.
        stage_apis: which plugins that show stages are installed.
        branches_follow: whether a branch job is not buildable while its project is disabled;
            so since January 2026.
        booting: whether Jenkins is getting ready to work.
    """

    version: str = "2.541.1"
    root_url: str = ""
    stage_apis: frozenset[StagesApi] = frozenset({StagesApi.TREE})
    branches_follow: bool = True
    booting: bool = False


class Controller:
    """One emulated controller."""

    def __init__(self, world: World, users: Users, settings: Settings) -> None:
        self.world = world
        self.users = users
        self.settings = settings

    def user(self, request: Request) -> User:
        """Return who asks.

        Raises:
            Refused: 401.
        """
        return self.users.user(request.headers)

    def view(self, request: Request) -> View:
        """Return the world as the one who asks sees it."""
        root = self.settings.root_url or request.base
        return View(
            world=self.world,
            user=self.user(request),
            root=root.rstrip("/") + "/",
            branches_follow=self.settings.branches_follow,
            crumbs=self.users.crumbs,
        )

    def item(self, request: Request) -> Item:
        """Return the job or folder that a path names.

        Raises:
            Refused: 404 where there is none for the one who asks; 403 where only its name
                may be known.
        """
        item = self.world.find(names_of(request.parameters["job"]))
        if item is None:
            raise not_found()
        user = self.user(request)
        for one in (*reversed(tuple(item.ancestors())), item):
            check_readable(user, one)
        return item

    def build(self, request: Request) -> Build:
        """Return the build that a path names.

        Raises:
            Refused: 404 or 403, as with `item`.
        """
        item = self.item(request)
        word = request.parameters["number"]
        build = item.builds.get(int(word)) if word.isdecimal() else item.permalink(word)
        if build is None:
            raise not_found()
        return build

    def queue_item(self, request: Request, number: str) -> QueueItem:
        """Return a queue item, also one that has left not long ago.

        Raises:
            Refused: 400 for what is no number, 404, or 403 as with `item`.
        """
        if not number.isdecimal():
            raise Refused(400, "id is no number")
        entry = self.world.queue.get(int(number)) or self.world.gone.get(int(number))
        if entry is None or self._forgotten(entry):
            raise not_found()
        check_readable(self.user(request), entry.item)
        return entry

    def show(self, request: Request, bean: Bean) -> Answer:
        """Answer with an object as JSON, by the request's `tree` or `depth`.

        Raises:
            Refused: 500 for a tree that cannot be read, 400 for a depth that is no number.
        """
        pruner: Depth | Named
        tree, depth = request.query.get("tree"), request.query.get("depth", "0")
        try:
            pruner = Named(parse_tree(tree)) if tree is not None else Depth(1 - int(depth))
        except ValueError as error:
            raise Refused(400 if tree is None else 500, str(error)) from None
        document = write(self.view(request), bean, pruner)
        if request.query.get("pretty") == "true":
            body = json.dumps(document, ensure_ascii=False, indent=2).encode()
            return Answer(status=200, body=body, kind=_JSON)
        return replace(json_answer(200, document), kind=_JSON)

    def _forgotten(self, entry: QueueItem) -> bool:
        return entry.left is not None and self.world.now() - entry.left > self.world.timing.left


def check_readable(user: User, item: Item) -> None:
    """Refuse what the user may not see.

    Raises:
        Refused: 403 where the name may be known, else 404 as if it were not there.
    """
    if user.may(Permission.READ, item):
        return
    if user.may(Permission.DISCOVER, item):
        raise missing(user, Permission.READ)
    raise not_found()


def not_found() -> Refused:
    """Return the answer to what is not there."""
    return Refused(404, "Not Found")


def form(request: Request) -> dict[str, str]:
    """Return the fields of a request, from its query and its body."""
    fields = dict(request.query)
    if "json" not in request.headers.get("content-type", ""):
        fields.update(parse_query(request.body.decode("utf-8", "replace")))
    return fields


def redirect(location: str, status: int = 302) -> Answer:
    """Answer with another address."""
    return Answer(status=status, kind=HTML, headers=(("Location", location),))


def page(status: int, text: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """Answer with a page for people."""
    body = f"<html><body><h2>{escape(text)}</h2></body></html>".encode()
    return Answer(status=status, body=body, kind=HTML, headers=tuple(headers))
