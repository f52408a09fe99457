"""`python -m gate.sandbox.gitlab` is the same as `python -m gate.sandbox gitlab`."""

from gate.sandbox.gitlab.command import gitlab

gitlab(prog_name="python -m gate.sandbox.gitlab")
