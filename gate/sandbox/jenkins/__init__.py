"""A Jenkins controller on loopback, faithful where clients are known to stumble."""
