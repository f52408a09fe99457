"""A small fleet on three emulators, and processes that are killed while they work on it."""
