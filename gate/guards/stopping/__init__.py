"""`gate stop-tests`: which local test processes would configure a lab, and how they are stopped."""
