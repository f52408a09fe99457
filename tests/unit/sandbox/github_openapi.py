"""GitHub's published OpenAPI description, as schemas that `jsonschema` can use.

npm package `@octokit/openapi`, installed beside the CI engines. OpenAPI 3.0 says `nullable`
where JSON Schema says "or null"; everything else of it is JSON Schema, draft 4.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from tests.support import ENGINES, need

FILE = "api.github.com.json"
FOLDER = ENGINES.parent / "@octokit" / "openapi" / "generated"


@cache
def description() -> dict[str, Any]:
    """Return the whole description with `nullable` converted; the test skips without it."""
    document: dict[str, Any] = json.loads(need(FILE, FOLDER).read_text(encoding="utf-8"))
    _convert(document)
    return document


def paths() -> dict[tuple[str, str], str]:
    """Return GitHub's own path by method and anonymous form, such as ``/repos/{}/{}``."""
    return {
        (method.upper(), anonymous(path)): path
        for path, methods in description()["paths"].items()
        for method in methods
    }


def anonymous(template: str) -> str:
    """Return a path template without the names of its parts."""
    return re.sub(r"\{[^}]*\}", "{}", template)


def problems(method: str, template: str, status: int, document: object) -> list[str]:
    """Return where an answer is not as GitHub describes it.

    Args:
        method: of the request.
        template: the emulator's path template.
        status: what was answered.
        document: its body, decoded.
    """
    operation = description()["paths"][paths()[method, anonymous(template)]][method.lower()]
    described = operation["responses"].get(str(status))
    if described is None:
        return [f"{method} {template} never answers {status}"]
    described = _resolved(described)
    if "content" not in described:
        return [] if document is None else [f"{method} {template}: {status} has no body"]
    schema = described["content"]["application/json"]["schema"]
    found = _validator(json.dumps(schema)).iter_errors(document)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


def described_keys(schema: str) -> set[str]:
    """Return every key that GitHub's schema of this name has."""
    return set(description()["components"]["schemas"][schema]["properties"])


@cache
def _validator(schema: str) -> Draft4Validator:
    return Draft4Validator({**json.loads(schema), "components": description()["components"]})


def _resolved(thing: dict[str, Any]) -> dict[str, Any]:
    reference = thing.get("$ref")
    if reference is None:
        return thing
    found: Any = description()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(found)


def _convert(thing: Any) -> None:
    """Say "or null" in JSON Schema's way, everywhere below, in place."""
    if isinstance(thing, list):
        for item in thing:
            _convert(item)
    if not isinstance(thing, dict):
        return
    for value in thing.values():
        _convert(value)
    if thing.pop("nullable", None) is True:
        whole = dict(thing)
        thing.clear()
        thing["anyOf"] = [whole, {"type": "null"}]
