"""Does gate change its own GitLab pipeline as asked, and tell what came of it?"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gate.core.secret import Secret
from gate.core.work import Outcome
from gate.errors import MissingExtra
from gate.providers.gitlab import GitLabRun, own_run
from gate.providers.gitlab.downstream import LOOKS
from gate.providers.protocol import Result

PROTECT = ("configure*", "load*")
PIPELINE = "/api/v4/projects/7/pipelines/70"

Answer = tuple[int, object]


@dataclass
class FakeJob:
    """A job as the fake has it; `dies_after` looks it turns from canceling to canceled, or never."""

    id: int
    name: str
    status: str = "created"
    stage: str = "lab"
    dies_after: int | None = 0
    cancel_answer: int = 201

    def cancel(self) -> None:
        if self.status not in ("success", "failed", "canceled", "skipped"):
            self.status = "canceled" if self.dies_after == 0 else "canceling"

    def look(self) -> None:
        if self.status == "canceling" and self.dies_after is not None:
            self.dies_after -= 1
            self.status = "canceled" if self.dies_after <= 0 else "canceling"


@dataclass
class FakeGitLab:
    """One pipeline; `answers` are given once each, in order, to a path before it works as usual."""

    jobs: list[FakeJob] = field(default_factory=list)
    triggers: list[FakeJob] = field(default_factory=list)
    status: str = "running"
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[object] = field(default_factory=list)
    next_page: str = ""

    def answer(self, method: str, path: str, page: int) -> Answer:
        self.requests.append(f"{method} {path}")
        if self.answers.get(path):
            return self.answers[path].pop(0)
        last = path.rpartition("/")[2]
        if last == "graphql":
            return 200, {"data": {"projects": {"nodes": []}}}
        if last in ("jobs", "trigger_jobs"):
            return self.listing(self.jobs if last == "jobs" else self.triggers, page)
        if last == "metadata":
            return 200, {"id": 70}
        if path.startswith("/api/v4/projects/7/jobs/"):
            return self.cancel(int(path.split("/")[-2]))
        if path == f"{PIPELINE}/cancel":
            self.status = "canceling"
        return 200, {"id": 70, "status": self.status}

    def listing(self, jobs: Sequence[FakeJob], page: int) -> Answer:
        if page == 1:
            for job in jobs:
                job.look()
        chosen = jobs[100 * (page - 1) : 100 * page]
        return 200, [
            {"id": job.id, "name": job.name, "stage": job.stage, "status": job.status} for job in chosen
        ]

    def cancel(self, number: int) -> Answer:
        job = next(job for job in self.jobs if job.id == number)
        if job.cancel_answer == 201:
            job.cancel()
            return 201, {"id": number, "status": job.status}
        return job.cancel_answer, {"message": f"{job.cancel_answer} Forbidden"}

    def cancelled(self) -> list[int]:
        return [int(line.split("/")[-2]) for line in self.requests if "/jobs/" in line]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeGitLab

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def _any(self) -> None:
        fake = self.server.fake
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fake.headers.append(dict(self.headers.items()))
        fake.bodies.append(json.loads(body) if body else None)
        parts = urlsplit(self.path)
        page = int(parse_qs(parts.query).get("page", ["1"])[0])
        status, document = fake.answer(self.command, parts.path, page)
        content = json.dumps(document).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", str(document))
        if isinstance(document, list) and len(document) == 100:
            base = fake.next_page or self.server.url
            self.send_header("Link", f'<{base}{parts.path}?per_page=100&page={page + 1}>; rel="next"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _any


Start = Callable[[FakeGitLab], str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a fake and return its address; every fake ends with the test."""
    servers: list[_Server] = []

    def run(fake: FakeGitLab) -> str:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.fake = fake
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server.url

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


