"""The real command, as a process, against the sandbox on loopback."""
