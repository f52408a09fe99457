"""`gate check` as a process: exit code, JSON, files, and what the lab saw."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.event import HoldRaised
from gate.core.event_codec import note
from gate.core.model import Hold
from gate.fleet.state import open_state
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.process import Ran, run_gate
from tests.support import GATE, clean_environ
from tests.unit.report.runner import commands_in, parse_outputs

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and permissions")


def check(folder: Path, focus: FocusServer, *arguments: str, **environ: str) -> Ran:
    values = {"GATE_FOCUS_SERVER": focus.url, "GATE_ENVIRONMENT": "staging", **environ}
    return run_gate(folder, "check", *arguments, environ=values)


@pytest.mark.parametrize(
    ("state", "exit_code", "verdict", "code"),
    [
        (FocusState.READY, 0, "ready", "ready"),
        (FocusState.WAITING, 75, "waiting_for_fiber", "waiting_for_fiber"),
        (FocusState.DOWN, 69, "unknown", "unreachable"),
        (FocusState.MALFORMED, 69, "unknown", "malformed"),
        (FocusState.MISSING, 69, "unknown", "metadata_unavailable"),
    ],
)
def test_exit_code_and_json_follow_the_lab(
    tmp_path: Path, focus: FocusServer, state: FocusState, exit_code: int, verdict: str, code: str
) -> None:
    focus.state = state
    ran = check(tmp_path, focus, "--format", "json")
    said = json.loads(ran.stdout)
    assert ran.code == exit_code
    assert (said["open"], said["state"], said["code"]) == (exit_code == 0, verdict, code)
    assert said["schema"] == "gate.check/1"
    assert (said["environment"], said["hold"]) == ("staging", None)
    assert said["protects"] == ["configure*", "load*"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["checked_at"])
    assert 0 <= said["age_seconds"] < 5
    assert said["reason"].startswith("staging: ")
    assert "POST /configure" not in focus.seen


def test_the_evidence_is_what_the_lab_said(tmp_path: Path, focus: FocusServer) -> None:
    said = json.loads(check(tmp_path, focus, "--format", "json").stdout)
    assert said["evidence"] == {"prr": 0.0, "sw_version": "waiting for fiber"}


def test_a_slow_lab_is_given_up_after_three_timeouts(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.SLOW
    (tmp_path / "gate.yml").write_text(
        f"environments: {{staging: {{focus_server: '{focus.url}', timeout: 500ms}}}}", encoding="utf-8"
    )
    started = time.monotonic()
    ran = run_gate(tmp_path, "check", "--format", "json")
    assert time.monotonic() - started < 6
    assert (ran.code, json.loads(ran.stdout)["code"]) == (69, "timeout")


def test_a_person_reads_one_line(tmp_path: Path, focus: FocusServer) -> None:
    ran = check(tmp_path, focus)
    assert re.fullmatch(
        r'CLOSED  staging: waiting for fiber \(prr 0\.0, sw_version "waiting for fiber"\) since \d\d:\d\dZ; '
        r"configure\* and load\* are held back\n",
        ran.stdout,
    )
    assert ran.stderr == ""


class TestHold:
    """`GATE_HOLD` closes a ready lab, unless it is over."""

    @pytest.mark.parametrize(
        ("hold", "exit_code", "words"),
        [
            ("fibre splice at km 12", 75, "held: fibre splice at km 12"),
            ('{"id": "H1", "reason": "סיב מנותק", "by": "dana"}', 75, "held by dana: סיב מנותק (hold H1)"),
            ('{"reason": "x", "until": "2020-01-01T00:00:00Z"}', 0, "ready"),
            ('{"reason": "x", "until": "soon"}', 75, "GATE_HOLD is not a readable hold"),
            ('{"reason": "x"', 75, "GATE_HOLD is not a readable hold"),
            ('{"reason": "x", "scope": ["kefar_saba"]}', 0, "ready"),
            ('{"reason": "x", "scope": {"providers": ["github"]}}', 75, "held: x"),
            ("", 0, "ready"),
        ],
    )
    def test_what_it_says_counts(
        self, tmp_path: Path, focus: FocusServer, hold: str, exit_code: int, words: str
    ) -> None:
        focus.state = FocusState.READY
        ran = check(tmp_path, focus, "--format", "json", GATE_HOLD=hold)
        said = json.loads(ran.stdout)
        assert (ran.code, said["state"]) == (exit_code, "held" if exit_code else "ready")
        assert words in said["reason"]

    def test_a_hold_for_another_ci_system_is_not_for_this_run(
        self, tmp_path: Path, focus: FocusServer
    ) -> None:
        focus.state = FocusState.READY
        hold = '{"reason": "x", "scope": {"providers": ["gitlab"], "projects": ["lab/*"]}}'
        inside = {"JENKINS_URL": "http://127.0.0.1:1/", "JOB_NAME": "panda"}
        assert check(tmp_path, focus, "--format", "json", GATE_HOLD=hold, **inside).code == 0

    def test_the_json_shows_the_hold_whole(self, tmp_path: Path, focus: FocusServer) -> None:
        hold = {
            "id": "H1",
            "reason": "splicing",
            "by": "dana",
            "category": "maintenance",
            "until": "2099-01-01T00:00:00Z",
            "scope": {"environments": ["staging"], "providers": [], "projects": []},
        }
        ran = check(tmp_path, focus, "--format", "json", GATE_HOLD=json.dumps(hold))
        assert (ran.code, json.loads(ran.stdout)["hold"]) == (75, hold)


class TestFormats:
    """`auto` recognises the CI system by its environment, and each finds its files."""

    def test_github(self, tmp_path: Path, focus: FocusServer) -> None:
        out, summary = tmp_path / "out", tmp_path / "summary.md"
        out.write_text("earlier=1\n", encoding="utf-8")
        values = {"GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(summary)}
        ran = check(tmp_path, focus, GITHUB_ACTIONS="true", **values)
        outputs = parse_outputs(out.read_text(encoding="utf-8"))
        (command,) = commands_in(ran.stdout + ran.stderr)
        assert ran.code == 75
        assert outputs.pop("earlier") == "1"
        assert (outputs["open"], outputs["state"]) == ("false", "waiting_for_fiber")
        assert command.data == outputs["reason"]
        assert "waiting for fiber" in summary.read_text(encoding="utf-8")

    def test_gitlab(self, tmp_path: Path, focus: FocusServer) -> None:
        ran = check(tmp_path, focus, "--output-dir", "reports", GITLAB_CI="true")
        folder = tmp_path / "reports"
        assert ran.code == 75
        assert {path.name for path in folder.iterdir()} == {
            "gate.env",
            "gl-annotations.json",
            "gate-junit.xml",
        }
        assert "GATE_OPEN=false" in (folder / "gate.env").read_text(encoding="utf-8")
        assert "section_start" in ran.stdout

    def test_jenkins(self, tmp_path: Path, focus: FocusServer) -> None:
        ran = check(tmp_path, focus, JENKINS_URL="http://127.0.0.1:1/")
        assert ran.code == 75
        assert ran.stdout.startswith("open=false\tstate=waiting_for_fiber\t")
        assert (tmp_path / "gate-junit.xml").exists()

    def test_text_elsewhere(self, tmp_path: Path, focus: FocusServer) -> None:
        check(tmp_path, focus)
        assert {path.name for path in tmp_path.iterdir()} == {"cache"}

    def test_the_person_may_choose(self, tmp_path: Path, focus: FocusServer) -> None:
        ran = check(tmp_path, focus, "--format", "json", GITHUB_ACTIONS="true")
        assert json.loads(ran.stdout)["open"] is False


class TestChild:
    """The dynamic child pipeline of GitLab."""

    def test_it_holds_the_real_jobs_only_when_open(self, tmp_path: Path, focus: FocusServer) -> None:
        jobs = tmp_path / "lab.yml"
        jobs.write_bytes(b"load: {script: [./load.sh]}\r\n")
        arguments = ("--child-from", "lab.yml", "--format", "gitlab")
        assert check(tmp_path, focus, *arguments).code == 75
        assert b"load.sh" not in (tmp_path / "gate-child.yml").read_bytes()
        focus.state = FocusState.READY
        assert check(tmp_path, focus, *arguments, "--max-age", "0s").code == 0
        assert (tmp_path / "gate-child.yml").read_bytes() == jobs.read_bytes()

    @pytest.mark.parametrize("content", [None, b"", b" \n"])
    def test_jobs_that_are_not_there_are_told(
        self, tmp_path: Path, focus: FocusServer, content: bytes | None
    ) -> None:
        if content is not None:
            (tmp_path / "lab.yml").write_bytes(content)
        ran = check(tmp_path, focus, "--child-from", "lab.yml", "--format", "gitlab")
        assert (ran.code, "--child-from" in ran.stderr) == (78, True)

    def test_what_an_earlier_run_left_is_gone_before_anything_else(
        self, tmp_path: Path, focus: FocusServer
    ) -> None:
        for name in ("gate-child.yml", "gate.env"):
            (tmp_path / name).write_text("GATE_OPEN=true", encoding="utf-8")
        ran = check(tmp_path, focus, "--format", "gitlab", "--child-from", "missing.yml")
        assert ran.code == 78
        assert not (tmp_path / "gate-child.yml").exists()
        assert not (tmp_path / "gate.env").exists()


class TestBadInput:
    """One clear message, the documented exit code, no traceback."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("environments: {staging: {focus_server: 'http://x', timout: 1s}}", "did you mean timeout?"),
            (
                "environments: {staging: {focus_server: 'http://x'}}\nprotect: 7",
                "protect: expected a list, found 7",
            ),
            ("environments: {staging: {focus_server: 'http://${LAB}'}}", "${LAB} is not set"),
            ("environments: {staging: {focus_server: lab/focus}}", "(it has no scheme http:// or https://)"),
            (
                "environments: {other: {focus_server: 'http://x'}}",
                "unknown environment 'staging'; known are other",
            ),
        ],
    )
    def test_a_wrong_file(self, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "gate.yml").write_text(text, encoding="utf-8")
        ran = run_gate(tmp_path, "check", "--environment", "staging")
        assert (ran.code, ran.stdout) == (78, "")
        (line,) = ran.stderr.splitlines()
        assert line.startswith("gate: gate.yml: ")
        assert message in line

    def test_an_unreadable_file(self, tmp_path: Path) -> None:
        ran = run_gate(tmp_path, "--config", "nowhere.yml", "check")
        assert (ran.code, ran.stderr) == (
            78,
            "gate: nowhere.yml: cannot be read: No such file or directory\n",
        )

    def test_no_configuration_at_all(self, tmp_path: Path) -> None:
        ran = run_gate(tmp_path, "check")
        assert ran.code == 78
        assert "set GATE_FOCUS_SERVER" in ran.stderr

    @pytest.mark.parametrize("format_", ["json", "github", "gitlab", "jenkins"])
    def test_a_pipeline_is_told_closed_and_why(self, tmp_path: Path, format_: str) -> None:
        out = tmp_path / "out"
        environ = {"GATE_FOCUS_SERVER": "lab/focus", "GITHUB_OUTPUT": str(out)}
        ran = run_gate(tmp_path, "check", "--format", format_, environ=environ)
        said = ran.stdout + (out.read_text(encoding="utf-8") if out.exists() else "")
        said += (tmp_path / "gate.env").read_text(encoding="utf-8") if format_ == "gitlab" else ""
        assert ran.code == 78
        assert "misconfigured" in said
        assert "GATE_FOCUS_SERVER: expected a URL" in said
        assert "GATE_FOCUS_SERVER: expected a URL" in ran.stderr

    def test_a_focus_server_that_redirects_elsewhere(self, tmp_path: Path) -> None:
        answer = b"HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nContent-Length: 0\r\n\r\n"
        with answering(answer) as port:
            ran = run_gate(tmp_path, "check", environ={"GATE_FOCUS_SERVER": f"http://127.0.0.1:{port}"})
        assert ran.code == 69
        assert "redirects to https://login.example/, another host" in ran.stdout

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--wait", "10"),
            ("--max-age", "-1s"),
            ("--format", "xml"),
            ("--nonsense",),
            ("surplus",),
        ],
    )
    def test_wrong_usage(self, tmp_path: Path, focus: FocusServer, arguments: tuple[str, ...]) -> None:
        ran = check(tmp_path, focus, *arguments)
        assert (ran.code, ran.stdout) == (2, "")
        assert "Usage: gate check" in ran.stderr

    @pytest.mark.parametrize(
        "environ",
        [
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": "no/such\0folder".replace("\0", "/") + "/x",
                "blocked": "1",
            },
            {"GITHUB_ACTIONS": "true"},
        ],
        ids=["unwritable", "unset"],
    )
    @pytest.mark.parametrize("state", [FocusState.READY, FocusState.WAITING])
    def test_an_output_file_that_cannot_be_written_fails_the_step(
        self, tmp_path: Path, focus: FocusServer, environ: dict[str, str], state: FocusState
    ) -> None:
        (tmp_path / "no").write_text("a file where a folder should be", encoding="utf-8")
        focus.state = state
        ran = check(tmp_path, focus, **environ)
        assert (ran.code, ran.stdout) == (78, "")
        assert "GITHUB_OUTPUT" in ran.stderr

    def test_a_dotenv_file_that_cannot_be_written_fails_the_job(
        self, tmp_path: Path, focus: FocusServer
    ) -> None:
        focus.state = FocusState.READY
        (tmp_path / "reports").write_text("a file where a folder should be", encoding="utf-8")
        ran = check(tmp_path, focus, "--format", "gitlab", "--output-dir", "reports")
        assert ran.code == 78
        assert "never read as open" in ran.stderr or "old verdict" in ran.stderr

    def test_a_summary_that_cannot_be_written_is_a_note(self, tmp_path: Path, focus: FocusServer) -> None:
        (tmp_path / "no").write_text("", encoding="utf-8")
        values = {"GITHUB_OUTPUT": str(tmp_path / "out"), "GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "s")}
        focus.state = FocusState.READY
        ran = check(tmp_path, focus, GITHUB_ACTIONS="true", **values)
        assert ran.code == 0
        assert "note: GITHUB_STEP_SUMMARY: cannot write" in ran.stderr

    @POSIX
    def test_a_full_disk_behind_stdout_is_not_open(self, tmp_path: Path, focus: FocusServer) -> None:
        focus.state = FocusState.READY
        with Path("/dev/full").open("wb") as full:
            process = subprocess.run(
                [GATE, "check"],
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=tmp_path,
                env=clean_environ(tmp_path, GATE_FOCUS_SERVER=focus.url),
                timeout=30,
                check=False,
            )
        assert process.returncode == 78
        assert b"standard output: cannot write the verdict" in process.stderr

    @pytest.mark.parametrize("place", ["variable", "file", "option"])
    def test_a_ledger_that_cannot_be_read_is_closed(
        self, tmp_path: Path, focus: FocusServer, place: str
    ) -> None:
        (tmp_path / "state.db").write_bytes(b"no ledger")
        url = "sqlite:///state.db"
        text = f"environments: {{staging: {{focus_server: '{focus.url}'}}}}\n"
        text += f"state: {url}\n" if place == "file" else ""
        (tmp_path / "gate.yml").write_text(text, encoding="utf-8")
        focus.state = FocusState.READY
        arguments = ("--state", url) if place == "option" else ()
        environ = {"GATE_STATE": url} if place == "variable" else {}
        ran = run_gate(tmp_path, *arguments, "check", environ=environ)
        assert ran.code == 78
        assert "state.db" in ran.stderr

    @pytest.mark.parametrize("state", ["git://x/y#refs/gate/state", "state.db", "redis://x"])
    def test_a_ledger_of_an_unknown_kind_is_closed(
        self, tmp_path: Path, focus: FocusServer, state: str
    ) -> None:
        focus.state = FocusState.READY
        ran = check(tmp_path, focus, GATE_STATE=state)
        assert (ran.code, "expected a URL that begins with one of" in ran.stderr) == (78, True)

    def test_a_hold_in_the_ledger_closes_the_gate(self, tmp_path: Path, focus: FocusServer) -> None:
        raise_hold(f"sqlite:///{tmp_path}/state.db", Hold(id="H9", reason="splicing", by="dana"))
        focus.state = FocusState.READY
        ran = check(tmp_path, focus, "--format", "json", GATE_STATE=f"sqlite:///{tmp_path}/state.db")
        said = json.loads(ran.stdout)
        assert (ran.code, said["state"], said["hold"]["id"]) == (75, "held", "H9")

    @pytest.mark.parametrize("word", ["ready", "waiting_for_fiber", "held", "unknown", ""])
    def test_the_state_that_an_earlier_gate_step_left_is_no_ledger(
        self, tmp_path: Path, focus: FocusServer, word: str
    ) -> None:
        focus.state = FocusState.READY
        assert check(tmp_path, focus, GATE_STATE=word, GATE_OPEN="false").code == 0

    def test_a_ledger_that_nobody_has_written_yet_holds_nothing(
        self, tmp_path: Path, focus: FocusServer
    ) -> None:
        text = f"environments: {{staging: {{focus_server: '{focus.url}'}}}}\nstate: sqlite:///.gate/state.db"
        (tmp_path / "gate.yml").write_text(text, encoding="utf-8")
        focus.state = FocusState.READY
        assert run_gate(tmp_path, "check").code == 0


def raise_hold(url: str, hold: Hold) -> None:
    """Write a hold into a new ledger."""
    with closing(open_state(url)) as ledger:
        ledger.append([note(HoldRaised(hold=hold), datetime.now(UTC), "dana")], 0)


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Answer every connection with the same bytes."""
    from tests.unit.probe.servers import raw_server

    with raw_server(lambda connection: connection.sendall(answer)) as server:
        yield server.port


class TestTls:
    """Switched off, it warns on every check."""

    def test_every_check_warns(self, tmp_path: Path, focus: FocusServer) -> None:
        for _ in range(2):
            ran = check(tmp_path, focus, GATE_VERIFY_TLS="false")
            assert "warning: verify_tls is false for staging" in ran.stderr
        assert "warning" not in check(tmp_path, focus).stderr


class TestSharedReading:
    """Gates on one machine share one reading."""

    def test_the_second_gate_does_not_ask(self, tmp_path: Path, focus: FocusServer) -> None:
        first = json.loads(check(tmp_path, focus, "--format", "json", "--max-age", "1m").stdout)
        second = json.loads(check(tmp_path, focus, "--format", "json", "--max-age", "1m").stdout)
        assert focus.seen["GET /live_metadata"] == 1
        assert first["checked_at"] == second["checked_at"]
        assert second["age_seconds"] > first["age_seconds"]

    def test_0s_asks(self, tmp_path: Path, focus: FocusServer) -> None:
        for _ in range(2):
            check(tmp_path, focus, "--max-age", "0s")
        assert focus.seen["GET /live_metadata"] == 2

    def test_two_hundred_gates_at_once_cost_the_lab_a_handful_of_requests(
        self, tmp_path: Path, focus: FocusServer
    ) -> None:
        environ = clean_environ(tmp_path, GATE_FOCUS_SERVER=focus.url)
        command = [str(GATE), "check", "--format", "json"]
        started = time.monotonic()
        gates = [
            subprocess.Popen(
                command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(200)
        ]
        answers = [gate.communicate(timeout=120) for gate in gates]
        took = time.monotonic() - started
        assert {gate.returncode for gate in gates} == {75}
        assert all(json.loads(out)["state"] == "waiting_for_fiber" for out, _ in answers)
        asked = focus.seen["GET /live_metadata"]
        assert asked <= took // 5 + 1, f"{asked} requests in {took:.1f} s"


class TestWaiting:
    """`--wait` asks again, seldom, until ready, held, or the time is over."""

    def test_it_opens_when_the_lab_comes_back(self, tmp_path: Path, focus: FocusServer) -> None:
        process = start(tmp_path, focus, "--wait", "1m")
        wait_for(lambda: focus.seen["GET /live_metadata"] == 1)
        focus.state = FocusState.READY
        out, said = process.communicate(timeout=30)
        assert (process.returncode, out.startswith(b"OPEN")) == (0, True)
        assert b"asking again in" in said
        assert focus.seen["GET /live_metadata"] == 2

    def test_it_ends_with_its_time(self, tmp_path: Path, focus: FocusServer) -> None:
        started = time.monotonic()
        ran = check(tmp_path, focus, "--wait", "12s")
        assert 5 <= time.monotonic() - started < 25
        assert ran.code == 75
        assert focus.seen["GET /live_metadata"] in (2, 3)

    def test_it_does_not_wait_for_a_person(self, tmp_path: Path, focus: FocusServer) -> None:
        started = time.monotonic()
        ran = check(tmp_path, focus, "--wait", "10m", GATE_HOLD="splicing")
        assert time.monotonic() - started < 10
        assert (ran.code, focus.seen["GET /live_metadata"]) == (75, 1)

    @POSIX
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_at_once_and_closed(
        self, tmp_path: Path, focus: FocusServer, number: signal.Signals
    ) -> None:
        out = tmp_path / "out"
        values = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(out)}
        process = start(tmp_path, focus, "--wait", "10m", **values)
        wait_for(lambda: focus.seen["GET /live_metadata"] == 1)
        time.sleep(0.3)
        process.send_signal(number)
        _, said = process.communicate(timeout=10)
        assert process.returncode == 130
        assert b"interrupted" in said
        assert not out.exists()


def start(folder: Path, focus: FocusServer, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [GATE, "check", *arguments],
        cwd=folder,
        env=clean_environ(folder / "cache", GATE_FOCUS_SERVER=focus.url, **environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class TestTerminal:
    """What a person's terminal shows."""

    @POSIX
    @pytest.mark.parametrize(
        ("environ", "coloured"),
        [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
    )
    def test_colour_only_on_a_terminal_that_wants_it(
        self, tmp_path: Path, focus: FocusServer, environ: dict[str, str], coloured: bool
    ) -> None:
        if sys.platform == "win32":
            return
        import pty

        parent, child = pty.openpty()
        values = {"TERM": "xterm", **environ, "GATE_FOCUS_SERVER": focus.url}
        subprocess.run(
            [GATE, "check"],
            stdout=child,
            stderr=child,
            cwd=tmp_path,
            env=clean_environ(tmp_path, **values),
            timeout=30,
            check=False,
        )
        os.close(child)
        assert (b"\x1b[" in os.read(parent, 65536)) is coloured
        os.close(parent)

    def test_a_pipe_gets_no_colour(self, tmp_path: Path, focus: FocusServer) -> None:
        assert "\x1b" not in check(tmp_path, focus).stdout

    @pytest.mark.parametrize("encoding", ["cp1252", "cp862", "ascii"])
    def test_hebrew_and_emoji_are_utf_8_whatever_the_console_says(
        self, tmp_path: Path, focus: FocusServer, encoding: str
    ) -> None:
        ran = check(tmp_path, focus, GATE_HOLD="ממתין לסיב 🧪", PYTHONIOENCODING=encoding, LC_ALL="C")
        assert "ממתין לסיב 🧪" in ran.stdout


def test_a_password_in_the_address_is_printed_nowhere(tmp_path: Path, focus: FocusServer) -> None:
    address = focus.url.replace("http://", "http://dana:geheim@")
    out, summary = tmp_path / "out", tmp_path / "summary"
    for state in (FocusState.WAITING, FocusState.DOWN, FocusState.MALFORMED):
        focus.state = state
        for format_ in ("text", "json", "github", "gitlab", "jenkins"):
            environ = {
                "GATE_FOCUS_SERVER": address,
                "GITHUB_OUTPUT": str(out),
                "GITHUB_STEP_SUMMARY": str(summary),
            }
            ran = run_gate(tmp_path, "-v", "check", "--max-age", "0s", "--format", format_, environ=environ)
            assert "geheim" not in ran.stdout + ran.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 6
    assert not any(b"geheim" in path.read_bytes() for path in written)


@POSIX
def test_what_gate_keeps_is_for_its_user_alone(tmp_path: Path, focus: FocusServer) -> None:
    check(tmp_path, focus)
    for path in (tmp_path / "cache" / "fiber-gate").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_lab_on_no_port_is_refused_by_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ran = run_gate(tmp_path, "check", environ={"GATE_FOCUS_SERVER": f"http://127.0.0.1:{port}"})
    assert ran.code == 69
    assert f"127.0.0.1:{port} refuses the connection" in ran.stdout
