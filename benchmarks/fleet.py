"""How many requests, how long and how much memory does it take to pause a whole fleet?

300 GitHub repositories, 300 GitLab projects and two Jenkins controllers with 1,000 jobs each, with
3,000 runs in flight of which 1,000 are protected; every answer takes 50 ms. `python -m
benchmarks.fleet --whole` takes all of it everywhere. Without it, as in `make bench`, a tenth has to
do where the clock on the wall decides: at the documented limits, and beside the loops that people
write today.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests

from benchmarks import fleet_loops, fleet_minimum
from benchmarks.fleet_gate import Paused, after_confirmation, pause, still_protected
from benchmarks.fleet_servers import LATENCY, Server, Size, serving
from benchmarks.rows import Row, table
from gate.fleet.stop import FIRST_LOOK
from gate.providers import github, jenkins

WHOLE: Final = Size(share=1)
TENTH: Final = Size(share=0.1)
TEN_TIMES: Final = Size(share=10)

_NAMES: Final = {"github": "GitHub", "gitlab": "GitLab", "jenkins": "Jenkins"}
_GITHUB_POINTS: Final = 900  # a minute, of which a write takes five
_GITLAB_REQUESTS: Final = 2000  # a minute
_GITLAB_LISTS: Final = 600  # a minute, of a project's jobs


def measure(part: Size = TENTH) -> list[Row]:
    """Pause the whole fleet without limits and ten times that, and a part of it at the limits.

    Args:
        part: what is paused at the limits, and beside today's loops.
    """
    return [*without_limits(), *at_limits(part), *beside_loops(part), *ten_times()]


def without_limits() -> list[Row]:
    """Pause the whole fleet at once, and then each provider's part of it alone."""
    rows: list[Row] = []
    with serving(WHOLE, limits=False) as servers:
        together = pause(servers)
        rows.append(_hold("fleet, first hold, from the start of gate", together.first_hold))
        rows.append(_speed("fleet, all at once", together, emulator_ceiling(servers[0])))
        for provider, name in _NAMES.items():
            mine = _of(servers, provider)
            _reset(mine)
            alone = pause(mine)
            rows += [
                _requests(name, provider, alone),
                _speed(f"fleet, {name}", alone),
                _left(name, mine, alone),
            ]
            if provider == "jenkins":
                rows.append(_listing(alone))
    return rows


def at_limits(part: Size) -> list[Row]:
    """Say yes at a terminal, and then pause what has limits, by the clock on the wall."""
    with serving(part, limits=True) as servers:
        rows = [_hold("fleet, first hold, from a yes at a terminal", after_confirmation(servers))]
        _reset(servers)
        for provider, bound in (("github", _github_bound), ("gitlab", _gitlab_bound)):
            limited = pause(_of(servers, provider))
            least, points = bound(limited.seen[0])
            rows.append(
                Row(
                    what=f"fleet, {_NAMES[provider]}: time at the documented limits",
                    measured=limited.seconds / least,
                    bound=1.25,
                    unit="x",
                    note=f"{limited.seconds:.0f} s for {part.projects} projects; {points} take {least:.0f} s",
                )
            )
    return rows


def beside_loops(part: Size) -> list[Row]:
    """Pause one provider after the other, by gate and by what people write instead."""
    rows = []
    with serving(part, limits=False) as servers:
        for provider, loop in fleet_loops.LOOPS.items():
            mine = _of(servers, provider)
            gate = pause(mine)
            _reset(mine)
            seconds = loop.run(mine)
            counts = gate.receipt["counts"]
            rows.append(
                Row(
                    what=f"fleet, time beside {loop.name}",
                    measured=gate.seconds / seconds,
                    bound=loop.bound,
                    unit="x",
                    note=f"gate stopped {counts['stopped']} of {counts['matched']} in {gate.seconds:.1f} s, "
                    f"proven; the loop left {still_protected(mine)} of them running in {seconds:.1f} s",
                )
            )
    return rows


def ten_times() -> list[Row]:
    """Pause ten times the fleet, with answers at once, so that gate itself is what takes time."""
    with serving(WHOLE, limits=False, latency=0) as servers:
        one = pause(servers)
    with serving(TEN_TIMES, limits=False, latency=0) as servers:
        ten = pause(servers)
    asked = sum(ten.total(place) for place in range(len(ten.seen)))
    rows = [
        Row(
            what="fleet, ten times, time beside once",
            measured=ten.seconds / one.seconds,
            bound=12.5,
            unit="x",
            note=f"{one.seconds:.1f} s and {ten.seconds:.1f} s, for {asked:,} requests that wait for nothing",
        )
    ]
    if ten.megabytes is not None:
        note = f"{one.megabytes:.0f} MB for the fleet itself; {ten.receipt['counts']['stopped']:,} stopped"
        rows.append(
            Row(what="fleet, ten times, memory", measured=ten.megabytes, bound=200, unit="MB", note=note)
        )
    return rows


