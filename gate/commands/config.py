"""`gate config check` and `gate config schema`: is gate.yml right, and what may stand in it?"""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from gate.config import check_everything, load_config
from gate.config_schema import SCHEMA
from gate.errors import ConfigError, Exit


def check(path: str | None, environ: Mapping[str, str]) -> int:
    """Print what the configuration names.

    Raises:
        ConfigError: every problem in it, a line each.
    """
    config = load_config(path, environ)
    problems = check_everything(config, environ)
    if problems:
        raise ConfigError(*problems)
    environments = list(config.document.get("environments", {})) or ["from GATE_FOCUS_SERVER"]
    click.echo(f"{config.source}: good")
    click.echo(f"environments: {', '.join(environments)}")
    click.echo(f"protect: {', '.join(config.protect)}")
    return Exit.OK


def schema() -> int:
    """Print the JSON Schema of `gate.yml`."""
    click.echo(json.dumps(SCHEMA, indent=2))
    return Exit.OK
