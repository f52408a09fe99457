"""Which repositories does a member of the fleet have?

An organisation lists its own. For a user's account ``/users/{name}/repos`` holds public ones
alone, so that what the token sees is listed instead, and kept where the owner is right
(OpenAPI description of api.github.com, read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from gate.core.work import Outcome, Project
from gate.providers.github.client import Client
from gate.providers.github.documents import Repository, parse_list, parse_repository
from gate.providers.github.refusal import METADATA, unreadable
from gate.providers.protocol import Member, NotDone


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The repositories that are meant.

    Attributes:
        projects: in the server's order, each once.
        problem: why there may be more; None where all are known.
    """

    projects: tuple[Project, ...] = ()
    problem: NotDone | None = None


def list_repositories(client: Client, member: Member) -> Listing:
    """Return the repositories of a member; archived and disabled ones, which run nothing, are left out."""
    found: dict[int, Repository] = {}
    problem = None
    try:
        _collect(client, member, found)
    except NotDone as error:
        problem = error
    projects = tuple(
        Project(path=repository.full_name, id=str(repository.id))
        for repository in found.values()
        if not repository.idle and member.takes(repository.full_name)
    )
    return Listing(projects=projects, problem=problem)


def _collect(client: Client, member: Member, found: dict[int, Repository]) -> None:
    owner = member.root
    if _listed(client, f"/orgs/{quote(owner, safe='')}/repos", {"type": "all"}, "", owner, found):
        return
    if client.is_app:
        path, query, key = "/installation/repositories", dict[str, str](), "repositories"
    else:
        client.read(f"/users/{quote(owner, safe='')}", owner, METADATA)
        path, query, key = "/user/repos", {"affiliation": "owner,collaborator,organization_member"}, ""
    if not _listed(client, path, query, key, owner, found):
        raise NotDone(Outcome.REFUSED, f"{owner} at {client.host}: there is no such owner")


def _listed(
    client: Client,
    path: str,
    query: Mapping[str, str],
    key: str,
    owner: str,
    found: dict[int, Repository],
) -> bool:
    """Add the owner's repositories of a list, and return whether there is such a list.

    Raises:
        NotDone: it cannot be read to its end.
    """
    for answer in client.pages(path, query):
        if answer.status == 404 and not found:
            return False
        document = client.document_in(answer, owner, METADATA)
        try:
            for index, entry in enumerate(parse_list(document, key)):
                repository = parse_repository(entry, f"{key or 'answer'}[{index}]")
                if repository.owner.casefold() == owner.casefold():
                    found[repository.id] = repository
        except ValueError as error:
            raise unreadable(client.host, owner, str(error)) from None
    return True
