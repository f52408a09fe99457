"""How does GitHub write down repositories and people?

Keys and forms as in GitHub's OpenAPI description (`minimal-repository`, `full-repository`,
`simple-user`, `organization-full`), read 2026-11-24; the tests validate them against it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from gate.sandbox.github.model import Organization, Repository

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_COUNTS = ("forks", "forks_count", "open_issues", "open_issues_count", "size", "stargazers_count", "watchers")


def stamp(moment: float) -> str:
    """Return a time as GitHub writes it, in whole seconds."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def site_of(base: str) -> str:
    """Return where the web pages are: on a GitHub Enterprise Server the API is below them."""
    return base.removesuffix("/api/v3")


@lru_cache(maxsize=4096)
def _user(base: str, login: str, kind: str) -> dict[str, Any]:
    url = f"{base}/users/{login}"
    return {
        "login": login,
        "id": sum(login.encode()) + 1,
        "node_id": f"U_{login.encode().hex()}",
        "avatar_url": f"{site_of(base)}/avatars/{login}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{site_of(base)}/{login}",
        **{name: url + path for name, path in _USER_URLS.items()},
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def encode_user(base: str, login: str, kind: str = "User") -> dict[str, Any]:
    """Return a ``simple-user``."""
    return _user(base, login, kind)


@lru_cache(maxsize=8192)
def _minimal(base: str, number: int, owner: str, name: str, private: bool) -> dict[str, Any]:
    url = f"{base}/repos/{owner}/{name}"
    return {
        "id": number,
        "node_id": f"R_kgDO{number:08x}",
        "name": name,
        "full_name": f"{owner}/{name}",
        "private": private,
        "owner": encode_user(base, owner, "Organization"),
        "html_url": f"{site_of(base)}/{owner}/{name}",
        "description": None,
        "fork": False,
        "url": url,
        **{key: url + path for key, path in _REPOSITORY_URLS.items()},
    }


def encode_minimal(base: str, repository: Repository) -> dict[str, Any]:
    """Return the part of a ``minimal-repository`` that GitHub puts into a run."""
    return _minimal(base, repository.id, repository.owner, repository.name, repository.private)


def encode_repository(base: str, repository: Repository) -> dict[str, Any]:
    """Return a ``full-repository``; the lists give it without its last two counts, with `permissions`."""
    site, made = f"{site_of(base)}/{repository.full_name}", stamp(repository.created)
    return {
        **encode_minimal(base, repository),
        **dict.fromkeys(_COUNTS, 0),
        "clone_url": f"{site}.git",
        "git_url": site.replace("http:", "git:") + ".git",
        "ssh_url": f"git@127.0.0.1:{repository.full_name}.git",
        "svn_url": site,
        "homepage": None,
        "language": "Python",
        "license": None,
        "mirror_url": None,
        "default_branch": "main",
        "has_downloads": True,
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "archived": repository.archived,
        "disabled": False,
        "visibility": "private" if repository.private else "public",
        "topics": [],
        "pushed_at": made,
        "created_at": made,
        "updated_at": made,
        "watchers_count": 0,
        "network_count": 0,
        "subscribers_count": 0,
        "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
    }


def encode_organization(base: str, organization: Organization) -> dict[str, Any]:
    """Return an ``organization-full``."""
    login, made = organization.login, stamp(organization.created)
    url = f"{base}/orgs/{login}"
    return {
        "login": login,
        "id": organization.id,
        "node_id": f"O_kgDO{organization.id:08x}",
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{site_of(base)}/avatars/{login}",
        "description": None,
        "html_url": f"{site_of(base)}/{login}",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": "Organization",
        "created_at": made,
        "updated_at": made,
        "archived_at": None,
    }


def encode_account(base: str, login: str, kind: str, created: float) -> dict[str, Any]:
    """Return a ``public-user``, as for the token's owner or an organisation asked for as a user."""
    nothing = ("bio", "blog", "company", "email", "hireable", "location", "name")
    return {
        **encode_user(base, login, kind),
        **dict.fromkeys(nothing),
        **dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0),
        "created_at": stamp(created),
        "updated_at": stamp(created),
    }
