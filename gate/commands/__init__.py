"""One file a command: gather, decide, apply, render, return an exit code."""
