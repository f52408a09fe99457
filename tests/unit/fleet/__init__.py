"""Tests of `gate.fleet`."""
