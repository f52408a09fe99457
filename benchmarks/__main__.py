"""`make bench`: measure all and print one table; exit 1 where a bound does not hold."""

from __future__ import annotations

import sys
import threading

from benchmarks import (
    fleet,
    guards_http,
    guards_locust,
    guards_pytest,
    lint_speed,
    many,
    recheck,
    size,
    speed,
)
from benchmarks.rows import table
from gate.sandbox.focus import FocusServer, FocusState


def main() -> int:
    """Measure against a lab on loopback and print the table."""
    server = FocusServer(FocusState.READY)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = [
        *speed.measure(server.url),
        *size.measure(),
        *guards_http.measure(server),
        *guards_pytest.measure(server.url),
        *guards_locust.measure(server),
        *many.measure(server),
        *lint_speed.measure(),
        *recheck.measure(),
        *fleet.measure(),
    ]
    server.shutdown()
    print(table(rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
