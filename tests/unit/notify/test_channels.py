"""Where messages go, and that nothing of a channel's URL is ever shown."""

from __future__ import annotations

import pytest

from gate.config import Config
from gate.notify.channels import NO_URL, broken_channels, read_channels, send
from gate.notify.message import Message

HUSH = "hush-hush-hush"
MESSAGE = Message(title="t", body="b")


@pytest.mark.parametrize(
    ("url", "label"),
    [
        (f"slack://{HUSH}", "gate.yml: notify[0] (slack)"),
        (f"  json://u:{HUSH}@127.0.0.1:1", "gate.yml: notify[0] (json)"),
        (HUSH, "gate.yml: notify[0]"),
        (f"{HUSH}://x", "gate.yml: notify[0]"),
    ],
)
def test_a_channel_is_named_by_its_place_and_service_alone(url: str, label: str) -> None:
    (channel,) = read_channels(Config(source="gate.yml", document={"notify": [url]}), {})
    assert channel.label == label
    assert HUSH not in repr(channel)


def test_nothing_that_apprise_logs_reaches_anybody_else(caplog: pytest.LogCaptureFixture) -> None:
    urls = [f"slack://{HUSH}", f"json://u:{HUSH}@127.0.0.1:1/{HUSH}", "json://"]
    channels = read_channels(Config(source="gate.yml", document={"notify": urls}), {})
    assert broken_channels(channels) == (channels[0], channels[2])
    with caplog.at_level("DEBUG"):
        deliveries = send(MESSAGE, channels)
    assert [one.problem for one in deliveries] == [NO_URL, "did not get through", NO_URL]
    assert "apprise" not in {record.name for record in caplog.records}
    assert HUSH not in caplog.text
