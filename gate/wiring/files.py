"""Which system does a pipeline file belong to?

Its name tells where the system fixes it; a workflow is told by what it says, so that one that
lies elsewhere, such as a template, is known too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_OF_OTHERS: Final = (".git", "node_modules", ".venv", "venv", ".tox", ".nox")
_ON: Final = re.compile(r"""^["']?on["']?[ \t]*:""", re.MULTILINE)
_JOBS: Final = re.compile(r"""^["']?jobs["']?[ \t]*:""", re.MULTILINE)
_FLOW: Final = re.compile(r"""\s*\{.*["']?\bon["']?\s*:.*["']?\bjobs["']?\s*:""", re.DOTALL)
_PIPELINE: Final = re.compile(r"^\s*pipeline\s*\{", re.MULTILINE)


def system_of(name: str, text: str) -> str | None:
    """Return the system that a file belongs to by its name and what it says, or None.

    Args:
        name: the file's path, with any slashes.
        text: what stands in it.
    """
    base = re.split(r"[\\/]", name)[-1].lower()
    if base.endswith((".gitlab-ci.yml", ".gitlab-ci.yaml")):
        return "gitlab"
    if base.startswith("jenkinsfile") or base.endswith(".jenkinsfile"):
        return "jenkins"
    if base.endswith(".groovy"):
        return "jenkins" if _PIPELINE.search(text) else None
    if not base.endswith((".yml", ".yaml")):
        return None
    if _lies_below_workflows(name) or (_ON.search(text) and _JOBS.search(text)) or _FLOW.match(text):
        return "github"
    return None


def find_pipelines(folder: Path) -> Iterator[Path]:
    """Yield the pipeline files below a folder that are known by name and place, in a fixed order.

    Folders that are links are not entered, nor those that hold what others made; a file that is
    a link is yielded.
    """
    for here, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _OF_OTHERS)
        for name in sorted(names):
            path = Path(here, name)
            if not name.lower().endswith(".groovy") and system_of(path.absolute().as_posix(), ""):
                yield path


def _lies_below_workflows(name: str) -> bool:
    return re.split(r"[\\/]", name)[-3:-1] == [".github", "workflows"]
