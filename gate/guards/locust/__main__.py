"""Runs Locust with its guard on; takes Locust's own arguments."""

from __future__ import annotations

import sys

from locust.main import main

if __name__ == "__main__":  # the package, which is imported by now, has registered the guard
    sys.argv[0] = "locust"
    main()  # type: ignore[no-untyped-call]
