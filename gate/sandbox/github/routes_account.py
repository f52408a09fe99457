"""What does GitHub answer about repositories, their owners, the token's owner and its limits?"""

from __future__ import annotations

from gate.sandbox.github.calls import Call, reading
from gate.sandbox.github.lifecycle import Refused
from gate.sandbox.github.model import Repository
from gate.sandbox.github.paging import page_of
from gate.sandbox.github.shapes_repository import encode_account, encode_organization, encode_repository
from gate.sandbox.github.tokens import NOT_FOUND, UNAUTHENTICATED, Kind
from gate.sandbox.routing import Answer, json_answer

NO_LIMITS = "Rate limiting is not enabled."
NO_INSTALLATION = "You must authenticate with an installation access token in order to list repositories."


def get_repository(call: Call) -> Answer:
    """Return one repository."""
    return json_answer(200, encode_repository(call.base, call.repository))


def list_organization_repositories(call: Call) -> Answer:
    """Return a page of an organisation's repositories that the token sees."""
    organization = call.organization()
    return _page(call, _seen(call, organization.login), f"/organizations/{organization.id}/repos")


def list_user_repositories(call: Call) -> Answer:
    """Return a page of an owner's repositories; private ones are never among them."""
    owner = call.world.organizations.get(call.text("username").lower())
    if owner is None:
        raise Refused(404, NOT_FOUND)
    public = [repository for repository in _seen(call, owner.login) if not repository.private]
    return _page(call, public, f"/user/{owner.id}/repos")


def list_own_repositories(call: Call) -> Answer:
    """Return a page of everything that the token's owner sees."""
    _signed_in(call)
    return _page(call, _seen(call, ""), "")


def list_installation_repositories(call: Call) -> Answer:
    """Return a page of the repositories that an App is installed in."""
    _signed_in(call)
    if not call.grant.is_app:
        raise Refused(403, NO_INSTALLATION)
    return page_of(
        call.request,
        _seen(call, ""),
        lambda repository: encode_repository(call.base, repository),
        "repositories",
    )


def get_organization(call: Call) -> Answer:
    """Return an organisation."""
    return json_answer(200, encode_organization(call.base, call.organization()))


def get_account(call: Call) -> Answer:
    """Return a user, or an organisation as one."""
    owner = call.world.organizations.get(call.text("username").lower())
    if owner is None:
        raise Refused(404, NOT_FOUND)
    kind = "User" if owner.is_user else "Organization"
    return json_answer(200, encode_account(call.base, owner.login, kind, owner.created))


def get_own_account(call: Call) -> Answer:
    """Return whose token it is; an App's token is nobody's."""
    _signed_in(call)
    call.grant.require("user", "none")
    if call.grant.is_app:
        raise Refused(403, "Resource not accessible by integration")
    return json_answer(200, encode_account(call.base, call.grant.login, "User", call.now))


def get_rate_limit(call: Call) -> Answer:
    """Return what is left of the hour, which costs nothing; 404 where limits are off."""
    if not call.limits.settings.enabled:
        raise Refused(404, NO_LIMITS)
    core = call.limits.state(call.grant, "core")
    graphql = call.limits.state(call.grant, "graphql")
    search = {"limit": 30, "remaining": 30, "reset": core["reset"], "used": 0}
    resources = {"core": core, "graphql": graphql, "search": search}
    return json_answer(200, {"resources": resources, "rate": core})


def _signed_in(call: Call) -> None:
    if call.grant.kind is Kind.ANONYMOUS:
        raise Refused(401, UNAUTHENTICATED)


def _seen(call: Call, owner: str) -> list[Repository]:
    return [
        repository
        for repository in call.world.repositories()
        if call.grant.sees(repository) and owner in {"", repository.owner}
    ]


def _page(call: Call, repositories: list[Repository], path: str) -> Answer:
    return page_of(
        call.request, repositories, lambda repository: encode_repository(call.base, repository), path=path
    )


ENDPOINTS = (
    reading("/repos/{owner}/{repo}", get_repository),
    reading("/orgs/{org}/repos", list_organization_repositories),
    reading("/users/{username}/repos", list_user_repositories),
    reading("/user/repos", list_own_repositories),
    reading("/installation/repositories", list_installation_repositories),
    reading("/orgs/{org}", get_organization),
    reading("/users/{username}", get_account),
    reading("/user", get_own_account),
    reading("/rate_limit", get_rate_limit),
)
