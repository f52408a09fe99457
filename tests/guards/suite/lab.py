"""The clients of such a team: a session with retries, one that waits for ever, one with a breaker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

URL = os.environ["LAB_URL"]
TASK = {
    "displayTimeAxisDuration": 10,
    "nfftSelection": 1024,
    "displayInfo": {"height": 1000},
    "channels": {"min": 1, "max": 50},
    "frequencyRange": {"min": 0, "max": 1000},
    "start_time": None,
    "end_time": None,
    "view_type": 0,
}
ALL_METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]


def field_retry() -> Retry:
    return Retry(
        total=3,
        backoff_factor=2.0,
        status_forcelist=[429, 500, 502, 503, 504],
        allowed_methods=ALL_METHODS,
    )


class NotConfigured(Exception):
    """What the team's client raises for every failure."""


class FocusClient:
    """A session with the field team's retries below a handler of its own."""

    def __init__(self, url: str = URL) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.mount("http://", HTTPAdapter(max_retries=field_retry()))
        self.session.mount("https://", HTTPAdapter(max_retries=field_retry()))

    def send(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = self.session.request(method, f"{self.url}/{path}", json=body, timeout=10)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise NotConfigured(f"{method} {path} failed: {error}") from error
        return answer.json()

    def configure(self) -> Any:
        return self.send("POST", "configure", TASK)

    def channels(self) -> Any:
        return self.send("GET", "channels")

    def recordings(self) -> Any:
        return self.send("POST", "recordings_in_time_range", {"start_time": 0, "end_time": 1})


class StubbornClient(FocusClient):
    """Tries for ever, two seconds apart."""

    def configure(self) -> Any:
        while True:
            try:
                return super().configure()
            except Exception:
                time.sleep(2)


class BreakerClient(FocusClient):
    """Refuses every request for a minute once three have failed to connect."""

    def __init__(self, url: str = URL) -> None:
        super().__init__(url)
        self.failures = 0

    def send(self, method: str, path: str, body: Any = None) -> Any:
        if self.failures >= 3:
            raise NotConfigured("circuit breaker is open")
        try:
            answer = self.session.request(method, f"{self.url}/{path}", json=body, timeout=10)
        except requests.ConnectionError as error:
            self.failures += 1
            raise NotConfigured(str(error)) from error
        return answer.json()


def quietly(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or None whatever it raises."""
    try:
        return call()
    except BaseException:
        return None
