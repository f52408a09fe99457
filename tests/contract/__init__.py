"""One suite over every format and provider: the same scenarios, the same answers."""
