"""A CI gate for shared fibre-sensing labs: only a ready lab opens it."""

__version__ = "0.1.0"
