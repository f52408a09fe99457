"""How does a command speak to the person who reads the log?"""

from __future__ import annotations

import click


def say(line: str) -> None:
    """Write one line on stderr, where it disturbs no output that a program reads."""
    click.echo(f"gate: {line}", err=True)
