"""Which ways can a command end without a verdict, and with which exit code?

The tree::

    GateError
    ├── ConfigError         78  gate.yml or the environment is wrong
    │   ├── MissingExtra    78  a library is needed that the base install leaves out
    │   └── LedgerBroken    78  the ledger is not as it was written
    ├── OutputError         78  a file the pipeline reads cannot be written
    └── Conflict             1  another gate wrote to the ledger first

A closed gate is a verdict and no error: see `gate.core.verdict.exit_code`.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command. Only 0 opens."""

    OK = 0
    PARTLY = 1
    USAGE = 2
    UNKNOWN = 69
    BUG = 70
    CLOSED = 75
    CONFIG = 78
    INTERRUPTED = 130


class GateError(Exception):
    """Something that a person can mend; its text says what, where, and what to do."""

    exit_code: Exit = Exit.BUG


class ConfigError(GateError):
    """The configuration is wrong.

    Args:
        problems: one line each, naming the file, the key and what was expected.
    """

    exit_code = Exit.CONFIG

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class OutputError(GateError):
    """A file that the pipeline relies on could not be written, so the step must fail."""

    exit_code = Exit.CONFIG


class MissingExtra(ConfigError):
    """A library of an optional extra is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the extra {extra!r}: pip install 'fiber-gate[{extra}]'")
