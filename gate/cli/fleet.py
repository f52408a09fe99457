"""Which options do the commands take that act on a fleet, or tell of it?"""

from __future__ import annotations

import os
from typing import Any

import click

from gate.cli.shared import DURATION, by_option, dry_run_option, format_option, yes_option


@click.command("pause-all")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for everybody who meets the closed gate.")
@click.option("--category", default="", metavar="C", help="A word for statistics, such as maintenance.")
@click.option("--until", metavar="WHEN", help="When the hold ends by itself: 2h, 06:30Z, a date with time.")
@click.option("--environment", metavar="E", help="Only this lab.")
@click.option("--provider", multiple=True, type=click.Choice(["github", "gitlab", "jenkins"]))
@click.option("--project", multiple=True, metavar="GLOB", help="Only projects with such a path.")
@click.option("--suspend-triggers", is_flag=True, help="Also switch off what starts protected runs.")
@click.option("--no-force", "force", is_flag=True, default=True, flag_value=False, help="Do not ask harder.")
@click.option(
    "--kill", is_flag=True, help="Jenkins: as the last step kill builds, which leaves things behind."
)
@click.option("--timeout", type=DURATION, default="120s", metavar="120s", help="For each target to be over.")
@by_option
@dry_run_option
@yes_option
@format_option
@click.pass_obj
def pause_all(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Close the whole fleet, stop what is protected, and prove that it has stopped."""
    from gate.commands import pause

    chosen = pause.PauseOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return pause.run(chosen, os.environ)


@click.command("resume-all")
@click.option("--hold", metavar="ID", help="Lift only this one; default: every hold that a person raised.")
@click.option(
    "--rerun", type=click.Choice(["none", "newest", "all"]), default="none", help="Of what was stopped."
)
@click.option("--force", is_flag=True, help="Start again even while the gate is closed.")
@click.option(
    "--patience",
    type=DURATION,
    default="20s",
    metavar="20s",
    help="How long to look at what a pause that was cut off may have told to stop.",
)
@by_option
@dry_run_option
@yes_option
@format_option
@click.pass_obj
def resume_all(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Lift holds, put back exactly what was changed, and start again what was stopped."""
    from gate.commands import resume

    chosen = resume.ResumeOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return resume.run(chosen, os.environ)


@click.command()
@click.option(
    "--no-sweep", "sweep", is_flag=True, default=True, flag_value=False, help="Only raise and lift."
)
@click.option("--suspend-triggers", is_flag=True, help="When closing, as with pause-all.")
@click.option("--timeout", type=DURATION, default="120s", metavar="120s", help="For each target to be over.")
@format_option
@click.pass_obj
def recheck(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Read every lab once; close what is not ready, and open what is ready again.

    One tick, made to be run by a schedule. It never touches a person's hold. Exit code 0 says that
    the tick was done, however the labs are.
    """
    from gate.commands import recheck

    chosen = recheck.RecheckOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return recheck.run(chosen, os.environ)


@click.command()
@format_option
@click.pass_obj
def status(obj: dict[str, Any], format_: str) -> int:
    """Show verdicts, holds, what is paused where, and the last recheck."""
    from gate.commands import status

    return status.run(obj["config"], obj["state"], format_, os.environ)


@click.command()
@click.option("--ref", default="", metavar="REF", help="Only this branch, tag or commit.")
@click.option("--fail", is_flag=True, help="Exit 1 where something is owed: a check before a release.")
@format_option
@click.pass_obj
def debt(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """List the commits that were held back from the lab, and have not run there since."""
    from gate.commands import debt

    chosen = debt.DebtOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return debt.run(chosen, os.environ)


@click.command()
@click.option("--verify", is_flag=True, help="Check the hash chain; exit 1 where it is broken.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def history(obj: dict[str, Any], format_: str, verify: bool) -> int:
    """Show the ledger, oldest first."""
    from gate.commands import history

    return history.run(obj["config"], obj["state"], verify, format_, os.environ)


@click.command()
@click.option(
    "--steadiness",
    metavar="POLICY",
    help="Such as open_after=3,close_after=2,steady_for=60s; default: what the configuration says.",
)
@click.option("--since", type=DURATION, metavar="30d", help="Only readings that are not older.")
@format_option
@click.pass_obj
def replay(obj: dict[str, Any], /, format_: str, **options: Any) -> int:
    """Show how often another policy would have closed and opened, over the recorded readings."""
    from gate.commands import replay

    chosen = replay.ReplayOptions(config=obj["config"], state=obj["state"], format=format_, **options)
    return replay.run(chosen, os.environ)


@click.command()
@click.option(
    "--projects", type=click.IntRange(1, 500), default=12, show_default=True, help="Of each server."
)
@click.option(
    "--runs", type=click.IntRange(0, 5000), default=40, show_default=True, help="In flight at each."
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same number, the same fleet.")
@click.option("--suspend-triggers", is_flag=True, help="As with pause-all.")
@click.pass_obj
def drill(obj: dict[str, Any], /, **options: Any) -> int:
    """Rehearse a pause and a resume with your own names, on loopback: nothing real is touched."""
    from gate.commands import drill

    return drill.run(drill.DrillOptions(config=obj["config"], **options), os.environ)
