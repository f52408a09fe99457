"""Which options do the commands take that look at this machine, a lab and what it needs?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from gate.cli.shared import (
    DURATION,
    BeforeCommand,
    by_option,
    dry_run_option,
    environment_option,
    format_option,
    yes_option,
)


@click.command(cls=BeforeCommand)
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--for", "steady", type=DURATION, default="0s", metavar="5s", help="All must hold so long.")
@click.option("--timeout", type=DURATION, default="10m", metavar="10m", help="Then give up: exit code 69.")
@click.pass_context
def wait(context: click.Context, /, **options: Any) -> int:
    """Wait until every URL holds in the same moment, then run COMMAND.

    http(s)://, tcp://, dns://, amqp(s)://, mongodb:// and postgresql:// hold once they answer;
    fiber+https://10.10.10.100/focus-server holds once the lab is ready.
    """
    from gate.commands import wait

    command = tuple(context.meta["command"])
    return wait.run(wait.WaitOptions(state=context.obj["state"], command=command, **options), os.environ)


@click.command("stop-tests")
@click.option("--environment", metavar="E", help="Only what names this lab: its host, or its name.")
@click.option(
    "--grace", type=DURATION, default="10s", metavar="10s", help="To end by itself once interrupted."
)
@click.option("--force", is_flag=True, help="Also where tests: names nothing, or everything.")
@by_option
@dry_run_option
@yes_option
@click.pass_obj
def stop_tests(obj: dict[str, Any], /, **options: Any) -> int:
    """Stop the pytest and Locust processes on this machine that would configure a lab."""
    from gate.commands import stop_tests

    chosen = stop_tests.StopOptions(config=obj["config"], state=obj["state"], **options)
    return stop_tests.run(chosen, os.environ)


@click.command()
@environment_option
@click.option("--kubeconfig", metavar="FILE", help="Default: as kubectl; without one, in a pod, its account.")
@click.option("--context", metavar="C", help="The kubeconfig's context; default: its current one.")
@click.option("--namespace", "-n", metavar="N", help="Default: the context's namespace.")
@click.option(
    "--selector",
    multiple=True,
    metavar="ROLE=LABELS",
    help="Whose pods have which labels, where names do not say it: focus=app=x; also mongodb, rabbitmq.",
)
@click.option("--suggest", is_flag=True, help="Print a patch that would help on stdout; never applied.")
@click.option(
    "--bundle", type=click.Path(path_type=Path), metavar="OUT.zip", help="Write all of it, without secrets."
)
@format_option
@click.pass_obj
def diagnose(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Say why the gate is closed: causes with their evidence, and what to do."""
    from gate.commands import diagnose

    chosen = diagnose.DiagnoseOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return diagnose.run(chosen, os.environ)


@click.command()
@click.option("--dry-run", is_flag=True, help="Print what would be told, and tell nobody.")
@click.pass_obj
def notify(obj: dict[str, Any], dry_run: bool) -> int:
    """Tell people what is due now: closed, open again, flapping, not stopped, recheck overdue."""
    from gate.commands import notify

    chosen = notify.NotifyOptions(config=obj["config"], state=obj["state"], dry_run=dry_run)
    return notify.run(chosen, os.environ)
