"""Tests of what a diagnosis is made of."""
