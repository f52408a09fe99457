"""The rules of the adapter for GitLab that need no server: words, refusals, names and what a query costs."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.event import Target
from gate.core.work import Found, Outcome, Project, Protects, Status
from gate.providers.gitlab import graph
from gate.providers.gitlab.builds import Job
from gate.providers.gitlab.client import Client
from gate.providers.gitlab.lineage import AT_ONCE, started_by
from gate.providers.gitlab.pipeline_name import LONGEST, START, with_reason
from gate.providers.gitlab.refusal import Ask, Unanswered, explained, message_of
from gate.providers.gitlab.schedules import added_to
from gate.providers.gitlab.stopping import Stopping, batches_of
from gate.providers.gitlab.triggered import Above, TriggerJobs, names_above
from gate.providers.gitlab.watching import watch
from gate.providers.gitlab.words import FINISHED, IN_FLIGHT, NOT_STARTED, seen_of, status_of
from gate.providers.patience import Reply
from gate.providers.protocol import Member
from gate.sandbox.gitlab.graphql_cost import LARGEST, cost_of
from gate.sandbox.gitlab.graphql_parse import parse
from gate.sandbox.gitlab.words import STATUSES

PROTECTS = Protects(patterns=("load*",))
ASK = Ask(path="/x", what="the jobs of acme/panda", needs="the scope api and the Developer role")
MEMBER = Member(provider="gitlab", url="https://gitlab.example.com", root="acme")


class TestWords:
    """Is every word of GitLab's placed, and an unknown one not taken for over?"""

    @pytest.mark.parametrize("word", STATUSES)
    def test_each_status_is_in_flight_over_or_manual(self, word: str) -> None:
        assert (word in IN_FLIGHT) + (word in FINISHED) + (word == "manual") == 1
        assert (status_of(word) is Status.FINISHED) == (word in FINISHED)
        assert seen_of(word).stopped == (word == "canceled")

    def test_a_new_word_counts_as_not_over(self) -> None:
        seen = seen_of("hibernating")
        assert (seen.status, seen.word, seen.stopped) == (Status.UNKNOWN, "hibernating", False)
        assert "running" not in NOT_STARTED


class TestRefusals:
    """Does a refusal name what was asked, where, and what is missing?"""

    @pytest.mark.parametrize(
        ("status", "body", "outcome", "words"),
        [
            (0, "ConnectionError: refused", Outcome.FAILED, "gitlab.lab does not answer: ConnectionError"),
            (302, "", Outcome.FAILED, "redirects to https://else.where/x, which is not followed"),
            (401, '{"message":"401 Unauthorized"}', Outcome.REFUSED, "does not accept GITLAB_TOKEN"),
            (
                403,
                '{"message":"403 Forbidden"}',
                Outcome.REFUSED,
                "needs the scope api and the Developer role",
            ),
            (403, '{"message":"403 Forbidden - Job is not retryable"}', Outcome.REFUSED, "not retryable)"),
            (403, '{"error":"insufficient_scope"}', Outcome.REFUSED, "(GitLab says: insufficient_scope)"),
            (
                404,
                '{"message":"404 Project Not Found"}',
                Outcome.REFUSED,
                "it is gone, or GITLAB_TOKEN needs",
            ),
            (409, '{"message":{"base":["busy","x"]}}', Outcome.FAILED, "(GitLab says: base: busy, x)"),
            (429, "Retry later\n", Outcome.FAILED, "too many requests"),
            (502, "<html>Bad Gateway</html>", Outcome.FAILED, "answers 502"),
        ],
    )
    def test_each_status_has_its_sentence(self, status: int, body: str, outcome: Outcome, words: str) -> None:
        headers = {"location": "https://user:secret@else.where/x?token=secret"}
        error = explained(Reply(status=status, headers=headers, body=body), ASK, "gitlab.lab", "GITLAB_TOKEN")
        assert (error.outcome, error.status) == (outcome, status)
        assert error.detail.startswith("the jobs of acme/panda: gitlab.lab ")
        assert words in error.detail
        assert "secret" not in error.detail

    @given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
    def test_any_body_gives_one_line_or_none(self, body: str) -> None:
        assert "\n" not in message_of(body)
        assert len(message_of(body)) <= 150

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_any_json_gives_one_line_or_none(self, document: Any) -> None:
        assert "\n" not in message_of(json.dumps({"message": document}))


class TestNames:
    """Is a pipeline's own name never lost, however often the reason changes?"""

    @given(name=st.text(max_size=LONGEST), reason=st.text(max_size=400), title=st.text(max_size=300))
    def test_a_name_fits_begins_with_the_reason_and_keeps_what_was_there(
        self, name: str, reason: str, title: str
    ) -> None:
        new = with_reason(name, reason, title)
        if new is None:
            assert len(name) > 200
            return
        assert len(new) <= LONGEST
        assert new.startswith(START.rstrip())
        if name and not name.startswith(START):
            assert new.endswith(f" | {name}")

    @given(
        name=st.text(min_size=1, max_size=200).filter(lambda name: not name.startswith(START)),
        reasons=st.lists(st.text(min_size=1, max_size=50), min_size=1, max_size=4),
    )
    def test_the_last_reason_stands_before_the_first_name(self, name: str, reasons: list[str]) -> None:
        now = name
        for reason in reasons:
            now = with_reason(now, f"x{reason}") or now
        assert now == with_reason(name, f"x{reasons[-1]}")


