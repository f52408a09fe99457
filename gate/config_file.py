"""How does a configuration file become a checked document?

Imports YAML, so it is itself imported only where there is a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gate.config_schema import problems
from gate.errors import ConfigError


def read_document(path: Path) -> dict[str, Any]:
    """Return the document in a YAML file, after holding it against the schema.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or breaks the schema.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected UTF-8 text, found other bytes at offset {error.start}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {_in_words(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not YAML that can be read: {error}") from None
    found = [f"{path}: {problem}" for problem in problems({} if document is None else document)]
    if found:
        raise ConfigError(*found)
    return document or {}


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error, since the last one would win."""


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[object] = set()
    for key_node, _ in node.value:
        if isinstance(key_node, yaml.ScalarNode) and key_node.value != "<<":
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} is given twice", key_node.start_mark
                )
            seen.add(key_node.value)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


def _in_words(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return f"is not YAML: {str(error).splitlines()[0]}"
