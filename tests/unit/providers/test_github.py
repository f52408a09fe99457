"""Cancelling one's own GitHub run: the real PyGithub against a small server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers import own_run
from gate.providers.github.itself import CANCEL_WAIT
from gate.providers.github.step import GitHubRun
from gate.sandbox.focus import FocusServer
from tests.support import GATE, clean_environ

CANCEL = "POST /api/v3/repos/acme/panda/actions/runs/77/cancel"
RUN = "GET /api/v3/repos/acme/panda/actions/runs/77"


class Api(ThreadingHTTPServer):
    """Answers from `answers`, by method and path: the next one each time, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[tuple[int, object]]] = {}
        self.seen: list[str] = []
        self.tokens: set[str] = set()
        self.redirect_to = ""

    @property
    def url(self) -> str:
        """What the runner would say as `GITHUB_API_URL`, with the path of an Enterprise Server."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v3"


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = f"{self.command} {self.path}"
        self.server.seen.append(request)
        self.server.tokens.add(self.headers.get("Authorization", ""))
        row = self.server.answers.get(request, [(404, {"message": "Not Found"})])
        status, document = row.pop(0) if len(row) > 1 else row[0]
        body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        if self.server.redirect_to:
            self.send_header("Location", self.server.redirect_to)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=5)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def run_of(api_url: str, clock: Clock | None = None) -> GitHubRun:
    clock = clock or Clock()
    return GitHubRun(
        api_url=api_url,
        repository="acme/panda",
        run_id="77",
        token=Secret("t0ken"),
        clock=clock,
        sleep=clock.sleep,
    )


def test_an_accepted_cancel_counts_as_stopped_only_when_the_run_is_seen_completed(api: Api) -> None:
    api.answers = {
        CANCEL: [(202, {})],
        RUN: [(200, {"status": "in_progress"}), (502, "<html>"), (200, {"status": "completed"})],
    }
    (result,) = run_of(api.url).cancel_run()
    assert (result.target, result.outcome) == ("run 77", Outcome.STOPPED)
    assert api.seen == [CANCEL, RUN, RUN, RUN]
    assert api.tokens == {"token t0ken"}


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        pytest.param((200, {"status": "in_progress"}), "status is: in_progress", id="still-running"),
        pytest.param((403, {"message": "no"}), "not readable (403: no)", id="not-readable"),
        pytest.param((200, {}), "status is: {}", id="no-status"),
    ],
)
def test_an_accepted_cancel_that_stops_nothing_survives_within_a_bound(
    api: Api, answer: tuple[int, object], named: str
) -> None:
    clock = Clock()
    api.answers = {CANCEL: [(202, {})], RUN: [answer]}
    (result,) = run_of(api.url, clock).cancel_run()
    assert result.outcome is Outcome.SURVIVED
    assert named in result.detail
    assert clock.now == CANCEL_WAIT


@pytest.mark.parametrize(
    ("status", "message", "outcome", "named"),
    [
        (409, "Cannot cancel a workflow run that is completed.", Outcome.ALREADY_FINISHED, "completed"),
        (
            409,
            "Cannot cancel a workflow run that has not been queued yet.",
            Outcome.SURVIVED,
            "not been queued",
        ),
        (409, "Something else", Outcome.FAILED, "409: Something else"),
        (401, "Bad credentials", Outcome.REFUSED, "GITHUB_TOKEN is not accepted"),
        (403, "Resource not accessible by integration", Outcome.REFUSED, "actions: write"),
        (403, "Resource not accessible by integration", Outcome.REFUSED, "forks"),
        (404, "Not Found", Outcome.REFUSED, "actions: write"),
        (403, "You have exceeded a secondary rate limit.", Outcome.FAILED, "rate limit"),
        (403, "API rate limit exceeded for installation.", Outcome.FAILED, "rate limit"),
        (422, "Unprocessable", Outcome.FAILED, "422: Unprocessable"),
        (429, "Too many", Outcome.FAILED, "429: Too many"),
        (500, "Failed to cancel workflow run", Outcome.FAILED, "500: Failed to cancel"),
    ],
)
def test_a_cancel_that_is_not_accepted_says_why(
    api: Api, status: int, message: str, outcome: Outcome, named: str
) -> None:
    api.answers = {CANCEL: [(status, {"message": message})]}
    (result,) = run_of(api.url).cancel_run()
    assert result.outcome is outcome
    assert named in result.detail
    assert api.seen == [CANCEL]  # asked once: no silent retry, no pause of a minute


def test_the_librarys_own_cancel_hides_these_answers(api: Api) -> None:
    """The reason for going one level down; should this fail, the library has become better."""
    from github import Github

    run_url = f"{api.url}/repos/acme/panda/actions/runs/77"
    for status in (401, 404, 409, 422, 429):
        api.answers = {
            RUN: [(200, {"id": 77, "url": run_url, "cancel_url": f"{run_url}/cancel"})],
            CANCEL: [(status, {"message": "no"})],
        }
        with Github(base_url=api.url, retry=None, lazy=True) as client:
            run = client.get_repo("acme/panda").get_workflow_run(77)
            assert run.cancel() is False


def test_an_answer_that_is_no_json_is_shown_as_one_line(api: Api) -> None:
    api.answers = {CANCEL: [(503, "<html>\n::error::down</html>")]}
    (result,) = run_of(api.url).cancel_run()
    assert result.outcome is Outcome.FAILED
    assert result.detail.startswith("503: <html> ")
    assert "::error" not in result.detail


def test_a_redirect_to_another_host_is_not_followed(api: Api) -> None:
    api.redirect_to = "http://localhost:9/elsewhere"
    api.answers = {CANCEL: [(301, {})]}
    (result,) = run_of(api.url).cancel_run()
    assert result.outcome is Outcome.FAILED
    assert "it leads to http://localhost:9/elsewhere, which is not followed" in result.detail
    assert "t0ken" not in result.detail


def test_an_api_that_cannot_be_reached_is_named() -> None:
    (result,) = run_of("http://127.0.0.1:9").cancel_run()
    assert result.outcome is Outcome.FAILED
    assert "http://127.0.0.1:9" in result.detail


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"])
def test_a_variable_that_is_missing_is_named_and_nothing_is_asked(missing: str) -> None:
    environ = {"GITHUB_TOKEN": "t0ken", "GITHUB_REPOSITORY": "acme/panda", "GITHUB_RUN_ID": "77"}
    environ[missing] = ""
    (result,) = own_run("github", environ).cancel_run()
    assert result.outcome is Outcome.REFUSED
    assert missing in result.detail
    assert ("github.token" in result.detail) == (missing == "GITHUB_TOKEN")


def test_without_a_token_it_is_said_what_holds_the_jobs_back() -> None:
    (result,) = own_run("github", {}).cancel_downstream(("configure*", "load*"))
    assert result.target == "jobs configure*, load*"
    assert result.outcome is Outcome.REFUSED
    assert "GITHUB_TOKEN" in result.detail
    assert "needs.gate.outputs.open == 'true'" in result.detail


def test_the_run_page_needs_no_second_annotation() -> None:
    assert own_run("github", {}).annotate("why", opened=False) == ()


def test_the_token_does_not_show() -> None:
    assert "t0ken" not in repr(own_run("github", {"GITHUB_TOKEN": "t0ken"}))


def test_the_library_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, gate.providers.github; sys.exit('github' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "github", None)
    with pytest.raises(MissingExtra, match=r"fiber-gate\[github\]"):
        run_of("http://127.0.0.1:9").cancel_run()


def test_a_closed_gate_with_cancel_run_cancels_its_run_and_stays_closed(
    api: Api, focus: FocusServer, tmp_path: Path
) -> None:
    api.answers = {CANCEL: [(202, {})], RUN: [(200, {"status": "completed"})]}
    environ = clean_environ(
        tmp_path,
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(tmp_path / "output"),
        GITHUB_API_URL=api.url,
        GITHUB_TOKEN="t0ken",
        GITHUB_REPOSITORY="acme/panda",
        GITHUB_RUN_ID="77",
        GATE_FOCUS_SERVER=focus.url,
    )
    command = [str(GATE), "check", "--cancel-run"]
    done = subprocess.run(
        command, env=environ, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 75
    assert "cancel run 77: stopped" in done.stderr
    assert "t0ken" not in done.stdout + done.stderr
