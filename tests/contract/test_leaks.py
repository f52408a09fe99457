"""No output, log, ledger, cached file or exception holds a token, whatever a server makes of it."""

from __future__ import annotations

import base64
import http.server
import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.secret import Secret
from gate.providers import PROVIDERS
from gate.sandbox.faults import FaultKind
from gate.sandbox.focus import FocusServer, FocusState
from tests.contract.sweeps.lab import Call, Lab, fault, served
from tests.contract.sweeps.labs import LABS
from tests.contract.sweeps.process import serve_all, write_config
from tests.contract.sweeps.sweeping import Fleet
from tests.emulated.process import run_gate
from tests.support import clean_environ

TOKENS: Mapping[str, tuple[str, ...]] = {
    "github": ("ghp_kQ7zR2mXv9TbL4wYc6HnJ8sPd3FgA5eUoZi1", "ghs_Wn5yK8qVt2JxM7rBz4LcD9hGf6PsE3aUoYi1"),
    "gitlab": ("glpat-Hx3vN8kT6wQzR5mYbJ2c",),
    "jenkins": ("11c4d7e0b9f8a36251c7e9d0b4a8f63521",),
}
PASSWORD = "Jm9%tWq4zXv7Kp2R"
WINDOW = 10  # characters of a secret that nobody may see in a row

EACH_TOKEN = pytest.mark.parametrize(
    ("provider", "token"),
    [pytest.param(name, token, id=f"{name} {token[:4]}") for name in PROVIDERS for token in TOKENS[name]],
)


def parts(secret: str) -> set[str]:
    """Return every part of a secret that would tell of it, plain and in the forms that it is sent in."""
    forms = [secret, quote(secret, safe=""), quote(quote(secret, safe=""), safe="")]
    for start in range(3):  # wherever it begins behind a user's name
        encoded = base64.b64encode(b"\0" * start + secret.encode()).decode()
        inside = encoded[4 if start else 0 :].rstrip("=")[:-1]
        forms += [inside, inside.translate(str.maketrans("+/", "-_"))]
    return {form[at : at + WINDOW] for form in forms for at in range(len(form) - WINDOW + 1)}


def leaks(secrets: Sequence[str], texts: Mapping[str, str]) -> list[str]:
    """Return where a part of a secret stands."""
    telling = set().union(*map(parts, secrets))
    return [f"{name}: {part}" for name, text in texts.items() for part in sorted(telling) if part in text]


def files(folder: Path) -> dict[str, str]:
    """Return what stands in files below a folder, apart from the configuration."""
    return {
        path.name: path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file() and path.name != "gate.yml"
    }


def test_parts_of_a_secret_are_found_in_every_form() -> None:
    secret = TOKENS["gitlab"][0]
    header = base64.b64encode(f"release-bot:{secret}".encode()).decode()
    for text in (f"x{secret}y", header, secret[3:14] + "…", quote(PASSWORD, safe="")):
        assert leaks([secret, PASSWORD], {"here": text})
    assert leaks([secret, PASSWORD], {"here": "glpat-… and nothing else 0123456789"}) == []


def echo(status: int, **more: Any) -> Callable[[Lab, str], None]:
    def order(lab: Lab, token: str) -> None:
        header = base64.b64encode(f"release-bot:{token}".encode()).decode()
        message = f"Bad credentials {token} Basic {header} {quote(token, safe='')}"
        fault(lab, Call.ANY, status=status, message=message, times=9999, **more)

    return order


def redirected(lab: Lab, token: str) -> None:
    location = f"http://release-bot:{token}@127.0.0.1:9/?private_token={token}#{token}"
    fault(lab, Call.ANY, status=302, message=token, headers=(("Location", location),), times=9999)


def named_as_a_permission(lab: Lab, token: str) -> None:
    names = ("X-Accepted-GitHub-Permissions", "X-Required-Permission", "X-OAuth-Scopes", "WWW-Authenticate")
    headers = tuple((name, f"needs {token}") for name in names)
    fault(lab, Call.ANY, status=403, message=f"not for {token}", headers=headers, times=9999)


def only_late(status: int) -> Callable[[Lab, str], None]:
    def order(lab: Lab, token: str) -> None:
        for call in (Call.CANCEL, Call.SWITCH, Call.RERUN):
            fault(lab, call, status=status, message=f"no, {token}", times=9999)

    return order


