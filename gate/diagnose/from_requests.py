"""Do clients hammer a lab that can only refuse them: how often, and from where?

Read from the Focus server's log: request lines in the forms that uvicorn, gunicorn, nginx and
JSON loggers write, else the server's own words for a refused configure request.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from gate.core.reason import at_time, listed
from gate.diagnose.cluster import Log, LogLine
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import CauseCode, Confidence, Finding
from gate.diagnose.roles import Role
from gate.diagnose.words import log_line

_CONFIGURE = re.compile(r"/config(?:ure(?![\w-])|/[\w-])", re.IGNORECASE)
_POST = re.compile(r"\bPOST\b")
_REFUSED = re.compile(r"(?<![\d.])(?<![\d\]]:)503(?![\d.:])")  # not the port behind an address
_NO_PRR = re.compile(r"missing required fiber metadata fields", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:(\d{1,3}(?:\.\d{1,3}){3})(?!\.?\d)|\[?([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w.]))",
    re.IGNORECASE,
)
_WINDOW = timedelta(minutes=10)
_NOW = timedelta(minutes=5)
_FEWEST = 5
_FEWEST_A_MINUTE = 2.0
_SHOWN_ADDRESSES = 5


def hammering(evidence: Evidence) -> Iterator[Finding]:
    """Yield that clients go on configuring a lab that refuses, of its last ten such minutes."""
    for log in evidence.cluster.logs if evidence.cluster else ():
        lines = _refused(log) if log.role is Role.FOCUS_SERVER and not log.previous else []
        last = lines[-1].at if lines else None
        if last is None:
            continue
        recent = [line for line in lines if line.at and last - line.at <= _WINDOW]
        rate = _a_minute(recent)
        if len(recent) < _FEWEST or rate < _FEWEST_A_MINUTE:
            continue
        going_on = evidence.now - last <= _NOW
        until = "" if going_on else f", until {at_time(last, evidence.now)}"
        yield Finding(
            code=CauseCode.CLIENTS_HAMMERING,
            role=Role.FOCUS_SERVER,
            confidence=Confidence.CERTAIN if going_on else Confidence.POSSIBLE,
            says=f"clients hammer the lab: {rate:.0f} POST /configure a minute answered with 503, "
            f"{_from(recent)}{until}",
            evidence=log_line(log, recent[-1], evidence.now),
            advice="stop them: gate stop-tests on those machines, gate pause-all for the pipelines; "
            "gate guard keeps tests from it",
        )


def _refused(log: Log) -> list[LogLine]:
    requests = [
        line
        for line in log.lines
        if _POST.search(line.text) and _CONFIGURE.search(line.text) and _REFUSED.search(line.text)
    ]
    return requests or [line for line in log.lines if _NO_PRR.search(line.text)]


def _a_minute(lines: Sequence[LogLine]) -> float:
    """Return how many came a minute; less than one minute counts as one."""
    times = [line.at for line in lines if line.at]
    if not times:
        return 0.0
    return len(lines) / max((times[-1] - times[0]).total_seconds() / 60, 1.0)


def _from(lines: Sequence[LogLine]) -> str:
    found = Counter(address for line in lines if (address := _address(line.text)))
    if not found:
        return "from addresses that the log does not name"
    shown = [f"{address} ({amount})" for address, amount in found.most_common(_SHOWN_ADDRESSES)]
    more = len(found) - len(shown)
    return f"from {listed([*shown, f'{more} more'] if more else shown)}"


def _address(text: str) -> str | None:
    """Return the first IP address of a line, without its port."""
    for match in _ADDRESS.finditer(text):
        try:
            return str(ipaddress.ip_address(match[1] or match[2]))
        except ValueError:
            continue
    return None
