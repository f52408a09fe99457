"""Which labs a process names."""

from __future__ import annotations

import shlex

import pytest

from gate.core.model import Environment
from gate.guards.stopping.labs import lab_of, named_labs

LABS = (
    lab_of(Environment(name="staging", focus_server="https://10.10.10.100/focus-server")),
    lab_of(
        Environment(
            name="kefar_saba",
            focus_server="https://lab.example.com:8443/focus-server",
            aliases=("http://127.0.0.1:8500/focus-server",),
        )
    ),
    lab_of(Environment(name="near", focus_server="http://localhost:8600/focus-server")),
)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("pytest --env staging", {"staging"}),
        ("pytest --env=Staging", {"staging"}),
        ("pytest --env=staging2 tests/staging.py", set()),
        ("locust --host https://10.10.10.100/focus-server", {"staging"}),
        ("locust -H http://10.10.10.100:5000", {"staging"}),
        ("locust -H http://10.10.10.1", set()),
        ("pytest --server 10.10.10.100", {"staging"}),
        ("pytest --server=LAB.example.com:9000", {"kefar_saba"}),
        ("pytest --server lab.example.com.evil.org", set()),
        ("locust -H http://127.0.0.1:8500/", {"kefar_saba"}),
        ("locust -H http://127.0.0.1:8600/", {"near"}),
        ("locust -H http://localhost:8601/", set()),
        ("pytest --server localhost", set()),
        ("pytest --server localhost:8600", {"near"}),
        ("pytest --from staging --to near", {"staging", "near"}),
        ("pytest", set()),
    ],
)
def test_a_command_line_names_a_lab_by_host_or_name(line: str, named: set[str]) -> None:
    assert named_labs(shlex.split(line), {}, LABS) == named


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"FOCUS_BASE_URL": "https://10.10.10.100/focus-server/"}, {"staging"}),
        ({"FOCUS_ENV": "staging"}, {"staging"}),
        ({"GATE_ENVIRONMENT": "near"}, {"near"}),
        ({"USER": "staging", "OVEN": "staging"}, set()),
        ({"CONFIG": '{"url": "https://lab.example.com:8443/x", "n": 1}'}, {"kefar_saba"}),
        ({"X": "http://[::1"}, set()),
    ],
)
def test_an_environment_names_a_lab_where_the_command_line_names_none(
    environ: dict[str, str], named: set[str]
) -> None:
    assert named_labs(["pytest"], environ, LABS) == named
    assert named_labs(["pytest", "--env", "near"], environ, LABS) == {"near"}
