"""Asking the lab: one request, what else must answer, and one reading shared by many."""

READER = "gate-reading"  # names the thread that asks, by which a guard knows gate's own requests
