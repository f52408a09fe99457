"""A whole fleet: where its state is kept, where holds are raised, and what was swept."""
