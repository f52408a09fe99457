"""The project's tasks, the same on every system: `python make.py demo|test|lint|bench`.

Needs nothing but Python 3.11 and git: everything else goes into `.venv`. `make demo` on
POSIX and `py make.py demo` on Windows are the same call.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if sys.platform == "win32" else "bin")
LOCK = ROOT / "requirements-dev.lock"
ENGINES = ROOT / "tests" / "engines"
WORKFLOWS = (".github", "pipelines/github", "pipelines/github/example.yml")


def demo(arguments: list[str]) -> int:
    """Show the gate step closed and then open, for each CI system."""
    return python("-m", "tests.engines.demo", *arguments)


def test(arguments: list[str]) -> int:
    """Run every test; what is missing on this machine is skipped by name."""
    return python("-m", "pytest", "-n", "auto", "--dist", "worksteal", *arguments)


def lint(arguments: list[str]) -> int:
    """Check format, style, types, imports and our own pipelines."""
    from_here = str(ROOT / "tests" / "lint_pipelines.py")
    steps = (
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("mypy",),
        ("mypy", "--platform", "win32"),
        ("lint-imports", "--no-cache"),
        ("zizmor", "--offline", "--no-progress", "--config", ".github/zizmor.yml", *WORKFLOWS),
        ("python", from_here),
    )
    return max(run(*step) for step in steps)


def bench(arguments: list[str]) -> int:
    """Measure speed and size, as ratios within this one run."""
    return python("-m", "benchmarks", *arguments)


TASKS: dict[str, Callable[[list[str]], int]] = {"demo": demo, "test": test, "lint": lint, "bench": bench}


def main() -> int:
    """Set up `.venv` and run the task that was named."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in TASKS:
        print(f"usage: python make.py {'|'.join(TASKS)}", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):
        print(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    set_up()
    return TASKS[name](sys.argv[2:])


def set_up() -> None:
    """Bring `.venv` to what the lock files say, unless it is there already."""
    wanted = fingerprint()
    stamp = VENV / "gate-setup.stamp"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("setting up .venv (once; a minute or two)", file=sys.stderr, flush=True)
    if not BIN.is_dir():
        venv.create(VENV, with_pip=True)
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    commands = (
        (*pip, "--require-hashes", "--requirement", str(LOCK)),
        (*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
    )
    for command in commands:
        if python(*command):
            sys.exit(f"setting up .venv failed at: pip {' '.join(command[2:])}")
    install_engine()
    stamp.write_text(wanted, encoding="utf-8")


def install_engine() -> None:
    """Install the GitLab CI engine where npm is there; the tests that need it skip elsewhere.

    GitHub's description of its API takes 385 MB, so it comes only where every test must run.
    """
    npm = shutil.which("npm")
    if npm is None:
        return
    target = VENV / "engines"
    target.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ENGINES / name, target / name)
    quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
    optional = () if needs_everything() else ("--omit=optional",)
    if subprocess.run([npm, "ci", *quiet, *optional], cwd=target, check=False).returncode:
        print("note: gitlab-ci-local could not be installed; its tests skip", file=sys.stderr)


def needs_everything() -> bool:
    """Return whether no test may skip, as in CI."""
    return os.environ.get("GATE_TEST_ALL") == "1"


def fingerprint() -> str:
    """Return a digest of everything that `.venv` is made from."""
    sources = (LOCK, ROOT / "pyproject.toml", ENGINES / "package-lock.json", Path(__file__))
    content = b"".join(source.read_bytes() for source in sources)
    made_for = f"{sys.version} {needs_everything()}"
    return hashlib.sha256(content + made_for.encode()).hexdigest()


def python(*arguments: str) -> int:
    """Run the project's own Python and return its exit code."""
    return run("python", *arguments)


def run(program: str, *arguments: str) -> int:
    """Run a program of `.venv` and return its exit code."""
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    print("$", program, *arguments, file=sys.stderr, flush=True)
    return subprocess.run([str(BIN / program), *arguments], env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