@dataclass
class Pauses:
    """Takes the place of sleeping: time goes by all the same."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def now(self) -> float:
        return sum(self.seconds)


def run_at(url: str, pauses: Pauses | None = None, /, **values: str) -> GitLabRun:
    environ = {
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_PROJECT_ID": "7",
        "CI_PIPELINE_ID": "70",
        "CI_JOB_ID": "1",
        "CI_JOB_TOKEN": "job-secret",
        "GITLAB_TOKEN": "api-secret",
        **values,
    }
    pauses = pauses or Pauses()
    return replace(own_run(environ), sleep=pauses, clock=pauses.now)


def outcomes(results: Sequence[Result]) -> dict[str, Outcome]:
    return {result.target: result.outcome for result in results}


class TestTheName:
    """Does the pipeline's name carry the reason, and only where it should?"""

    def test_a_closed_gate_renames_the_pipeline_with_the_job_token_alone(self, start: Start) -> None:
        fake = FakeGitLab()
        results = run_at(start(fake)).annotate("staging: waiting for fiber", opened=False)
        assert outcomes(results) == {"pipeline name": Outcome.DONE}
        assert fake.requests == [f"PUT {PIPELINE}/metadata"]
        assert fake.bodies == [{"name": "gate: staging: waiting for fiber"}]
        assert fake.headers[0]["JOB-TOKEN"] == "job-secret"
        assert "api-secret" not in str(fake.headers)

    def test_a_name_fits_into_what_gitlab_takes(self, start: Start) -> None:
        fake = FakeGitLab()
        run_at(start(fake)).annotate("א" * 400, opened=False)
        (body,) = fake.bodies
        assert isinstance(body, dict)
        assert len(body["name"]) == 255

    @pytest.mark.parametrize(
        ("name", "renamed"),
        [
            pytest.param("", False, id="never named"),
            pytest.param("nightly", False, id="named by the project"),
            pytest.param("gate: staging: waiting for fiber", True, id="named by a gate that was closed"),
        ],
    )
    def test_an_open_gate_takes_back_only_what_a_closed_one_wrote(
        self, start: Start, name: str, renamed: bool
    ) -> None:
        fake = FakeGitLab()
        run_at(start(fake), CI_PIPELINE_NAME=name).annotate("staging: ready", opened=True)
        assert fake.bodies == ([{"name": "gate: staging: ready"}] if renamed else [])

    def test_without_a_job_token_nothing_is_asked_and_nothing_said(self, start: Start) -> None:
        fake = FakeGitLab()
        assert run_at(start(fake), CI_JOB_TOKEN="").annotate("closed", opened=False) == ()
        assert fake.requests == []

    @pytest.mark.parametrize(
        ("status", "outcome", "words"),
        [
            (401, Outcome.REFUSED, "does not accept CI_JOB_TOKEN"),
            (403, Outcome.REFUSED, "Developer role"),
            (404, Outcome.REFUSED, "16.6"),
            (429, Outcome.REFUSED, "too many requests"),
            (500, Outcome.FAILED, "500"),
        ],
    )
    def test_a_refusal_is_a_result_that_says_what_was_missing(
        self, start: Start, status: int, outcome: Outcome, words: str
    ) -> None:
        fake = FakeGitLab(answers={f"{PIPELINE}/metadata": [(status, {"message": "no"})]})
        (result,) = run_at(start(fake)).annotate("closed", opened=False)
        assert result.outcome is outcome
        assert words in result.detail

    def test_a_redirect_does_not_get_the_job_token(self, start: Start) -> None:
        elsewhere = FakeGitLab()
        target = f"{start(elsewhere)}/api/v4/elsewhere"
        fake = FakeGitLab(answers={f"{PIPELINE}/metadata": [(307, target)]})
        (result,) = run_at(start(fake)).annotate("closed", opened=False)
        assert result.outcome is Outcome.FAILED
        assert "redirects" in result.detail
        assert elsewhere.requests == []

    @pytest.mark.parametrize(
        "values",
        [
            pytest.param({"CI_API_V4_URL": "http://127.0.0.1:1/api/v4"}, id="nobody there"),
            pytest.param({"CI_API_V4_URL": "no address"}, id="no address"),
            pytest.param({"CI_PIPELINE_ID": ""}, id="no pipeline"),
        ],
    )
    def test_a_name_that_cannot_be_set_is_no_exception(self, start: Start, values: dict[str, str]) -> None:
        (result,) = run_at(start(FakeGitLab()), None, **values).annotate("closed", opened=False)
        assert result.outcome is Outcome.FAILED
        assert "secret" not in result.detail

    def test_the_runners_ca_file_is_what_verifies(self, tmp_path: Path) -> None:
        run = run_at("https://127.0.0.1:1", CI_SERVER_TLS_CA_FILE=str(tmp_path / "ca.crt"))
        (result,) = run.annotate("closed", opened=False)
        assert "ca.crt" in result.detail


