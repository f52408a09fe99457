"""Which options do the commands take that read files: pipelines, and gate.yml?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from gate.cli.shared import format_option

pipelines_option = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
protect_option = click.option(
    "--protect", multiple=True, metavar="PATTERN", help="In the place of what the configuration protects."
)
system_option = click.option(
    "--system",
    type=click.Choice(["github", "gitlab", "jenkins"]),
    help="In the place of what name and content say.",
)


@click.command()
@pipelines_option
@click.option("--write", is_flag=True, help="Change the files; without it only the diff is shown.")
@click.option("--unwire", is_flag=True, help="Give back what stood there before.")
@click.option(
    "--aggregate", is_flag=True, help="GitHub: add a job to require, since a skip counts as a pass."
)
@click.option(
    "--form",
    type=click.Choice(["guard", "child"]),
    default="guard",
    help="GitLab: guard each protected job, or move them to a child pipeline.",
)
@protect_option
@system_option
@format_option
@click.pass_obj
def wire(obj: dict[str, Any], /, format_: str, form: str, aggregate: bool, **options: Any) -> int:
    """Put the gate into pipeline files that exist, or into those below a folder."""
    from gate.commands import wire
    from gate.wiring.records import Form, WireOptions

    wiring = WireOptions(form=Form(form), aggregate=aggregate)
    return wire.run(wire.Options(config=obj["config"], format=format_, wiring=wiring, **options), os.environ)


@click.command()
@pipelines_option
@protect_option
@system_option
@click.option("--format", "format_", type=click.Choice(["text", "json", "sarif"]), default="text")
@click.pass_obj
def lint(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Find where load could get through pipeline files, or through those below a folder."""
    from gate.commands import lint

    return lint.run(lint.Options(config=obj["config"], format=format_, **options), os.environ)


@click.group()
def config() -> None:
    """Check a configuration, or print its schema."""


@config.command("check")
@click.argument("file", required=False)
@click.pass_obj
def config_check(obj: dict[str, Any], file: str | None) -> int:
    """Say whether FILE (or the configuration in force) is right, naming every problem."""
    from gate.commands import config

    return config.check(file or obj["config"], os.environ)


@config.command("schema")
def config_schema() -> int:
    """Print the JSON Schema of gate.yml, for editors."""
    from gate.commands import config

    return config.schema()
