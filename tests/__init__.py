"""The tests: unit mirrors gate/, contract, engines with real CI engines, emulated with real processes."""
