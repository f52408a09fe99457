"""Which projects does a group have, and by which number is one of them asked for?

By its number and not by its path: an old path answers a 301 to who reads and a 405 to who
writes (gitlabhq `lib/api/helpers.rb` `find_project!`, read 2026-11-24).
"""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import quote

from gate.core.reason import one_line
from gate.core.work import Project
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.refusal import Ask, Unanswered, unreadable
from gate.providers.protocol import Member

_NUMBER = re.compile(r"/projects/(\d+)(?:[/?]|$)")


class Projects:
    """The projects of one member of the fleet, and what is known of their numbers.

    Args:
        client: what asks.
        member: whose `root` is the group.
    """

    def __init__(self, client: Client, member: Member) -> None:
        self._client = client
        self._member = member
        self._ids: dict[str, str] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[Project, ...]:
        """Return the projects that the member takes, below subgroups too, without archived ones.

        Oldest first, so that one that is made meanwhile moves none to a page already read; and
        without what other groups share with this one.

        Raises:
            Unanswered: they cannot be listed.
        """
        ask = Ask(
            path=f"/groups/{quote(self._member.root, safe='')}/projects",
            what=f"the projects of the group {self._member.root}",
            needs="the scope read_api and a role in the group",
            query={
                "include_subgroups": "true",
                "with_shared": "false",
                "archived": "false",
                "simple": "true",
                "order_by": "id",
                "sort": "asc",
            },
        )
        found: dict[str, Project] = {}
        for page in self._client.pages(ask):
            for index, fields in enumerate(page):
                one = self._parse(fields, ask, index)
                self.learn(one.path, one.id)
                if self._member.takes(one.path):
                    found[one.id] = one
        return tuple(found.values())

    def learn(self, path: str, number: str) -> None:
        """Remember which number a path has."""
        with self._lock:
            self._ids[path] = number

    def number(self, path: str) -> str:
        """Return the number of a project, also where the path is one that it had before.

        Raises:
            Unanswered: there is none, or it cannot be seen.
        """
        with self._lock:
            known = self._ids.get(path)
        if known is None:
            known = self._asked(path)
            self.learn(path, known)
        return known

    def is_without_ci(self, project: Project) -> bool:
        """Return whether nothing can be in flight there, since its pipelines are switched off.

        Raises:
            Unanswered: it cannot be seen.
        """
        fields = self._client.send(_one(project.path, project.id))
        if not isinstance(fields, dict):
            return False
        return fields.get("builds_access_level") == "disabled" or fields.get("jobs_enabled") is False

    def _asked(self, path: str) -> str:
        ask = _one(path, quote(path, safe=""))
        try:
            return self._parse(self._client.send(ask), ask, 0).id
        except Unanswered as error:
            moved = _NUMBER.search(error.location) if 300 <= error.status < 400 else None
            if moved is None:
                raise
            return moved[1]

    def _parse(self, fields: Any, ask: Ask, index: int) -> Project:
        match fields:
            case {"id": int(number), "path_with_namespace": str(path)}:
                return Project(path=one_line(path, 500), id=str(number))
        raise unreadable(ask, self._client.host, f"a project with id and path_with_namespace at [{index}]")


def _one(path: str, name: str) -> Ask:
    return Ask(
        path=f"/projects/{name}",
        what=f"the project {path}",
        needs="the scope read_api and a role in the project",
    )
