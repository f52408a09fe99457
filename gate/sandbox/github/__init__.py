"""A GitHub on loopback: Actions runs, workflows, variables, statuses, checks, limits."""
