"""Tests that run whole suites under the guard."""