class TestAbove:
    """Is the chain of trigger jobs followed to its end, and not in circles?"""

    def test_the_nearest_comes_first(self) -> None:
        above = {
            3: Above(name="inner", stage="b", pipeline=2),
            2: Above(name="outer", stage="a", pipeline=1),
        }
        assert names_above(above, 3) == (("inner", "outer"), ("inner", "b", "outer", "a"), 1)
        assert names_above(above, 1) == ((), (), 1)

    def test_a_circle_ends(self) -> None:
        above = {1: Above(name="x", stage="y", pipeline=1)}
        assert len(names_above(above, 1)[0]) == 5


class Recorder:
    """Takes the place of the client: keeps queries, and answers with nothing or an error."""

    host = "gitlab.example.com"

    def __init__(self, refuse_above: int = 10**6) -> None:
        self.costs: list[int] = []
        self.projects: list[int] = []
        self._refuse_above = refuse_above

    def query(self, text: str, variables: dict[str, Any], ask: Ask) -> dict[str, Any]:
        assert len(text) < 10_000
        assert ask.what
        self.costs.append(cost_of(parse(text, variables).fields))
        self.projects.append(len(variables.get("ids", ())))
        if self.projects[-1] > self._refuse_above:
            raise Unanswered(Outcome.FAILED, "no", message="Query has complexity of 300, which exceeds max")
        lists = {status: {"nodes": [], "pageInfo": {"hasNextPage": False}} for status in graph.STATUSES}
        return {"projects": {"nodes": [{"id": name, **lists} for name in variables.get("ids", ())]}}

    def pages(self, ask: Ask) -> list[list[dict[str, Any]]]:
        assert ask.path.startswith("/")
        schedule = {"id": 1, "active": True, "cron": "0 2 * * *", "ref": "main", "description": "x"}
        return [[schedule]]


def client_of(recorder: Recorder) -> Client:
    return cast("Client", recorder)


class TestCosts:
    """Does every query stay below what GitLab takes?"""

    projects = tuple(Project(path=f"acme/{'p' * 200}{number}", id=str(number)) for number in range(20))

    def test_the_trigger_jobs_of_twenty_projects(self) -> None:
        recorder = Recorder()
        TriggerJobs(client_of(recorder), PROTECTS).of(self.projects)
        assert len(self.projects) == graph.PROJECTS_AT_ONCE
        lists = [(str(10**9), "RUNNING", "c" * 60)] * graph.LISTS_AT_ONCE
        recorder.query(*graph.further_query(lists), ASK)
        assert 200 < max(recorder.costs) <= LARGEST

    def test_a_server_that_counts_otherwise_is_asked_for_less_at_a_time(self) -> None:
        recorder = Recorder(refuse_above=6)
        found = TriggerJobs(client_of(recorder), PROTECTS).of(self.projects)
        assert found.problems == ()
        assert recorder.projects == [20, 10, 5, 5, 10, 5, 5]

    def test_a_project_that_an_answer_leaves_out_is_a_problem(self) -> None:
        class Silent(Recorder):
            def query(self, text: str, variables: dict[str, Any], ask: Ask) -> dict[str, Any]:
                found = super().query(text, variables, ask)
                return {"projects": {"nodes": found["projects"]["nodes"][1:]}}

        found = TriggerJobs(client_of(Silent()), PROTECTS).of(self.projects)
        (problem,) = found.problems
        assert f"the pipelines of {self.projects[0].path}"[:200] in problem.detail

    def test_what_started_pipelines(self) -> None:
        recorder = Recorder()
        started_by(client_of(recorder), [(self.projects[0], 10**12 + number) for number in range(AT_ONCE)])
        assert 200 < recorder.costs[0] <= LARGEST

    def test_what_trigger_jobs_have_started(self) -> None:
        jobs = [
            Job(
                project=self.projects[0],
                id=10**12 + number,
                name="x",
                stage="y",
                status="created",
                pipeline=1,
            )
            for number in range(30)
        ]
        recorder = Recorder()
        watch(client_of(recorder), MEMBER, jobs, map)
        assert 150 < max(recorder.costs) <= LARGEST

    def test_the_last_jobs_of_schedules(self) -> None:
        recorder = Recorder()
        added_to(Found(), client_of(recorder), MEMBER, self.projects[:1], PROTECTS, map)
        assert 0 < recorder.costs[0] <= LARGEST

    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10**6)), max_size=300, unique=True))
    def test_where_any_jobs_are(self, jobs: list[tuple[int, int]]) -> None:
        targets = [
            Target(provider="gitlab", instance="x", project=f"acme/{where}", kind="job", id=str(number))
            for where, number in jobs
        ]
        batches = list(batches_of(targets))
        assert sorted(one.key for batch in batches for one in batch) == sorted(one.key for one in targets)
        recorder = Recorder()
        stopping = Stopping(client_of(recorder), cast("Any", None))
        for batch in batches:
            stopping._look(batch)
        assert all(cost <= LARGEST for cost in recorder.costs)
        assert len(batches) <= 1 + len(targets) // 48 * 2
