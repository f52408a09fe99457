"""How fast, how small, how gentle? Ratios within one run, since machines differ and are noisy."""
