"""Telling people: what a message says, and how it reaches them."""
