"""Are our own pipeline files what GitHub's and GitLab's schemas say? Run as a script by `make lint`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

ROOT = Path(__file__).resolve().parent.parent
GITLAB = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
WORKFLOW = ("--builtin-schema", "vendor.github-workflows")
ACTION = ("--builtin-schema", "vendor.github-actions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One file, what it is checked as, and the text to check where that is not the file's own."""

    name: str
    schema: tuple[str, ...]
    text: str | None = None


def main() -> int:
    """Check every file, print a line for each, and return 1 where one is wrong or missing."""
    wrong = 0
    for check in _checks():
        problem = _problem(check)
        click.echo(f"{check.name}: {'ok' if problem is None else 'wrong'}")
        if problem is not None:
            wrong += 1
            click.echo(problem, err=True)
    return 1 if wrong else 0


def _checks() -> Iterator[Check]:
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    for path in (*workflows, ROOT / "pipelines" / "github" / "example.yml"):
        yield Check(name=path.relative_to(ROOT).as_posix(), schema=WORKFLOW)
    for path in sorted((ROOT / "pipelines" / "github").rglob("action.yml")):
        yield Check(name=path.relative_to(ROOT).as_posix(), schema=ACTION)
    gitlab = ROOT / "pipelines" / "gitlab"
    for path in (ROOT / ".gitlab-ci.yml", *sorted(gitlab.glob("*.yml"))):
        yield Check(name=path.relative_to(ROOT).as_posix(), schema=GITLAB)
    for path in sorted((gitlab / "templates").glob("*.yml")):
        text = with_defaults(path.read_text(encoding="utf-8"))
        yield Check(name=path.relative_to(ROOT).as_posix(), schema=GITLAB, text=text)


def with_defaults(template: str) -> str:
    """Return the second document of a GitLab template, each input replaced by its default.

    The schema knows one document a file, and no inputs. An input without a default stays as
    it stands, and is text to the schema.
    """
    header, separator, body = template.partition("\n---\n")
    if not separator:
        return template
    document: dict[str, Any] = yaml.safe_load(header)
    for name, entry in document["spec"].get("inputs", {}).items():
        if "default" in (entry or {}):
            body = body.replace(f"$[[ inputs.{name} ]]", str(entry["default"]))
    return body


def _problem(check: Check) -> str | None:
    path = ROOT / check.name
    if not path.is_file():
        return f"{check.name}: there is no such file"
    if check.text is None:
        return _schema_problem(path, check)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        copy.write_text(check.text, encoding="utf-8")
        return _schema_problem(copy, check)


def _schema_problem(path: Path, check: Check) -> str | None:
    command = [sys.executable, "-m", "check_jsonschema", *check.schema, str(path)]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
    return None if done.returncode == 0 else done.stdout.strip() or f"exit code {done.returncode}"


if __name__ == "__main__":
    sys.exit(main())
