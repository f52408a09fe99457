"""The same fleet in three emulated CI systems, to sweep it in the same way."""
