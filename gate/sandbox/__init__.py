"""Servers on loopback to rehearse with: they answer as the real ones were recorded to."""
