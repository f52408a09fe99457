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
from benchmarks.rows import Row
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


def table(rows: list[Row]) -> str:
    """Return the rows as people read them."""
    lines = [f"{'what':48} {'measured':>10} {'at most':>9}"]
    for row in rows:
        mark = "" if row.holds else "  TOO MUCH"
        lines.append(f"{row.what:48} {row.measured:7.2f} {row.unit:2} {row.bound:6.2f} {row.unit:2}{mark}")
        lines.append(f"    {row.note}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
