"""What may stand in `gate.yml`?

`SCHEMA` is the one statement of it: `gate config schema` prints it for editors, and
`problems` holds a parsed document against it, in words that name the key.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gate.core.duration import PATTERN as DURATION
from gate.core.reason import NAME_PATTERN

_PATTERNS: Final = {"type": "array", "items": {"type": "string", "minLength": 1}}
_LATER: Final = r"\$\{|"  # a value that holds ${NAME} is checked once it is known
_DURATION: Final = {"type": "string", "pattern": _LATER + DURATION, "examples": ["5s", "10m"]}
_URL: Final = {"type": "string", "minLength": 1, "examples": ["https://10.10.10.100/focus-server"]}

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gate.yml",
    "description": "Labs, what is protected, and the fleet. ${NAME} takes a value from the environment.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "environments": {
            "description": "One entry a lab, by its name.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{NAME_PATTERN}$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["focus_server"],
                "properties": {
                    "focus_server": {**_URL, "description": "live_metadata is read below it."},
                    "verify_tls": {
                        "description": "true, false, or the path of a CA bundle.",
                        "type": ["boolean", "string"],
                        "default": True,
                    },
                    "timeout": {
                        **_DURATION,
                        "description": "To connect, and again between two reads.",
                        "default": "5s",
                    },
                    "dependencies": {
                        "description": "All must answer, or the gate stays closed.",
                        "type": "array",
                        "items": {
                            "type": "string",
                            "pattern": _LATER + "^(amqps?|mongodb|postgresql|https?|tcp)://",
                            "examples": ["amqp://rabbitmq:5672"],
                        },
                        "default": [],
                    },
                    "aliases": {
                        "description": "Other addresses of the same Focus server, such as a forwarded port.",
                        "type": "array",
                        "items": _URL,
                        "default": [],
                    },
                },
            },
        },
        "default_environment": {"type": "string", "minLength": 1},
        "protect": {
            **_PATTERNS,
            "description": "Shell patterns, any case, of workflow, job and stage names.",
            "minItems": 1,
            "default": ["configure*", "load*"],
        },
        "requests": {
            "description": "What the guards hold back at the HTTP call.",
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Z]+ /", "examples": ["POST /configure"]},
            "default": ["POST /configure", "POST /config/*"],
        },
        "tests": {
            "description": "What the pytest guard holds back by name or marker.",
            "type": "object",
            "additionalProperties": False,
            "properties": {"names": _PATTERNS, "markers": _PATTERNS},
            "default": {},
        },
        "steadiness": {
            "description": "When a row of readings is enough to open or to close.",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "open_after": {"type": "integer", "minimum": 1, "default": 3},
                "close_after": {"type": "integer", "minimum": 1, "default": 2},
                "steady_for": {**_DURATION, "default": "60s"},
            },
            "default": {},
        },
        "rerun": {
            "description": "What gate recheck starts again, once it has opened, of what was held back.",
            "type": "string",
            "enum": ["none", "canary", "newest"],
            "default": "canary",
        },
        "recheck_every": {
            **_DURATION,
            "description": "How often gate recheck is scheduled; after twice as long it is missed.",
            "default": "5m",
        },
        "state": {
            "type": "string",
            "pattern": _LATER + r"^[a-z][a-z0-9+]*://|^git\+",
            "default": "sqlite:///.gate/state.db",
            "examples": [
                "sqlite:///.gate/state.db",
                "postgresql+psycopg://gate@db.example.com/gate",
                "git+ssh://git@git.example.com/lab/state.git#refs/gate/state",
            ],
        },
        "fleet": {
            "description": "Where gate pauses and resumes.",
            "type": "array",
            "default": [],
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["provider", "url"],
                "properties": {
                    "provider": {"type": "string", "enum": ["github", "gitlab", "jenkins"]},
                    "url": {**_URL, "examples": ["https://api.github.com"]},
                    "token": {"type": "string"},
                    "user": {"type": "string"},
                    "owner": {"type": "string"},
                    "group": {"type": "string"},
                    "folder": {"type": "string"},
                    "projects": {**_PATTERNS, "default": ["*"]},
                    "environment": {"type": "string", "minLength": 1},
                },
            },
        },
        "notify": {
            "description": "apprise URLs.",
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": [],
        },
        "repeat": {
            **_DURATION,
            "description": "How long after a notification the same is told again, while it is so.",
            "default": "1h",
        },
    },
}

_KIND_NAMES: Final[tuple[tuple[str, type], ...]] = (
    ("boolean", bool),
    ("integer", int),
    ("number", float),
    ("string", str),
    ("array", list),
    ("object", dict),
    ("null", type(None)),
)
_SHOWN_KINDS: Final = {
    "boolean": "true or false",
    "integer": "a whole number",
    "string": "text",
    "array": "a list",
    "object": "keys with values",
    "null": "nothing",
}


def problems(document: object, schema: Mapping[str, Any] = SCHEMA, path: str = "") -> Iterator[str]:
    """Yield one line for each place where the document breaks the schema.

    Lines begin with the key's path and say what was expected and what was found. The part
    of JSON Schema that `SCHEMA` uses is understood, and no other.
    """
    where = path or "the file"
    if not _is_of_kind(document, schema.get("type")):
        yield f"{where}: expected {_expected(schema)}, found {_found(document)}"
        return
    match document:
        case dict():
            yield from _object_problems(document, schema, path)
        case list():
            if len(document) < schema.get("minItems", 0):
                yield f"{where}: expected at least one entry, found none"
            for index, item in enumerate(document):
                yield from problems(item, schema["items"], f"{path}[{index}]")
        case str():
            yield from _text_problems(document, schema, where)
        case int() if document < schema.get("minimum", document):
            yield f"{where}: expected at least {schema['minimum']}, found {document}"


def _object_problems(document: dict[Any, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    known: Mapping[str, Any] = schema.get("properties", {})
    others = schema["additionalProperties"]
    if len(document) < schema.get("minProperties", 0):
        yield f"{path}: expected at least one entry, found none"
    for key in schema.get("required", ()):
        if key not in document:
            yield f"{_below(path, key)}: missing; expected {_expected(known[key])}"
    names = schema.get("propertyNames", {}).get("pattern", "")
    for key, value in document.items():
        if not isinstance(key, str):
            yield f"{_below(path, str(key))}: expected a text key, found {_found(key)}"
        elif not re.search(names, key):
            yield f"{path}: expected a name of letters, digits, '_', '-' and '.', found {_found(key)}"
        elif key in known:
            yield from problems(value, known[key], _below(path, key))
        elif others:
            yield from problems(value, others, _below(path, key))
        else:
            yield f"{_below(path, key)}: unknown key; {_suggestion(key, list(known))}"


def _text_problems(text: str, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    too_short = len(text) < schema.get("minLength", 0)
    if too_short or ("pattern" in schema and not re.search(schema["pattern"], text)):
        yield f"{where}: expected {_expected(schema)}, found {_found(text)}"
    elif "enum" in schema and text not in schema["enum"]:
        yield f"{where}: expected one of {', '.join(schema['enum'])}, found {_found(text)}"


def _suggestion(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}"


def _is_of_kind(document: object, wanted: str | list[str] | None) -> bool:
    wanted = [wanted] if isinstance(wanted, str) else wanted
    return wanted is None or _kind(document) in wanted


def _kind(document: object) -> str:
    return next((name for name, kind in _KIND_NAMES if isinstance(document, kind)), "unknown")


def _expected(schema: Mapping[str, Any]) -> str:
    if "examples" in schema:
        noun = "a duration" if "5s" in schema["examples"] else "text"
        return f"{noun} such as {' or '.join(schema['examples'])}"
    wanted = schema["type"]
    wanted = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(_SHOWN_KINDS[kind] for kind in wanted)


def _found(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:60]}"' if value else "empty text"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return _SHOWN_KINDS.get(_kind(value), "something else")


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
