"""How long does `gate lint` take over a thousand pipeline files, and does the time grow with their number?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from benchmarks.rows import Row, table

FILES = 1000
PARTS = 4

_JOB = """\
  {name}:
    name: {name} (${{{{ matrix.os }}}}) # of the lab
    needs: [unit]
    if: github.ref == 'refs/heads/main' && !cancelled()
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest]
    runs-on: ${{{{ matrix.os }}}}
    env: {{MODE: fast, SITE: "kefar_saba"}}
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false
      - name: Run it
        run: |
          ci/{name} --minutes 10
          echo done
"""
_STAGE = """\
    stage('{name}') {{
      when {{ branch 'main' }}
      steps {{
        sh 'ci/{name} --minutes 10'
      }}
    }}
"""
_GITLAB = """\
{name}:
  stage: test
  extends: .base
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
  script:
    - ci/{name} --minutes 10
"""
_NAMES = ("unit", "lint", "configure", "load", "report", "package", "deploy")


def measure() -> list[Row]:
    """Lint a thousand files of all three systems as one command, and a quarter of them."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder, "some"), FILES // PARTS)
        write_files(Path(folder, "all"), FILES)
        few = min(_seconds(Path(folder, "some")) for _ in range(3))
        many = min(_seconds(Path(folder, "all")) for _ in range(2))
    size = "about 100 lines each, as one command"
    return [
        Row(what=f"gate lint, {FILES} files", measured=many, bound=10.0, unit="s", note=size),
        Row(
            what=f"gate lint, {PARTS} times the files",
            measured=many / few,
            bound=PARTS * 1.5,
            unit="x",
            note=f"{FILES // PARTS} files take {few:.2f} s",
        ),
    ]


def write_files(folder: Path, count: int) -> None:
    """Write so many pipeline files below a folder, of GitHub, GitLab and Jenkins in turn."""
    for number, make in enumerate(islice(cycle([_github, _gitlab, _jenkins]), count)):
        path, text = make()
        place = folder / str(number) / path
        place.parent.mkdir(parents=True)
        place.write_text(text, encoding="utf-8")


def _seconds(folder: Path) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "gate", "lint", "--protect", "configure*", str(folder)]
    ran = subprocess.run(command, capture_output=True, check=False, timeout=300)
    if ran.returncode != 1:
        raise RuntimeError(f"gate lint ended with {ran.returncode}: {ran.stderr.decode()}")
    return time.perf_counter() - started


def _github() -> tuple[str, str]:
    jobs = "".join(_JOB.format(name=name) for name in _NAMES)
    return ".github/workflows/lab.yml", f"name: lab\non: [push, pull_request]\njobs:\n{jobs}"


def _gitlab() -> tuple[str, str]:
    jobs = "\n".join(_GITLAB.format(name=f"{name}-{number}") for name in _NAMES for number in range(2))
    return ".gitlab-ci.yml", f"stages: [test]\n\n.base:\n  image: python:3.12\n\n{jobs}"


def _jenkins() -> tuple[str, str]:
    stages = "".join(_STAGE.format(name=f"{name}-{number}") for name in _NAMES for number in range(2))
    return "Jenkinsfile", f"pipeline {{\n  agent any\n  stages {{\n{stages}  }}\n}}\n"


if __name__ == "__main__":
    print(table(measure()))
