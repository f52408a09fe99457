"""Which options does a gate step take, and what runs only behind an open gate?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from gate.cli.shared import DURATION, environment_option


@click.command()
@environment_option
@click.option(
    "--wait", type=DURATION, default="0s", metavar="10m", help="Ask again until ready, held, or over."
)
@click.option("--max-age", type=DURATION, default="5s", metavar="5s", help="How old a shared reading may be.")
@click.option("--cancel-downstream", is_flag=True, help="When closed, cancel this run's protected jobs.")
@click.option("--cancel-run", is_flag=True, help="When closed, cancel this whole run.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", "text", "json", "github", "gitlab", "jenkins"]),
    default="auto",
    help="auto recognises the CI system by its environment.",
)
@click.option(
    "--output-dir", type=click.Path(path_type=Path), default=".", metavar="D", help="Where files go."
)
@click.option(
    "--child-from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="GitLab: the real jobs, for gate-child.yml.",
)
@click.option(
    "--recheck-if-overdue", is_flag=True, help="Do the recheck's tick first, where it has missed its time."
)
@click.pass_obj
def check(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Ask the lab, decide, tell the pipeline, and say why."""
    from gate.commands import check

    chosen = check.CheckOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return check.run(chosen, os.environ)


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@environment_option
@click.option("--watch", is_flag=True, help="Stop COMMAND, and all it started, when the gate closes.")
@click.option("--locust", is_flag=True, help="COMMAND runs Locust: with gate's guard, as if it imported it.")
@click.option(
    "--max-age", type=DURATION, default="5s", metavar="5s", help="How old a reading may be; also --watch."
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def guard(obj: dict[str, Any], /, **options: Any) -> int:
    """Run COMMAND, put behind --, only while the gate is open, and with its guards on.

    Inside it, pytest and Locust then send nothing that would configure a lab that is not ready.
    """
    from gate.commands import guard

    chosen = guard.GuardOptions(config=obj["config"], state=obj["state"], **options)
    return guard.run(chosen, os.environ)
