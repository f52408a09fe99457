"""Secrets go, by what is known and by their form; what a diagnosis needs stays."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.secret import Secret
from gate.diagnose.cluster import Container, Ended, Pod
from gate.diagnose.roles import Role
from gate.diagnose.scrub import HIDDEN, Scrubber, secrets_of, url_secrets
from tests.unit.diagnose.shapes import UNRESOLVED

BY_FORM = Scrubber(())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mongodb://root:p4ss@mongodb:27017/lab", f"mongodb://{HIDDEN}@mongodb:27017/lab"),
        ("amqp://u:p@ss@rabbit:5672", f"amqp://{HIDDEN}@rabbit:5672"),
        ("https://ghp_abcdefghijklmnop@github.com/x", f"https://{HIDDEN}@github.com/x"),
        ("password=hunter2 user=me", f"password={HIDDEN} user=me"),
        ("MONGO_PASSWORD: hunter2, next", f"MONGO_PASSWORD: {HIDDEN}, next"),
        ('{"password": "hun ter2", "user": "me"}', f'{{"password": {HIDDEN}, "user": "me"}}'),
        ("api_key='abc def' x", f"api_key={HIDDEN} x"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: {HIDDEN}"),
        ("authorization: Basic dXNlcjpwYXNz", f"authorization: {HIDDEN}"),
        ("sent bearer 0123456789abcdef", f"sent bearer {HIDDEN}"),
        ("Cookie: session=abc; other=def", f"Cookie: {HIDDEN}"),
        ("mongo --password hunter2 --host a", f"mongo --password {HIDDEN} --host a"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", f"got {HIDDEN}"),
        ("token glpat-AbCdEfGhIjKlMn", f"token {HIDDEN}"),
        ("key AKIAABCDEFGHIJKLMNOP", f"key {HIDDEN}"),
        ("?X-Amz-Signature=0a1b2c&x=1", f"?X-Amz-Signature={HIDDEN}&x=1"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", HIDDEN),
        ("MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgHcTz6sE2I2yPB", HIDDEN),
    ],
)
def test_what_looks_like_a_secret_goes(text: str, left: str) -> None:
    assert BY_FORM.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        UNRESOLVED,
        'INFO: 10.0.0.21:51234 - "POST /configure HTTP/1.1" 503 Service Unavailable',
        "Cannot proceed: Missing required fiber metadata fields: prr",
        'secret "focus-mongodb" not found',
        'File "/usr/local/lib/python3.11/site-packages/pymongo/topology.py", line 251, in _select',
        "registry.example.com/panda/focus@sha256:" + "0a" * 32,
        "panda-panda-focus-server-6d8f9c7b5d-x2x7k",
        "back-off 5m0s restarting failed container=focus-server pod=focus_panda(0f6c0c3e-7f5b)",
        "MountVolume.SetUp failed for volume kube-api-access-x7f2k : failed to fetch token",
        "authentication failed for user focus",
    ],
)
def test_what_a_diagnosis_needs_stays(text: str) -> None:
    assert BY_FORM.text(text) == text


def test_what_is_known_goes_in_every_spelling() -> None:
    secret = "S3cr3t/with+signs"
    scrubber = Scrubber([Secret(secret)])
    for spelling in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
        assert secret not in scrubber.text(f"x {spelling} y")
        assert spelling.rstrip("=") not in scrubber.text(f"x {spelling} y")


def test_a_short_secret_does_not_take_ordinary_words_with_it() -> None:
    assert Scrubber([Secret("guest"), Secret("")]).text("guest of the lab") == "guest of the lab"


def test_each_line_of_a_key_is_secret() -> None:
    scrubber = Scrubber([Secret("first-line-1\nsecond-line-2")])
    assert scrubber.text("a second-line-2 b") == f"a {HIDDEN} b"


def test_variables_are_secret_by_their_name_and_urls_by_their_password() -> None:
    variables = {
        "MONGO_PASSWORD": "value-1",
        "GITHUB_TOKEN": "value-2",
        "MONGO_URL": "mongodb://root:p%40ss-1@mongodb",
        "HOSTNAME": "mongodb",
        "PWD": "/lab",
    }
    assert {secret.reveal() for secret in secrets_of(variables)} == {
        "value-1",
        "value-2",
        "p%40ss-1",
        "p@ss-1",
    }
    assert [secret.reveal() for secret in url_secrets("nothing here")] == []


def test_a_record_is_scrubbed_however_deep() -> None:
    when = datetime(2025, 11, 8, tzinfo=UTC)
    ended = Ended(reason="Error", exit_code=1, finished_at=when, message="token=abcdef1")
    container = Container(name="c", last=ended, waiting_message="with known-secret")
    pod = Pod(name="p", role=Role.MONGODB, containers=(container,))
    clean = Scrubber([Secret("known-secret")]).record(pod)
    assert clean.containers[0].waiting_message == f"with {HIDDEN}"
    assert clean.containers[0].last == Ended(
        reason="Error", exit_code=1, finished_at=when, message=f"token={HIDDEN}"
    )
    assert (clean.role, clean.name) == (Role.MONGODB, "p")


@given(
    secret=st.text(st.characters(codec="utf-8"), min_size=6, max_size=40),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
def test_a_known_secret_never_stays(secret: str, before: str, after: str) -> None:
    known = secret.strip()
    if len(known) < 6 or len(known.splitlines()) > 1 or HIDDEN in known or known in HIDDEN:
        return
    assert known not in Scrubber([Secret(secret)]).text(f"{before} {known} {after}").replace(HIDDEN, "")
