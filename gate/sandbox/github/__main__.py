"""`python -m gate.sandbox.github` is the same as `python -m gate.sandbox github`."""

from gate.sandbox.github.command import github

github(prog_name="python -m gate.sandbox.github")