def emulator_ceiling(server: Server) -> float:
    """Return how many answers a second an emulator of GitHub gives, asked in the simplest way."""
    count = 400
    url, headers = f"{server.url}/orgs/acme/repos?per_page=1", {"Authorization": "Bearer ghp_bench"}

    def ask(session: requests.Session) -> None:
        for _ in range(count // jenkins.AT_ONCE):
            session.get(url, headers=headers, timeout=60)

    server.answer_after(0)
    started = time.monotonic()
    with ThreadPoolExecutor(jenkins.AT_ONCE) as threads:
        list(threads.map(ask, [requests.Session() for _ in range(jenkins.AT_ONCE)]))
    seconds = time.monotonic() - started
    server.answer_after(LATENCY)
    return count / seconds


def _requests(name: str, provider: str, alone: Paused) -> Row:
    least = fleet_minimum.LEAST[provider](WHOLE)
    sent = [alone.total(place) for place in range(len(least))]
    return Row(
        what=f"fleet, {name}: requests beside the least",
        measured=max(count / few for count, few in zip(sent, least, strict=True)),
        bound=1.1,
        unit="x",
        note=", ".join(f"{count:,} where {few:,} must be" for count, few in zip(sent, least, strict=True)),
    )


def _speed(what: str, paused: Paused, ceiling: float | None = None) -> Row:
    """Return how long it took, beside what the busiest server takes to answer `AT_ONCE` at a time."""
    busiest = max(paused.total(place) for place in range(len(paused.seen)))
    asked = sum(paused.total(place) for place in range(len(paused.seen)))
    least = busiest * LATENCY / github.AT_ONCE + FIRST_LOOK
    said = "" if ceiling is None else f"; this machine's emulator answers {ceiling:.0f} a second at most"
    return Row(
        what=f"{what}: time without limits",
        measured=paused.seconds / least,
        bound=1.5,
        unit="x",
        note=f"{paused.seconds:.1f} s for {asked:,} requests, {busiest:,} of them to one server, "
        f"{asked / paused.seconds:.0f} a second{said}",
    )


def _left(name: str, servers: Sequence[Server], paused: Paused) -> Row:
    counts = paused.receipt["counts"]
    return Row(
        what=f"fleet, {name}: left running",
        measured=still_protected(servers),
        bound=0,
        unit="",
        note=f"{counts['stopped']} of {counts['matched']} stopped; exit code {paused.code}",
    )


def _listing(paused: Paused) -> Row:
    """Return how many requests show what is in flight on one controller, however many jobs it has."""
    seen = paused.seen[0]
    lists = sum(seen.get(f"GET {path}", 0) for path in ("/api/json", "/computer/api/json", "/queue/api/json"))
    return Row(
        what="fleet, Jenkins: requests that list a controller",
        measured=lists,
        bound=9,
        unit="",
        note="itself once; executors and queue at first, at each look and at the end",
    )


def _hold(what: str, seconds: float) -> Row:
    return Row(
        what=what, measured=seconds, bound=2, unit="s", note="until gate says that it stands everywhere"
    )


def _github_bound(seen: dict[str, int]) -> tuple[float, str]:
    """Return the seconds that GitHub's points take, without those of GraphQL, and of what they are."""
    points = sum(
        count * (1 if kind.startswith("GET ") else 5) for kind, count in seen.items() if "graphql" not in kind
    )
    return points / _GITHUB_POINTS * 60, f"{points:,} points at {_GITHUB_POINTS} a minute"


def _gitlab_bound(seen: dict[str, int]) -> tuple[float, str]:
    """Return the seconds that GitLab.com's limits take, and of what they are."""
    sent = sum(seen.values())
    lists = sum(count for kind, count in seen.items() if kind.endswith("/projects/{project}/jobs"))
    words = f"{sent:,} requests at {_GITLAB_REQUESTS:,} a minute, {lists:,} of them lists at {_GITLAB_LISTS},"
    return max(sent / _GITLAB_REQUESTS, lists / _GITLAB_LISTS) * 60, words


def _of(servers: Sequence[Server], provider: str) -> list[Server]:
    return [server for server in servers if server.provider == provider]


def _reset(servers: Sequence[Server]) -> None:
    for server in servers:
        server.reset()


if __name__ == "__main__":
    measured = measure(WHOLE if sys.argv[1:] == ["--whole"] else TENTH)
    print(table(measured))
    sys.exit(0 if all(row.holds for row in measured) else 1)
