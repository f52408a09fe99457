"""Calls made by what tests ask for."""

# ruff: noqa: D101

from __future__ import annotations

from typing import Any

import pytest

from tests.guards.suite.lab import FocusClient


@pytest.mark.configures
def test_fixture(configured: Any) -> None:
    assert configured


@pytest.mark.configures
def test_session_fixture(configured_session: Any) -> None:
    assert configured_session


@pytest.mark.configures
def test_session_fixture_again(configured_session: Any) -> None:
    assert configured_session


@pytest.mark.configures
def test_session_fixture_behind_another(session_task: Any) -> None:
    assert session_task


@pytest.mark.configures
def test_session_fixture_asked_for_by_name(request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue("session_task")


@pytest.mark.configures
@pytest.mark.parametrize("number", [1, 2])
def test_fixture_that_keeps_quiet(configured_quietly: Any, number: int) -> None:
    assert number


@pytest.mark.configures
def test_fixture_with_a_thread(configured_in_a_thread: bool) -> None:
    assert configured_in_a_thread


@pytest.mark.configures
def test_fixture_with_a_thread_again(configured_in_a_thread: bool) -> None:
    assert configured_in_a_thread


@pytest.mark.configures
def test_teardown(cleaned_up: FocusClient) -> None:
    assert cleaned_up.channels()


@pytest.mark.parametrize(
    "by_param", [pytest.param("configure", marks=pytest.mark.configures), "channels"], indirect=True
)
def test_one_param_of_two(by_param: Any) -> None:
    assert by_param


@pytest.fixture(scope="class")
def prepared() -> Any:
    return FocusClient().configure()


@pytest.mark.configures
@pytest.mark.usefixtures("prepared")
class TestConfiguredClass:
    def test_first(self) -> None:
        assert True

    def test_second(self) -> None:
        assert True


class TestClassBesideIt:
    def test_reads(self, client: FocusClient) -> None:
        assert client.channels()

    def test_asks_for_nothing(self) -> None:
        assert True


def test_health_check_of_their_own(health_check: dict[str, Any]) -> None:
    assert health_check["number_of_channels"] == 2337


def test_reads_between_configured_ones(client: FocusClient) -> None:
    assert client.recordings() == []
