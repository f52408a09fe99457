"""What of the GitHub client and of GraphQL's answers needs no server."""

from __future__ import annotations

from typing import Any

import pytest

from gate.core.event import Target
from gate.core.secret import Secret
from gate.core.work import Seen, Status
from gate.providers.github.client import Client
from gate.providers.github.stopping import paired
from gate.providers.pace import Pace


def client() -> Client:
    return Client("https://api.github.com/", Secret("t0ken"), Pace())


def target(number: int) -> Target:
    return Target(
        provider="github", instance="https://api.github.com", project="acme/panda", kind="run", id=str(number)
    )


def node(number: object, status: object, conclusion: object = None) -> dict[str, Any]:
    return {"databaseId": number, "checkSuite": {"status": status, "conclusion": conclusion}}


def test_no_two_threads_ever_have_the_same_connection() -> None:
    one = client()
    for _ in range(3):
        with one.transports.lent() as first, one.transports.lent() as second, one.transports.lent() as third:
            assert len({id(first), id(second), id(third)}) == 3
        with one.transports.lent() as again:
            assert again in (first, second, third)  # and connections are kept
    one.close()


def test_the_token_does_not_show() -> None:
    assert "t0ken" not in repr(vars(client()))


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (node(7, "IN_PROGRESS"), Seen(status=Status.RUNNING, word="in_progress")),
        (node(7, "QUEUED"), Seen(status=Status.QUEUED, word="queued")),
        (node(7, "COMPLETED", "CANCELLED"), Seen(status=Status.FINISHED, word="cancelled", stopped=True)),
        (node(7, "COMPLETED", "SUCCESS"), Seen(status=Status.FINISHED, word="success")),
        (node(7, "COMPLETED"), Seen(status=Status.FINISHED, word="completed")),
        (node(7, "ASLEEP"), Seen(status=Status.UNKNOWN, word="asleep")),
        (node(8, "COMPLETED", "CANCELLED"), None),
        (node("7", "COMPLETED", "CANCELLED"), None),
        (node(7, None), None),
        (node(7, "COMPLETED", 7), None),
        ({"databaseId": 7, "checkSuite": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_node_counts_only_where_it_is_the_run_that_was_asked_for(answer: object, seen: Seen | None) -> None:
    found = dict(paired([target(1), target(7)], [None, answer]))
    assert found == ({target(7).key: seen} if seen else {})
