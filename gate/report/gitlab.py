"""What does a GitLab job show, and what do later jobs read?

Report shapes and limits as GitLab parses them (gitlabhq
`parse_annotations_artifact_service.rb`, `doc/ci/yaml/artifacts_reports.md`, read 2026-11-24).
"""

from __future__ import annotations

import json

from gate.core.model import Verdict
from gate.core.reason import HELD_BACK, one_line
from gate.report import OutputFile, Report, Scene, text
from gate.report.advice import advice, facts, headline
from gate.report.junit import render_junit

DOTENV = "gate.env"
ANNOTATIONS = "gl-annotations.json"
JUNIT = "gate-junit.xml"
CHILD = "gate-child.yml"
FILES = (DOTENV, ANNOTATIONS, JUNIT, CHILD)

_LABEL_LIMIT = 255


def render(verdict: Verdict, scene: Scene) -> Report:
    """Return a log section and the files `gate.env`, `gl-annotations.json`, `gate-junit.xml`.

    Where the real jobs of a child pipeline were given, `gate-child.yml` holds them when the
    gate is open, and else one job that names the reason.
    """
    contents = {
        DOTENV: _dotenv(verdict),
        ANNOTATIONS: _annotations(verdict, scene),
        JUNIT: render_junit(verdict),
    }
    if scene.child is not None:
        contents[CHILD] = scene.child if verdict.open else _held_child(verdict, scene)
    files = tuple(
        OutputFile(path=scene.output_dir / name, content=content, name=name)
        for name, content in contents.items()
    )
    return Report(stdout=_section(verdict, scene), files=files)


def _section(verdict: Verdict, scene: Scene) -> str:
    """Return the reason, and under it a collapsed section with what it rests on."""
    started = int(scene.now.timestamp())
    shown = text.render(verdict, scene).stdout
    rows = "".join(f"  {name}: {value}\n" for name, value in facts(verdict))
    title = f"{headline(verdict)}: evidence"
    return (
        f"{shown}        {advice(verdict)}\n"
        f"\x1b[0Ksection_start:{started}:gate_evidence[collapsed=true]\r\x1b[0K{title}\n"
        f"{rows}"
        f"\x1b[0Ksection_end:{started}:gate_evidence\r\x1b[0K\n"
    )


def _dotenv(verdict: Verdict) -> bytes:
    opened = "true" if verdict.open else "false"
    return f"GATE_OPEN={opened}\nGATE_STATE={verdict.state}\nGATE_CODE={verdict.code}\n".encode()


def _annotations(verdict: Verdict, scene: Scene) -> bytes:
    link = {"label": one_line(verdict.reason, _LABEL_LIMIT), "url": scene.link}
    sections = {"gate": [{"external_link": link}]} if scene.link else {}
    return (json.dumps(sections, ensure_ascii=False) + "\n").encode()


def _held_child(verdict: Verdict, scene: Scene) -> bytes:
    """Return a child pipeline whose only job names the reason and ends as a warning.

    JSON is YAML, and its strings cannot break out. The job takes the tags of the gate's own
    runner, which is known to be there.
    """
    name = one_line(f"{HELD_BACK}{headline(verdict).removeprefix('gate closed: ')}", _LABEL_LIMIT)
    lines = (verdict.reason, advice(verdict))
    job: dict[str, object] = {
        "script": [*(f"echo {_shell_safe(line)}" for line in lines), "exit 75"],
        "allow_failure": {"exit_codes": 75},
        "inherit": {"default": False},
    }
    tags = _runner_tags(scene.environ.get("CI_RUNNER_TAGS", ""))
    if tags:
        job["tags"] = tags
    return (json.dumps({name: job}, ensure_ascii=False, indent=2) + "\n").encode()


def _shell_safe(line: str) -> str:
    """Return text between quotes in which neither bash nor PowerShell nor cmd finds anything to do."""
    return "'" + "".join("’" if character == "'" else character for character in line) + "'"


def _runner_tags(value: str) -> list[str]:
    """Return the tags in `CI_RUNNER_TAGS`: a JSON array, or separated by commas before 14.1."""
    try:
        tags = json.loads(value)
    except ValueError:
        tags = [tag.strip() for tag in value.split(",")]
    return [str(tag) for tag in tags if tag] if isinstance(tags, list) else []