def nothing(_: Lab, __: str) -> None:
    """Let all go well."""


def cut(lab: Lab, _: str) -> None:
    fault(lab, Call.ANY, FaultKind.RESET, times=9999)


TROUBLES: Mapping[str, Callable[[Lab, str], None]] = {
    "none": nothing,
    "401 that sends the token back": echo(401),
    "403 that sends the token back": echo(403),
    "404 that sends the token back": echo(404),
    "422 that sends the token back": echo(422),
    "500 that sends the token back": echo(500),
    "409 to changes alone": only_late(409),
    "400 to changes alone": only_late(400),
    "503 to changes alone": only_late(503),
    "redirect with the token": redirected,
    "permission with the token": named_as_a_permission,
    "broken connections": cut,
}


@EACH_TOKEN
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_whatever_goes_wrong_with_a_server_no_token_is_told(
    provider: str,
    token: str,
    trouble: Callable[[Lab, str], None],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with served(LABS[provider]()) as lab, caplog.at_level(logging.DEBUG):
        member = replace(lab.member, token=Secret(token))
        fleet = Fleet(labs=(lab,), url=f"sqlite:///{tmp_path.as_posix()}/state.db", members={0: member})
        lab.begin()
        lab.trigger()
        trouble(lab, token)
        swept = [fleet.pause(suspend=True), fleet.resume(rerun="all")]
    told = {f"{place}": f"{one.document} {one.text} {one.state}" for place, one in enumerate(swept)}
    assert leaks([token], {**told, "log": caplog.text, **files(tmp_path), "member": repr(member)}) == []


@EACH_TOKEN
def test_a_token_that_cannot_be_sent_is_not_told(provider: str, token: str, tmp_path: Path) -> None:
    for bad in (f"{token}\n", f"{token}€"):
        with served(LABS[provider]()) as lab:
            member = replace(lab.member, token=Secret(bad))
            fleet = Fleet(labs=(lab,), url=f"sqlite:///{tmp_path.as_posix()}/state.db", members={0: member})
            swept = fleet.pause()
        assert leaks([token], {"receipt": f"{swept.document} {swept.text}", **files(tmp_path)}) == []


@contextmanager
def thief() -> Iterator[tuple[str, list[str]]]:
    """Serve somebody who keeps what is sent to them."""
    came: list[str] = []

    class Keeps(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(f"{self.command} {self.path} {self.headers}")
            self.send_response(200)
            self.end_headers()

        do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keeps)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", came
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_redirect_leads_a_token_to_somebody_else(provider: str, status: int, tmp_path: Path) -> None:
    with served(LABS[provider]()) as lab, thief() as (url, came):
        fleet = Fleet(labs=(lab,), url=f"sqlite:///{tmp_path.as_posix()}/state.db")
        lab.begin()
        fault(lab, Call.ANY, status=status, headers=(("Location", f"{url}/api/v4/x"),), times=9999)
        swept = fleet.pause()
    assert (swept.code, came) == (1, [])


def all_tokens() -> dict[str, str]:
    names = {"github": "LAB_GITHUB_TOKEN", "gitlab": "LAB_GITLAB_TOKEN", "jenkins": "LAB_JENKINS_TOKEN"}
    return {name: TOKENS[provider][0] for provider, name in names.items()}


SECRETS = (*(token for some in TOKENS.values() for token in some), PASSWORD)
COMMANDS = (
    ("check", "--max-age", "0s"),
    ("check", "--format", "json"),
    ("check", "--format", "github", "--output-dir", "out"),
    ("check", "--format", "gitlab", "--output-dir", "out"),
    ("check", "--format", "jenkins", "--output-dir", "out"),
    ("pause-all", "--reason", "x", "--dry-run"),
    ("-vv", "pause-all", "--reason", "x", "--yes", "--suspend-triggers", "--timeout", "2s"),
    ("pause-all", "--reason", "x", "--yes", "--timeout", "2s", "--format", "json"),
    ("status",),
    ("status", "--format", "json"),
    ("-v", "resume-all", "--yes", "--rerun", "all", "--force"),
    ("history", "--verify"),
    ("history", "--format", "json"),
    ("config", "check"),
    ("-vv", "drill", "--projects", "2", "--runs", "2"),
)


@pytest.mark.parametrize("well", [True, False], ids=["well", "refused and unreachable"])
def test_no_command_tells_a_secret(well: bool, tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY if well else FocusState.WAITING
    address = focus.url.replace("://", f"://noa:{quote(PASSWORD, safe='')}@")
    address = address if well else f"{address}/nothing/here"
    ours = {**all_tokens(), "GITHUB_TOKEN": TOKENS["github"][1], "GATE_FOCUS_SERVER": address}
    (tmp_path / "out").mkdir()
    with ExitStack() as stack:
        labs = serve_all(stack)
        write_config(tmp_path, address, labs)
        fleet: tuple[Lab, ...] = labs
        for lab, token in zip(fleet, all_tokens().values(), strict=True):
            lab.begin()
            lab.trigger()
            if not well:
                echo(401)(lab, token)
        said: dict[str, str] = {}
        for arguments in COMMANDS:
            ran = run_gate(tmp_path, *arguments, environ=ours)
            assert ran.code != 70, ran.stderr
            said[" ".join(arguments)] = ran.stdout + ran.stderr
    assert leaks(SECRETS, {**said, **files(tmp_path)}) == []


@pytest.mark.parametrize(
    "state", [f"postgresql://gate:{PASSWORD}@127.0.0.1:1/gate", f"git+https://gate:{PASSWORD}@127.0.0.1:1/x"]
)
def test_a_ledger_that_cannot_be_reached_does_not_tell_its_password(
    state: str, tmp_path: Path, focus: FocusServer
) -> None:
    write_config(tmp_path, focus.url, ())
    for arguments in (("status",), ("history",), ("check",)):
        ran = run_gate(tmp_path, "-v", *arguments, environ={"GATE_STATE": state.replace("%", "%25")})
        assert ran.code != 0
        assert leaks([PASSWORD], {"said": ran.stdout + ran.stderr, **files(tmp_path)}) == []


BUG = """
import gate.fleet.pause as pause

def breaks(posts, journal, hold, *rest, **more):
    shown = [(post.member, vars(post.connection), post.connection) for post in posts]
    raise RuntimeError(f"{shown!r} {shown}")

pause.raise_hold = breaks
from gate.cli import main
main()
"""


def test_a_bug_in_gate_shows_a_traceback_and_no_token(tmp_path: Path, focus: FocusServer) -> None:
    import subprocess

    with ExitStack() as stack:
        write_config(tmp_path, focus.url, serve_all(stack))
        process = subprocess.run(
            [sys.executable, "-c", BUG, "-v", "pause-all", "--reason", "x", "--yes"],
            cwd=tmp_path,
            env=clean_environ(tmp_path / "cache", **all_tokens()),
            capture_output=True,
            timeout=60,
            check=False,
        )
    said = process.stdout.decode() + process.stderr.decode()
    assert process.returncode == 70
    assert "Traceback" in said
    assert "Member(provider='jenkins'" in said
    assert leaks(SECRETS, {"said": said, **files(tmp_path)}) == []


@given(
    secret=st.text(st.characters(codec="utf-8", exclude_characters="…"), min_size=8, max_size=60),
    before=st.sampled_from(["", "u:", "ab:", "release-bot:"]),
    around=st.text(max_size=10),
)
def test_no_secret_is_left_in_what_a_server_sends_back(secret: str, before: str, around: str) -> None:
    credentials = f"{before}{secret}".encode()
    sent = [
        secret,
        quote(secret, safe=""),
        base64.b64encode(credentials).decode(),
        base64.urlsafe_b64encode(credentials).decode(),
    ]
    shown = Secret(secret).taken_out_of(f"{around} {' '.join(sent)} {around}")
    assert "…" in shown
    assert secret not in shown or secret in around
    for header in sent[2:]:
        start = -(-len(before.encode()) // 3) * 4  # what stands before the secret, in whole groups
        assert header[start:-4] not in shown


def test_a_secret_hides_itself_wherever_it_is_written() -> None:
    secret = Secret(PASSWORD)
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}", f"{secret!r:>20}"]
    try:
        raise ValueError(secret, {"token": secret})
    except ValueError as error:
        shown += [repr(error), str(error), *traceback.format_exception(error)]
    assert leaks([PASSWORD], {"shown": " ".join(shown)}) == []
    with pytest.raises(TypeError):
        json.dumps({"token": secret})
