"""Wiring and linting of pipeline files: tables, properties, and the corpus written for them."""
