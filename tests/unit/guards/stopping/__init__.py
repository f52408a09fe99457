"""Tests of `gate.guards.stopping`."""
