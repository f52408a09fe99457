"""Inside a test process: what would configure a dark lab is held back at the moment it is sent."""
