"""Which system does a file belong to, and which files are found below a folder?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gate.wiring.files import find_pipelines, system_of

WORKFLOW = "name: a\non: push\njobs: {}\n"


@pytest.mark.parametrize(
    ("name", "text", "system"),
    [
        (".gitlab-ci.yml", "", "gitlab"),
        ("ci/lab.gitlab-ci.yml", WORKFLOW, "gitlab"),
        ("C:\\lab\\.GitLab-CI.YML", "", "gitlab"),
        ("Jenkinsfile", "", "jenkins"),
        ("ci/Jenkinsfile.nightly", "", "jenkins"),
        ("ci/load.jenkinsfile", "", "jenkins"),
        ("ci/load.groovy", "// x\npipeline {\n}", "jenkins"),
        ("vars/fiberGate.groovy", "def call() {}", None),
        (".github/workflows/x.yml", "", "github"),
        ("a\\.github\\workflows\\x.yaml", "", "github"),
        ("templates/x.yml", WORKFLOW, "github"),
        ("x.yml", '"on": [push]\n"jobs":\n', "github"),
        ("x.yml", "jobs:\r\n  a: {}\r\non:\r\n  push:\r\n", "github"),
        ("x.yml", '{"on": "push", "jobs": {}}', "github"),
        (".github/dependabot.yml", "version: 2\n", None),
        ("action.yml", "runs:\n  using: composite\n", None),
        ("x.yml", "a:\n  on: b\n  jobs: c\n", None),
        ("README.md", WORKFLOW, None),
    ],
)
def test_a_files_system_by_its_name_and_content(name: str, text: str, system: str | None) -> None:
    assert system_of(name, text) == system


def test_pipeline_files_below_a_folder(tmp_path: Path) -> None:
    for name in (
        ".github/workflows/b.yml",
        ".github/workflows/a.yaml",
        ".github/workflows/README.md",
        ".github/dependabot.yml",
        ".gitlab-ci.yml",
        "deep/er/Jenkinsfile",
        "deep/load.groovy",
        "deep/x.yml",
        ".git/Jenkinsfile",
        "web/node_modules/x/.github/workflows/ci.yml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")

    assert [path.relative_to(tmp_path).as_posix() for path in find_pipelines(tmp_path)] == [
        ".gitlab-ci.yml",
        ".github/workflows/a.yaml",
        ".github/workflows/b.yml",
        "deep/er/Jenkinsfile",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there that tests have not")
def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "Jenkinsfile").write_text("", encoding="utf-8")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "linked").symlink_to(outside, target_is_directory=True)

    assert list(find_pipelines(tree)) == []
