"""Are wired GitLab files what GitLab's own schema says?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.wiring.gitlab_corpus import FILES, read, wired

SCHEMA = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
# What the schema no longer knows though GitLab reads it, or does not know as this file writes it.
NOT_KNOWN = {"types", "spec-header", "script-nested"}


def _problems(folder: Path, texts: dict[str, str]) -> dict[str, list[str]]:
    """Return what the schema has against texts, by their names; the files are read in one process."""
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8", newline="")
    files = [str(folder / f"{name}.yml") for name in texts]
    command = [sys.executable, "-m", "check_jsonschema", *SCHEMA, "--output-format", "json", *files]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    found: dict[str, list[str]] = {}
    told = json.loads(done.stdout)
    for error in (*told.get("errors", ()), *told.get("parse_errors", ())):
        found.setdefault(Path(error["filename"]).stem, []).append(error["message"])
    return found


def test_every_wired_file_is_valid(tmp_path: Path) -> None:
    texts = {name: wired(read(name)) for name in FILES if name not in NOT_KNOWN}
    assert _problems(tmp_path, texts) == {}


def test_what_the_schema_does_not_know_is_no_worse_once_wired(tmp_path: Path) -> None:
    before = _problems(tmp_path, {name: read(name) for name in sorted(NOT_KNOWN)})
    after = _problems(tmp_path, {name: wired(read(name)) for name in sorted(NOT_KNOWN)})
    assert set(before) == set(after) == NOT_KNOWN


def test_the_schema_sees_a_file_that_is_wrong(tmp_path: Path) -> None:
    assert set(_problems(tmp_path, {"wrong": "load:\n  script: [x]\n  extends: {a: b}\n"})) == {"wrong"}
