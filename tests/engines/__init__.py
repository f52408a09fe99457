"""The shipped pipeline files, run by real CI engines."""
