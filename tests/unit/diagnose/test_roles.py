"""Pods are told apart by labels, else by names, and by a selector where one is given."""

from __future__ import annotations

import pytest

from gate.diagnose.roles import Role, parse_selectors, role_of, role_of_url

NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"


@pytest.mark.parametrize(
    ("name", "labels", "role"),
    [
        ("x-1", {NAME: "panda-panda-focus-server"}, Role.FOCUS_SERVER),
        ("x-1", {"app": "focus-server"}, Role.FOCUS_SERVER),
        ("x-1", {INSTANCE: "mongodb"}, Role.MONGODB),
        ("x-1", {INSTANCE: "rabbitmq-panda"}, Role.RABBITMQ),
        ("focus_server-0", {}, Role.FOCUS_SERVER),
        ("lab-mongodb-0", {}, Role.MONGODB),
        ("my-rabbitmq-0", {}, Role.RABBITMQ),
        ("focus-server-mongodb-0", {}, Role.MONGODB),
        ("x", {NAME: "mongodb", INSTANCE: "focus-server"}, Role.MONGODB),
        ("x", {NAME: "focus-server", INSTANCE: "mongodb-lab"}, Role.FOCUS_SERVER),
        ("mongodb-exporter-1", {}, None),
        ("grpc-service-1-7", {"app": "grpc-service"}, None),
        ("", {}, None),
    ],
)
def test_a_pod_has_the_role_that_its_labels_say(name: str, labels: dict[str, str], role: Role | None) -> None:
    assert role_of(name, labels) is role


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("mongodb://db:27017", Role.MONGODB),
        ("amqp://mq", Role.RABBITMQ),
        ("tcp://db:27017", Role.MONGODB),
        ("tcp://mq:5672", Role.RABBITMQ),
        ("http://rabbitmq-panda:15672", Role.RABBITMQ),
        ("https://elsewhere", None),
    ],
)
def test_a_dependency_has_the_role_of_its_scheme_port_or_name(url: str, role: Role | None) -> None:
    assert role_of_url(url) is role


def test_selectors_are_given_by_role() -> None:
    given = ["focus=app=panda,tier in (web)", "mongodb=a!=b"]
    assert parse_selectors(given) == {Role.FOCUS_SERVER: "app=panda,tier in (web)", Role.MONGODB: "a!=b"}


@pytest.mark.parametrize("text", ["", "focus", "focus=", "web=app=x", "app=panda"])
def test_a_selector_without_role_or_labels_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as focus=app=panda"):
        parse_selectors([text])
