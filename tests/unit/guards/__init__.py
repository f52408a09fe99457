"""Tests of gate.guards."""
