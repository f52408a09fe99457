"""The command that wires, as a process: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulated.process import run_gate

STEPS = "    runs-on: ubuntu-latest\n    steps:\n      - run: ci/configure\n"
PLAIN = "on: push\njobs:\n  configure:\n" + STEPS
REFUSED = "on: push\njobs:\n  configure:\n    if: ${{ a }} && ${{ b }}\n" + STEPS

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes are otherwise there")


def _workflow(folder: Path, text: str = PLAIN, name: str = "lab.yml") -> Path:
    path = folder / ".github" / "workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_the_diff_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    path = _workflow(tmp_path, PLAIN.replace("\n", "\r\n"))
    ran = run_gate(tmp_path, "wire", ".github/workflows/lab.yml")

    assert ran.code == 0
    assert ran.stdout.startswith(
        "--- a/.github/workflows/lab.yml\n+++ b/.github/workflows/lab.yml\n@@ -1,6 +1,18 @@\n"
    )
    assert "+    if: needs.gate.outputs.open == 'true'\r\n" in ran.stdout
    assert "lab.yml:3:3: note: GitHub counts a skipped check as passed" in ran.stderr
    assert path.read_bytes() == PLAIN.replace("\n", "\r\n").encode()


def test_the_diff_is_one_that_git_applies(tmp_path: Path) -> None:
    path = _workflow(tmp_path, "\ufeff" + PLAIN.replace("\n", "\r\n"))
    diff = subprocess.run(
        [sys.executable, "-m", "gate", "wire", ".github/workflows/lab.yml"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    (tmp_path / "x.diff").write_bytes(diff)
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "x.diff"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    applied = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode())

    assert run_gate(tmp_path, "wire", "--write", str(path)).code == 0
    assert path.read_bytes() == applied


def test_write_and_unwire_give_back_every_byte(tmp_path: Path) -> None:
    path = _workflow(tmp_path)
    wrote = run_gate(tmp_path, "wire", "--write", ".")
    assert (wrote.code, wrote.stdout) == (0, "wired  .github/workflows/lab.yml\n")
    assert b"needs: gate" in path.read_bytes()

    again = run_gate(tmp_path, "wire", "--write", ".")
    assert (again.code, again.stdout) == (0, "unchanged  .github/workflows/lab.yml\n")

    back = run_gate(tmp_path, "wire", "--write", "--unwire", ".")
    assert (back.code, back.stdout) == (0, "unwired  .github/workflows/lab.yml\n")
    assert path.read_bytes() == PLAIN.encode()
    assert [found.name for found in path.parent.iterdir()] == ["lab.yml"]


def test_a_file_that_is_refused_does_not_keep_the_others_from_being_wired(tmp_path: Path) -> None:
    good, bad = _workflow(tmp_path), _workflow(tmp_path, REFUSED, "bad.yml")
    ran = run_gate(tmp_path, "wire", "--write", str(bad), str(good))

    assert ran.code == 1
    assert "bad.yml:4:9: this condition is text with ${{ }} in it" in ran.stderr
    assert bad.read_bytes() == REFUSED.encode()
    assert b"needs: gate" in good.read_bytes()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"on: push\njobs: [\n", ":3:1: not YAML: did not find", id="not YAML"),
        pytest.param(b"on: push\njobs:\n\tconfigure:\n", ":3:1: not YAML: found character", id="a tab"),
        pytest.param(
            b"on: push\njobs:\n  a: {}\n  a: {}\n", ':4:3: the key "a" is given twice', id="a key twice"
        ),
        pytest.param(
            b"on: push\njobs: {}\n---\non: push\njobs: {}\n", ":3:1: a second document", id="two documents"
        ),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ":3:1: a binary file", id="binary"),
        pytest.param(b"on: push\njobs: '\xff'\n", ":2:8: no UTF-8 text", id="no UTF-8"),
        pytest.param(b"# " + b"x" * 5_000_000, ":1:1: the file is too large: 5.0 MB", id="5 MB"),
        pytest.param(
            b"on: push\njobs:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + b"".join(
                f"  {new}: &{new} [{','.join([f'*{old}'] * 10)}]\n".encode()
                for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            ":8:37: its aliases grow to more than 1,000,000 values",
            id="a bomb",
        ),
        pytest.param(b"", ":1:1: no workflow", id="empty"),
    ],
)
@pytest.mark.parametrize("command", [("wire", "--write"), ("lint",)], ids=["wire", "lint"])
def test_what_cannot_be_read_is_told_in_one_line_with_its_place(
    tmp_path: Path, command: tuple[str, ...], data: bytes, said: str
) -> None:
    path = _workflow(tmp_path)
    path.write_bytes(data)
    ran = run_gate(tmp_path, *command, ".github/workflows/lab.yml")

    assert (ran.code, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith(f"gate: .github/workflows/lab.yml{said}")
    assert path.read_bytes() == data


@posix
def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    outside, tree = tmp_path / "outside.yml", tmp_path / "tree"
    outside.write_text(PLAIN, encoding="utf-8")
    (tree / ".github" / "workflows").mkdir(parents=True)
    (tree / ".github" / "workflows" / "lab.yml").symlink_to(outside)
    ran = run_gate(tree, "wire", "--write", ".")

    assert ran.code == 1
    assert "lab.yml:1:1: a link out of the tree" in ran.stderr
    assert outside.read_text(encoding="utf-8") == PLAIN


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    path = _workflow(tmp_path)
    path.chmod(stat.S_IREAD)
    ran = run_gate(tmp_path, "wire", "--write", ".")
    path.chmod(stat.S_IREAD | stat.S_IWRITE)

    assert ran.code == 1
    assert ".github/workflows/lab.yml:1:1: the file is read-only; nothing was written" in ran.stderr
    assert path.read_bytes() == PLAIN.encode()


def test_a_file_of_no_known_system_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(PLAIN, encoding="utf-8")
    ran = run_gate(tmp_path, "wire", "x.txt")
    assert ran.code == 2
    assert (
        "x.txt:1:1: nothing tells which system's pipeline this is; give --system github|gitlab|jenkins"
        in ran.stderr
    )

    assert run_gate(tmp_path, "wire", "--system", "github", "x.txt").code == 0


def test_a_file_that_is_not_there_and_a_folder_without_pipelines(tmp_path: Path) -> None:
    missing = run_gate(tmp_path, "wire", "none.yml")
    assert (missing.code, missing.stderr) == (
        2,
        "gate: none.yml:1:1: cannot be read: No such file or directory\n",
    )

    (tmp_path / "empty").mkdir()
    empty = run_gate(tmp_path, "wire", "empty")
    assert empty.code == 2
    assert "empty:1:1: no pipeline file is below this folder" in empty.stderr


def test_what_is_protected_comes_from_the_option_else_from_the_configuration(tmp_path: Path) -> None:
    _workflow(tmp_path, PLAIN.replace("configure:", "soak:"))
    assert "no job here is protected (configure* and load*)" in run_gate(tmp_path, "wire", ".").stderr

    assert run_gate(tmp_path, "wire", "--protect", "SOAK", ".").stdout.startswith("--- a/")
    (tmp_path / "gate.yml").write_text('protect: ["soak*"]\n', encoding="utf-8")
    assert run_gate(tmp_path, "wire", ".").stdout.startswith("--- a/")

    (tmp_path / "gate.yml").write_text("protect: soak\n", encoding="utf-8")
    wrong = run_gate(tmp_path, "wire", ".")
    assert wrong.code == 78
    assert "gate.yml: protect" in wrong.stderr


def test_json_tells_what_came_of_each_file(tmp_path: Path) -> None:
    _workflow(tmp_path)
    _workflow(tmp_path, REFUSED, "bad.yml")
    ran = run_gate(tmp_path, "wire", "--format", "json", ".")
    said = json.loads(ran.stdout)

    assert ran.code == 1
    assert (said["schema"], said["written"]) == ("gate.wire/1", False)
    bad, good = said["files"]
    assert (bad["path"], bad["outcome"], bad["line"], bad["column"]) == (
        ".github/workflows/bad.yml",
        "refused",
        4,
        9,
    )
    assert (good["outcome"], good["reason"], good["line"]) == ("wired", "", None)
    assert good["diff"].startswith("--- a/.github/workflows/lab.yml\n")
    assert good["notes"][0]["line"] == 3


def test_all_three_systems_below_one_folder(tmp_path: Path) -> None:
    _workflow(tmp_path)
    (tmp_path / ".gitlab-ci.yml").write_text("configure:\n  script: [ci/configure]\n", encoding="utf-8")
    (tmp_path / "Jenkinsfile").write_text(
        "pipeline {\n  agent any\n  stages {\n    stage('configure') {\n"
        "      steps { sh 'ci/configure' }\n    }\n  }\n}\n",
        encoding="utf-8",
    )
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert run_gate(tmp_path, "lint", ".").code == 1
    assert run_gate(tmp_path, "wire", "--write", ".").code == 0
    assert all(path.read_bytes() != data for path, data in before.items())
    assert run_gate(tmp_path, "lint", ".").code == 0
    assert run_gate(tmp_path, "wire", "--write", "--unwire", ".").code == 0
    assert {path: path.read_bytes() for path in before} == before
