"""Inside pytest: a test that would configure a dark lab ends as blocked, whatever it makes of that."""
