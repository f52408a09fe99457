"""What must agree across the project's own files."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from gate import __version__
from gate.core.model import Code
from gate.errors import Exit
from gate.providers import PROVIDERS, detect
from gate.report import FORMATS
from gate.report.advice import ADVICE
from tests.support import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (".github/workflows/fiber-gate.yml", r"fiber-gate/pipelines/github@v([0-9.]+)"),
        (".github/workflows/fiber-recheck.yml", r"fiber-gate/pipelines/github/recheck@v([0-9.]+)"),
        ("pipelines/github/example.yml", r"workflows/fiber-gate\.yml@v([0-9.]+)"),
        ("pipelines/gitlab/templates/fiber-gate.yml", r"default: (\d+\.\d+\.\d+)\n"),
        ("pipelines/jenkins/vars/fiberGate.groovy", r"['\"](\d+\.\d+\.\d+)['\"]"),
        ("pipelines/jenkins/example.Jenkinsfile", r"fiber-gate@v([0-9.]+)'"),
        ("pipelines/gitlab/templates/fiber-recheck.yml", r"default: (\d+\.\d+\.\d+)\n"),
        ("pipelines/jenkins/vars/fiberRecheck.groovy", r"['\"](\d+\.\d+\.\d+)['\"]"),
        ("pipelines/jenkins/recheck.Jenkinsfile", r"fiber-gate@v([0-9.]+)'"),
        ("README.md", r"@v(\d+\.\d+\.\d+)|fiber-gate/v(\d+\.\d+\.\d+)"),
        ("CHANGELOG.md", r"## \[(\d[^]]*)\]"),
    ],
)
def test_every_file_that_names_a_version_names_this_one(path: str, pattern: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    named = ["".join(match) if isinstance(match, tuple) else match for match in re.findall(pattern, text)]
    assert named, f"{path} names no version"
    assert named[0] == __version__
    if path != "CHANGELOG.md":
        assert set(named) == {__version__}


def test_the_first_screen_of_the_readme_gives_the_two_commands_for_both_systems() -> None:
    screen = "\n".join(README.splitlines()[:24])
    for command in ("`make demo`", "`make test`", "`py make.py demo`", "`py make.py test`"):
        assert command in screen


def test_the_readme_says_which_form_fits_which_pipeline() -> None:
    for words in ("hold the job back", "guard the tests inside it", "guard the command", "**cancel**"):
        assert words in README


def test_the_readme_names_every_option_of_check_and_every_exit_code() -> None:
    from gate.cli.step import check

    for parameter in check.params:
        assert f"--{(parameter.name or '').strip('_').replace('_', '-')}" in README
    for code in Exit:
        assert code == Exit.PARTLY or re.search(rf"\b{int(code)}\b", README)


def test_the_readme_names_every_code_of_a_verdict() -> None:
    for code in set(Code) - {Code.MISCONFIGURED}:
        assert f"`{code}`" in README


def test_every_code_has_advice() -> None:
    assert set(ADVICE) == set(Code)


def test_every_provider_has_a_format_of_its_name_and_is_recognised() -> None:
    assert set(PROVIDERS) <= set(FORMATS)
    environs: dict[str, dict[str, str]] = {
        "github": {"GITHUB_ACTIONS": "true"},
        "gitlab": {"GITLAB_CI": "true"},
        "jenkins": {"JENKINS_URL": "http://127.0.0.1/"},
    }
    assert {name: detect(environ) for name, environ in environs.items()} == {name: name for name in PROVIDERS}
    assert detect({"CI": "true"}) is None


def test_the_base_install_is_small() -> None:
    assert PROJECT["project"]["dependencies"] == ["click>=8.1", "requests>=2.31", "PyYAML>=6.0"]


def test_every_locked_package_has_a_version_and_a_hash() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==[^ ]+ ", lock, re.M)
    assert len(names) > 30
    assert lock.count("--hash=sha256:") >= len(names)
    wanted = [re.split(r"[=<>\[]", entry)[0] for entry in PROJECT["dependency-groups"]["dev"]]
    assert {name.lower() for name in wanted} <= {name.lower() for name in names}
    assert "://" not in lock


def test_no_lock_file_carries_an_address_to_download_from() -> None:
    assert "resolved" not in (ROOT / "tests/engines/package-lock.json").read_text(encoding="utf-8")


def test_no_file_carries_a_path_of_the_machine_that_it_was_written_on() -> None:
    home = re.compile(
        rb"/(home|Users)/[a-z]+/|C:\\\\Users\\\\[a-z]+|" + re.escape(str(ROOT.parent) + "/").encode()
    )
    assert [path.name for path in tracked() if home.search(path.read_bytes())] == []


def test_actions_are_pinned_by_full_sha() -> None:
    used = []
    for folder in (".github", "pipelines/github"):
        for path in (ROOT / folder).rglob("*.yml"):
            used += re.findall(r"^\s*-?\s*uses:\s*(\S+)", path.read_text(encoding="utf-8"), re.M)
    others = [name for name in used if not name.startswith(("./", "fiber-gate/fiber-gate/"))]
    assert len(others) > 3
    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name) for name in others)