class TestCancelDownstream:
    """Are exactly the protected jobs cancelled, and does each result say what was seen?"""

    def test_protected_jobs_are_cancelled_by_name_or_stage_and_no_others(self, start: Start) -> None:
        fake = FakeGitLab(
            jobs=[
                FakeJob(1, "load-gate", "running"),  # CI_JOB_ID: this process
                FakeJob(2, "Configure-Live", "pending"),
                FakeJob(3, "soak", "created", stage="LOAD tests"),
                FakeJob(4, "unit", "running"),
                FakeJob(5, "configure", "success"),
            ]
        )
        results = run_at(start(fake)).cancel_downstream(PROTECT)
        assert outcomes(results) == {
            "job Configure-Live (2)": Outcome.STOPPED,
            "job soak (3)": Outcome.STOPPED,
        }
        assert fake.cancelled() == [2, 3]
        assert "job-secret" not in str(fake.headers)

    def test_jobs_beyond_the_first_page_are_cancelled_too(self, start: Start) -> None:
        fake = FakeGitLab(jobs=[FakeJob(100 + number, f"load {number}") for number in range(250)])
        results = run_at(start(fake)).cancel_downstream(PROTECT)
        assert len(results) == 250
        assert {result.outcome for result in results} == {Outcome.STOPPED}

    def test_a_running_job_is_looked_at_until_it_is_canceled(self, start: Start) -> None:
        fake, pauses = FakeGitLab(jobs=[FakeJob(2, "load", "running", dies_after=3)]), Pauses()
        (result,) = run_at(start(fake), pauses).cancel_downstream(PROTECT)
        assert result.outcome is Outcome.STOPPED
        assert len(pauses.seconds) == 2

    def test_a_job_that_never_ends_is_a_survivor_after_a_bounded_wait(self, start: Start) -> None:
        fake, pauses = FakeGitLab(jobs=[FakeJob(2, "load", "running", dies_after=None)]), Pauses()
        (result,) = run_at(start(fake), pauses).cancel_downstream(PROTECT)
        assert (result.outcome, result.detail) == (Outcome.SURVIVED, "GitLab says canceling")
        assert len(pauses.seconds) == LOOKS - 1

    def test_an_unknown_status_counts_as_not_stopped(self, start: Start) -> None:
        fake = FakeGitLab(jobs=[FakeJob(2, "load", "hibernating", cancel_answer=201, dies_after=None)])
        fake.jobs[0].cancel = lambda: None  # type: ignore[method-assign]
        (result,) = run_at(start(fake)).cancel_downstream(PROTECT)
        assert (result.outcome, result.detail) == (Outcome.SURVIVED, "GitLab says hibernating")

    def test_a_job_that_ended_by_itself_meanwhile_was_not_stopped(self, start: Start) -> None:
        fake = FakeGitLab(jobs=[FakeJob(2, "load", "running")])
        fake.jobs[0].cancel = lambda: setattr(fake.jobs[0], "status", "success")  # type: ignore[method-assign]
        (result,) = run_at(start(fake)).cancel_downstream(PROTECT)
        assert (result.outcome, result.detail) == (Outcome.ALREADY_FINISHED, "GitLab says success")

    def test_manual_jobs_and_trigger_jobs_are_left_alone_and_named(self, start: Start) -> None:
        fake = FakeGitLab(jobs=[FakeJob(2, "load", "manual")], triggers=[FakeJob(3, "load-child", "created")])
        results = run_at(start(fake)).cancel_downstream(PROTECT)
        assert outcomes(results) == {
            "job load (2)": Outcome.SURVIVED,
            "job load-child (3)": Outcome.SURVIVED,
        }
        assert fake.cancelled() == []

    def test_an_older_gitlab_lists_trigger_jobs_as_bridges(self, start: Start) -> None:
        fake = FakeGitLab(answers={f"{PIPELINE}/trigger_jobs": [(404, {"error": "404 Not Found"})]})
        fake.answers[f"{PIPELINE}/bridges"] = [
            (200, [{"id": 3, "name": "load", "stage": "s", "status": "created"}])
        ]
        assert outcomes(run_at(start(fake)).cancel_downstream(PROTECT)) == {"job load (3)": Outcome.SURVIVED}

    @pytest.mark.parametrize(
        ("status", "words"), [(401, "does not accept"), (403, "Developer role"), (404, "scope api")]
    )
    def test_a_refused_cancel_names_the_role_or_scope_and_the_others_go_on(
        self, start: Start, status: int, words: str
    ) -> None:
        fake = FakeGitLab(jobs=[FakeJob(2, "load one", cancel_answer=status), FakeJob(3, "load two")])
        refused, stopped = run_at(start(fake)).cancel_downstream(PROTECT)
        assert refused.outcome is Outcome.REFUSED
        assert words in refused.detail
        assert stopped.outcome is Outcome.STOPPED

    def test_a_rate_limit_is_waited_for_but_not_for_ever(self, start: Start) -> None:
        path = "/api/v4/projects/7/jobs/2/cancel"
        fake, pauses = FakeGitLab(jobs=[FakeJob(2, "load")], answers={path: [(429, {})]}), Pauses()
        (result,) = run_at(start(fake), pauses).cancel_downstream(PROTECT)
        assert (result.outcome, pauses.seconds) == (Outcome.STOPPED, [10.0])
        fake, pauses = FakeGitLab(jobs=[FakeJob(2, "load", cancel_answer=429)]), Pauses()
        (result,) = run_at(start(fake), pauses).cancel_downstream(PROTECT)
        assert (result.outcome, pauses.seconds) == (Outcome.FAILED, [10.0, 20.0, 40.0])
        assert "too many requests" in result.detail

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param((403, {"message": "403 Forbidden"}), id="refused"),
            pytest.param((502, {}), id="broken"),
            pytest.param((200, [{"id": "2", "name": "load"}]), id="no jobs"),
            pytest.param((200, {"message": "hello"}), id="no list"),
        ],
    )
    def test_a_list_that_cannot_be_had_is_one_result(self, start: Start, answer: Answer) -> None:
        fake = FakeGitLab(answers={f"{PIPELINE}/jobs": [answer] * 4})
        (result,) = run_at(start(fake)).cancel_downstream(PROTECT)
        assert result.outcome in (Outcome.REFUSED, Outcome.FAILED)
        assert fake.cancelled() == []

    def test_without_proof_a_cancel_is_a_failure(self, start: Start) -> None:
        class Forgetful(FakeGitLab):
            def listing(self, jobs: Sequence[FakeJob], page: int) -> Answer:
                return (502, {}) if self.cancelled() else super().listing(jobs, page)

        jobs = [FakeJob(2, "load", "running", dies_after=1)]
        (result,) = run_at(start(Forgetful(jobs=jobs))).cancel_downstream(PROTECT)
        assert result.outcome is Outcome.FAILED
        assert "not known" in result.detail

    def test_neither_a_redirect_nor_a_next_page_gets_the_token(self, start: Start) -> None:
        elsewhere = FakeGitLab()
        url = start(elsewhere)
        fake = FakeGitLab(answers={f"{PIPELINE}/jobs": [(302, f"{url}/api/v4/jobs")]})
        (result,) = run_at(start(fake)).cancel_downstream(PROTECT)
        assert "redirects" in result.detail
        fake = FakeGitLab(jobs=[FakeJob(100 + number, "load") for number in range(120)], next_page=url)
        results = run_at(start(fake)).cancel_downstream(PROTECT)
        assert len(results) == 120
        assert elsewhere.requests == []

    def test_without_gitlab_token_it_says_which_one_is_needed(self, start: Start) -> None:
        fake = FakeGitLab()
        (result,) = run_at(start(fake), GITLAB_TOKEN="").cancel_downstream(PROTECT)
        assert result.outcome is Outcome.REFUSED
        assert "GITLAB_TOKEN" in result.detail
        assert "Developer" in result.detail
        assert fake.requests == []

    def test_without_python_gitlab_it_names_the_extra(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "gitlab", None)
        with pytest.raises(MissingExtra, match=r"fiber-gate\[gitlab\]"):
            run_at(start(FakeGitLab())).cancel_downstream(PROTECT)


