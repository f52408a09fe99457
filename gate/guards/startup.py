"""What does a command need so that it starts with its guards on?

They are switched on by environment alone: the pytest plugin by `GATE_FOCUS_SERVER`, through
its entry point. Locust has no entry points, so it is started by way of `gate.guards.locust`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gate.config import DEFAULT_FILE
from gate.core.model import Environment
from gate.errors import ConfigError

Which = Callable[[str], str | None]

LOCUST = "locust"
_GUARDED = "gate.guards.locust"
_PYTHON = "python.exe" if sys.platform == "win32" else "python"


def child_environ(environment: Environment, config: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which guards know the lab that was asked here.

    Args:
        environment: the lab.
        config: the file that was given on the command line; one in the working folder is
            found by the command as well.
        environ: this process's environment.

    Raises:
        ConfigError: the command would read another file, since `gate.yml` goes before the variable.
    """
    child = {
        **environ,
        "GATE_ENVIRONMENT": environment.name,
        "GATE_FOCUS_SERVER": environment.focus_server,
        "GATE_VERIFY_TLS": _tls_words(environment.verify_tls),
    }
    if environment.aliases:
        child["GATE_FOCUS_ALIASES"] = ",".join(environment.aliases)
    if config:
        child["GATE_CONFIG"] = str(Path(config).absolute())
        _refuse_two_files(Path(config))
    return child


def guarded_locust(command: Sequence[str], which: Which = shutil.which) -> list[str] | None:
    """Return the command with `locust` started under its guard; None where it runs no Locust.

    ``locust …`` becomes ``python -m gate.guards.locust …`` with the Python that has that
    `locust`, also behind a runner such as ``uv run``; ``python -m locust …`` keeps its Python.
    """
    for index, word in enumerate(command):
        before, after = list(command[:index]), list(command[index + 1 :])
        if before[-1:] == ["-m"] and word == LOCUST:
            return [*before, _GUARDED, *after]
        if Path(word).name.lower() in (LOCUST, f"{LOCUST}.exe"):
            python = _python_beside(word, which) if not before else "python"
            return [*before, python, "-P", "-m", _GUARDED, *after]
    return None


def _python_beside(script: str, which: Which) -> str:
    """Return the Python that a console script belongs to, else the one that runs gate."""
    found = which(script)
    if found:
        for folder in (Path(found).parent, Path(found).resolve().parent, Path(found).parent.parent):
            if (folder / _PYTHON).exists():
                return str(folder / _PYTHON)
    return sys.executable


def _tls_words(verify_tls: bool | str) -> str:
    if isinstance(verify_tls, bool):
        return "true" if verify_tls else "false"
    return str(Path(verify_tls).absolute())


def _refuse_two_files(given: Path) -> None:
    found = Path(DEFAULT_FILE)
    if found.is_file() and not found.samefile(given):
        raise ConfigError(
            f"--config: the guards inside the command would read {found.absolute()}, not {given}; "
            f"run gate guard in a folder without {DEFAULT_FILE}, or leave --config out"
        )
