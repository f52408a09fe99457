"""Asking the lab: one request, what else must answer, and one reading shared by many."""