class TestCancelRun:
    """Is the whole pipeline cancelled, and looked at?"""

    def test_a_pipeline_is_looked_at_until_it_is_canceled(self, start: Start) -> None:
        class Obedient(FakeGitLab):
            def answer(self, method: str, path: str, page: int) -> Answer:
                answer = super().answer(method, path, page)
                self.status = "canceled" if self.status == "canceling" else self.status
                return answer

        fake = Obedient()
        (result,) = run_at(start(fake)).cancel_run()
        assert (result.target, result.outcome) == ("pipeline 70", Outcome.STOPPED)
        assert fake.requests == [f"POST {PIPELINE}/cancel", f"GET {PIPELINE}"]

    def test_a_pipeline_that_does_not_end_is_a_survivor_after_a_bounded_wait(self, start: Start) -> None:
        pauses = Pauses()
        (result,) = run_at(start(FakeGitLab()), pauses).cancel_run()
        assert (result.outcome, result.detail) == (Outcome.SURVIVED, "GitLab says canceling")
        assert len(pauses.seconds) == LOOKS

    def test_a_refusal_names_the_role(self, start: Start) -> None:
        fake = FakeGitLab(answers={f"{PIPELINE}/cancel": [(403, {"message": "403 Forbidden"})]})
        (result,) = run_at(start(fake)).cancel_run()
        assert result.outcome is Outcome.REFUSED
        assert "Developer role" in result.detail

    def test_an_answer_without_a_status_is_a_failure(self, start: Start) -> None:
        fake = FakeGitLab(answers={f"{PIPELINE}/cancel": [(200, {"id": 70})]})
        (result,) = run_at(start(fake)).cancel_run()
        assert result.outcome is Outcome.FAILED


def test_a_run_never_shows_its_tokens() -> None:
    run = GitLabRun(api="", project="", pipeline="", job_token=Secret("job-secret"), token=Secret("api"))
    assert "secret" not in repr(run)
