"""Tests of gate.notify."""
