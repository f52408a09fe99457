"""Which GitLab files were written for these tests, and what do they say to a plain YAML reader?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gate.wiring import gitlab
from gate.wiring.edits import apply_edits
from gate.wiring.records import Source, WireOptions

CORPUS = Path(__file__).parent / "corpus" / "gitlab"
RULES = Path(__file__).parent / "rules"
FILES = tuple(sorted(path.stem for path in CORPUS.glob("*.yml")))
PROTECT = ("configure*", "load*")
SETUP = "!reference .fiber-gate-guard before_script"
ASK = "gate guard -- gate --version"


class Loader(yaml.SafeLoader):
    """Reads what GitLab does: a `!reference` becomes one text."""


def _reference(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> str:
    return " ".join(["!reference", *loader.construct_sequence(node)])


Loader.add_constructor("!reference", _reference)


def read(name: str) -> str:
    """Return a file of the corpus: its own line ends, without a BOM."""
    return (CORPUS / f"{name}.yml").read_bytes().decode("utf-8-sig")


def source(text: str, name: str = ".gitlab-ci.yml") -> Source:
    """Return a text as the file of a whole pipeline."""
    return Source(name=name, text=text)


def wired(text: str, name: str = ".gitlab-ci.yml") -> str:
    """Return what a text becomes by wiring."""
    return apply_edits(text, gitlab.wire(source(text, name), PROTECT, WireOptions()).edits)


def unwired(text: str, name: str = ".gitlab-ci.yml") -> str:
    """Return what a text becomes by unwiring."""
    return apply_edits(text, gitlab.unwire(source(text, name)).edits)


def loaded(text: str) -> dict[str, Any]:
    """Return the jobs and global keywords of a text."""
    documents = [document for document in yaml.load_all(text, Loader) if document]
    jobs = documents[-1]
    assert isinstance(jobs, dict)
    return jobs


def lines(value: object) -> list[str]:
    """Return the lines of a `script`, lists in lists made flat."""
    if isinstance(value, list):
        return [line for item in value for line in lines(item)]
    return [] if value is None else [str(value)]
