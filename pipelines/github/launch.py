"""How does the action come by a gate of its own version, and how does it run that gate?

Nothing but the standard library, in words that Python 3.6 can read, so that an old Python
ends with a plain sentence and not with a syntax error.
"""
# ruff: noqa: T201, UP036 – the log of a step is made of prints, and an old Python is what is looked for

import atexit
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import NamedTuple

CLOSED = (69, 75)
CONFIG = 78
INTERRUPTED = 130

if sys.version_info < (3, 11):
    found = sys.version.split()[0]
    print("::error title=gate cannot start::Python 3.11 or later is needed, this is " + found)
    sys.exit(CONFIG)

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "GATE_INPUT_"
VARIABLES = {
    "ENVIRONMENT": "GATE_ENVIRONMENT",
    "FOCUS_SERVER": "GATE_FOCUS_SERVER",
    "HOLD": "GATE_HOLD",
    "VERIFY_TLS": "GATE_VERIFY_TLS",
}

SECRETS = ("GATE_STATE_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "JENKINS_USER", "JENKINS_TOKEN")

VERSION_SECONDS = 60.0
INSTALL_SECONDS = 900.0
# The runner sends SIGINT, SIGTERM after 7.5 s and kills after 2.5 s more (actions/runner
# ProcessInvoker.cs, read 2026-11-24): whoever has not stopped by then is killed from here.
GRACE_SECONDS = 6.0
TICK_SECONDS = 0.25


class Problem(Exception):
    """Something that a person can mend; the step fails with exit code 78."""


class Stopped(Exception):
    """The step was cancelled."""


class Inputs(NamedTuple):
    """The action's inputs, as gate takes them; `extras` names the libraries that they take."""

    arguments: list[str]
    environ: dict[str, str]
    fails_when_closed: bool
    extras: str


def main() -> int:
    """Run the gate step and return its exit code: 0 also where closed means skip."""
    children = Children()
    try:
        inputs = read_inputs(dict(os.environ))
        gate = gate_on_path(children) or installed_gate(children, inputs)
        code, _ = children.run([*gate, *inputs.arguments], environ=inputs.environ)
    except Stopped:
        print("gate: the step was cancelled; the gate stays closed", file=sys.stderr)
        return INTERRUPTED
    except Problem as problem:
        print(f"::error title=gate cannot start::{escaped(str(problem))}")
        return CONFIG
    return step_code(code, inputs.fails_when_closed)


def read_inputs(environ: dict[str, str]) -> Inputs:
    """Return what the inputs ask for; an empty one is as good as absent.

    Raises:
        Problem: an input has a value that it cannot have.
    """
    if environ.get(PREFIX + "COMMAND") == "recheck":
        return read_recheck(environ)
    given = {name[len(PREFIX) :]: value for name, value in environ.items() if name.startswith(PREFIX)}
    given = {name: value for name, value in given.items() if value.strip()}
    kept = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    kept.update({variable: given[name] for name, variable in VARIABLES.items() if name in given})
    on_closed = one_of("on-closed", given.get("ON_CLOSED", "skip"), ("skip", "fail"))
    cancels_run = one_of("cancel-run", given.get("CANCEL_RUN", "false"), ("true", "false")) == "true"
    if cancels_run and "TOKEN" in given and not kept.get("GITHUB_TOKEN"):
        kept["GITHUB_TOKEN"] = given["TOKEN"]
    arguments = [f"--config={given['CONFIG']}"] if "CONFIG" in given else []
    arguments += ["check", "--format=github", f"--wait={given.get('WAIT', '0s')}"]
    arguments += ["--cancel-run"] if cancels_run else []
    return Inputs(arguments, kept, on_closed == "fail", "github" if cancels_run else "")


def read_recheck(environ: dict[str, str]) -> Inputs:
    """Return what the inputs of the recheck ask for; a secret that is empty was not given at all.

    Raises:
        Problem: an input has a value that it cannot have.
    """
    kept = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    kept = {name: value for name, value in kept.items() if value or name not in SECRETS}
    config = environ.get(PREFIX + "CONFIG", "").strip()
    sweeps = one_of("sweep", environ.get(PREFIX + "SWEEP") or "true", ("true", "false")) == "true"
    arguments = [f"--config={config}"] if config else []
    arguments += ["recheck"] if sweeps else ["recheck", "--no-sweep"]
    return Inputs(arguments, kept, False, "all")


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """Return the value of an input that knows only a few."""
    value = value.strip()
    if value not in known:
        raise Problem(f'input {name}: expected {" or ".join(known)}, found "{value}"')
    return value


def step_code(code: int, fails_when_closed: bool) -> int:
    """Return the step's exit code. Only gate's own word for closed is ever turned into 0."""
    if code in CLOSED and not fails_when_closed:
        return 0
    return code if code >= 0 else 128 - code


def own_version() -> str:
    """Return the version of the checkout that this file lies in."""
    text = (ROOT / "gate" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if match is None:
        raise Problem(f"{ROOT} holds no gate of a known version")
    return match[1]


def gate_on_path(children: "Children") -> list[str]:
    """Return the command of a gate of this version that is on PATH, or nothing."""
    program = shutil.which("gate")
    # Windows looks in the working folder first, and there lies what is to be tested.
    if program is None or Path(program).resolve().parent == Path.cwd().resolve():
        return []
    try:
        code, says = children.run([program, "--version"], seconds=VERSION_SECONDS, capture=True)
    except OSError:
        return []
    return [program] if code == 0 and says.strip() == f"gate {own_version()}" else []


def installed_gate(children: "Children", inputs: Inputs) -> list[str]:
    """Return the command of a gate made from this checkout, installing it where it is not yet.

    The environment lies in the runner's own temporary folder, which ends with the job.
    """
    wanted = f"{ROOT}[{inputs.extras}]" if inputs.extras else str(ROOT)
    key = hashlib.sha256(f"{wanted} {own_version()} {sys.executable} {sys.version}".encode()).hexdigest()
    folder = temporary_folder() / f"fiber-gate-{key[:16]}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed"
    if not done.is_file():
        print(f"gate: installing {own_version()} from the action's checkout", file=sys.stderr, flush=True)
        venv = [sys.executable, "-I", "-m", "venv", "--clear", str(folder)]
        install(children, venv, "make a virtual environment (on Debian and Ubuntu: install python3-venv)")
        pip = [str(python), "-I", "-m", "pip", "--quiet", "--disable-pip-version-check", "install", wanted]
        install(children, pip, "install gate with pip (for a mirror set PIP_INDEX_URL)")
        done.touch()
    # Isolated, so that neither PYTHONPATH nor a folder of the tested checkout takes gate's place.
    return [str(python), "-I", "-m", "gate"]


def install(children: "Children", command: list[str], purpose: str) -> None:
    """Run one step of the installation.

    Raises:
        Problem: it failed, so there is no gate and no verdict.
    """
    code, _ = children.run(command, seconds=INSTALL_SECONDS)
    if code:
        raise Problem(
            f"could not {purpose}; exit code {code}. Or have gate {own_version()} on the runner's PATH"
        )


def temporary_folder() -> Path:
    """Return the runner's temporary folder, or one of our own that goes when this process goes."""
    given = os.environ.get("RUNNER_TEMP")
    if given and Path(given).is_dir():
        return Path(given)
    made = tempfile.mkdtemp(prefix="fiber-gate-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def escaped(message: str) -> str:
    """Return text as the message of a workflow command."""
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


class Children:
    """Runs one process at a time and hands on to it the signals that this one gets.

    The runner signals the step's first process only, which bash has become this one by
    `exec`. On Windows a Ctrl-C reaches everything in the console, so there is only waiting.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._stopped_at: float | None = None
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._pass_on)

    def run(
        self,
        command: list[str],
        environ: dict[str, str] | None = None,
        seconds: float | None = None,
        capture: bool = False,
    ) -> tuple[int, str]:
        """Return a command's exit code and, if it is captured, what it wrote to stdout.

        Raises:
            Stopped: this process was told to stop before the command ended.
            OSError: the command cannot be run.
        """
        if self._stopped_at is not None:
            raise Stopped
        output = subprocess.PIPE if capture else None
        sys.stdout.flush()
        with subprocess.Popen(
            command, env=environ, stdout=output, encoding="utf-8", errors="replace"
        ) as self._child:
            if self._stopped_at is not None:  # told while the child was starting
                self._pass_on(signal.SIGTERM, None)
            said = self._wait(self._child, None if seconds is None else time.monotonic() + seconds)
        code, self._child = self._child.returncode, None
        if self._stopped_at is not None:
            raise Stopped
        return code, said

    def _wait(self, child: "subprocess.Popen[str]", deadline: float | None) -> str:
        while True:
            try:
                return child.communicate(timeout=TICK_SECONDS)[0] or ""
            except subprocess.TimeoutExpired:
                ends = [deadline] if deadline is not None else []
                ends += [self._stopped_at + GRACE_SECONDS] if self._stopped_at is not None else []
                if ends and time.monotonic() > min(ends):
                    child.kill()
                    child.wait()  # for the child alone: what it started may hold on to the pipe
                    return ""

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()
        if self._child is not None and os.name != "nt":
            self._child.send_signal(number)


if __name__ == "__main__":
    sys.exit(main())
