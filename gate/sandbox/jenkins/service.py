"""The emulated Jenkins, as the sandbox's server asks it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from gate.sandbox.jenkins import acts, orders, queueing, reads, starts
from gate.sandbox.jenkins.controller import Controller, Settings, page
from gate.sandbox.jenkins.paths import JenkinsRouter
from gate.sandbox.jenkins.users import Permission, Refused, User, Users
from gate.sandbox.jenkins.world import World
from gate.sandbox.routing import Answer, Handler, Request, Router

_SESSION = "5a3c7e1f"


class JenkinsService:
    """One controller; safe to use from many threads.

    Args:
        make_world: returns the world as it is at the start.
        settings: how the controller is installed.
        strict: whether users must be announced.
        crumbs: whether a password's POST needs a crumb.
        prefix: the context path, such as ``/jenkins``.

    Attributes:
        controller: world, users and settings as they are now.
        lock: held while anything is answered; hold it to change the world from outside.
    """

    name = "jenkins"

    def __init__(
        self,
        make_world: Callable[[], World],
        settings: Settings | None = None,
        *,
        strict: bool = False,
        crumbs: bool = True,
        prefix: str = "",
    ) -> None:
        self.prefixes: tuple[str, ...] = (prefix,)
        self.lock = threading.RLock()
        self._make_world = make_world
        self._settings = settings or Settings()
        self._strict = strict
        self._crumbs = crumbs
        self.reset()
        self.router: Router = JenkinsRouter()
        for room in (reads, acts, starts):
            room.add_routes(self.router, lambda: self.controller)
        self.controls = Router()
        orders.add_routes(self.controls, lambda: self.controller, self.lock)

    def reset(self) -> None:
        """Be as at the start; the users have to be announced again."""
        with self.lock:
            users = Users(strict=self._strict, crumbs=self._crumbs)
            self.controller = Controller(self._make_world(), users, self._settings)

    def answer(self, request: Request, handler: Handler | None) -> Answer:
        """Answer a request as Jenkins does: who asks, the crumb, then the path."""
        with self.lock:
            if self.controller.settings.booting:
                return page(503, "Please wait while Jenkins is getting ready to work...")
            queueing.settle(self.controller.world)
            try:
                answer = self._answered(request, handler)
            except Refused as refused:
                answer = page(refused.status, refused.message, refused.headers)
            queueing.settle(self.controller.world)
            return replace(answer, headers=(*answer.headers, *self._always()))

    def _answered(self, request: Request, handler: Handler | None) -> Answer:
        users = self.controller.users
        user: User = users.user(request.headers)
        if request.method != "GET":
            users.check_crumb(user, request.headers)
        user.require(Permission.READ_ALL)
        return page(404, "Not Found") if handler is None else handler(request)

    def _always(self) -> tuple[tuple[str, str], ...]:
        return (
            ("X-Content-Type-Options", "nosniff"),
            ("X-Jenkins", self.controller.settings.version),
            ("X-Jenkins-Session", _SESSION),
        )
