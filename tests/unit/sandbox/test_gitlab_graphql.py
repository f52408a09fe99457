"""Does the emulated GitLab answer the queries that gate asks, and refuse what it does not have?"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.sandbox.gitlab.graphql_parse import NotUnderstood, parse
from gate.sandbox.gitlab.limits import LimitSettings
from gate.sandbox.gitlab.model import JobSpec
from tests.unit.sandbox.gitlab_api import Api

FLEET = """
query($g:ID!,$c:String){group(fullPath:$g){projects(includeSubgroups:true,first:50,after:$c){
 pageInfo{endCursor hasNextPage}
 nodes{id fullPath run:pipelines(status:RUNNING,first:10){nodes{id
   jobs(first:50){nodes{id name status stage{name} manualJob}}}}
 pend:pipelines(status:PENDING,first:10){nodes{id}}}}}}
"""
CANCEL = "mutation($id:CiBuildID!){jobCancel(input:{id:$id}){job{id status} errors}}"


@pytest.fixture
def api() -> Api:
    return Api()


def test_one_query_reads_the_running_and_pending_pipelines_of_a_group(api: Api) -> None:
    running = api.pipeline(
        JobSpec(name="load / 50%", stage="lab"),
        JobSpec(name="deploy", stage="lab", when="manual", allow_failure=True),
        statuses=("running",),
    )
    pending = api.pipeline()
    api.pipeline(statuses=("success",))
    page = api.graphql(FLEET, g="acme")["data"]["group"]["projects"]
    assert page["pageInfo"]["hasNextPage"] is False
    (project,) = page["nodes"]
    assert (project["fullPath"], project["id"]) == ("acme/panda", f"gid://gitlab/Project/{api.project.id}")
    assert [one["id"] for one in project["pend"]["nodes"]] == [f"gid://gitlab/Ci::Pipeline/{pending.id}"]
    ((found,),) = ([one["jobs"]["nodes"] for one in project["run"]["nodes"]],)
    assert [(job["name"], job["status"], job["stage"]["name"], job["manualJob"]) for job in found] == [
        ("deploy", "MANUAL", "lab", True),
        ("load / 50%", "RUNNING", "lab", False),
    ]
    assert found[1]["id"] == f"gid://gitlab/Ci::Build/{running.jobs[0].id}"


def test_a_group_is_read_page_by_page(api: Api) -> None:
    for number in range(120):
        api.world.add_project(f"acme/sub/p{number}")
    seen: list[str] = []
    cursor, more = None, True
    while more:
        page = api.graphql(FLEET, g="acme", c=cursor)["data"]["group"]["projects"]
        assert len(page["nodes"]) <= 50
        seen += [one["fullPath"] for one in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert (len(seen), len(set(seen))) == (121, 121)


def test_a_connection_has_a_hundred_nodes_at_most(api: Api) -> None:
    for _ in range(101):
        api.pipeline()
    query = '{project(fullPath:"acme/panda"){pipelines(first:500){nodes{id} pageInfo{hasNextPage} count}}}'
    found = api.graphql(query)["data"]["project"]["pipelines"]
    assert (len(found["nodes"]), found["pageInfo"]["hasNextPage"], found["count"]) == (100, True, 101)


def test_a_trigger_job_is_among_the_jobs_and_leads_to_its_pipeline(api: Api) -> None:
    bridge = JobSpec(name="bridge", child=(JobSpec(name="load"),))
    api.pipeline(bridge, statuses=("running",))
    query = """{project(fullPath:"acme/panda"){pipelines{nodes{jobs(statuses:[RUNNING]){nodes{
      kind downstreamPipeline{status source}}}}}}}"""
    (pipeline,) = api.graphql(query)["data"]["project"]["pipelines"]["nodes"]
    assert pipeline["jobs"]["nodes"] == [
        {"kind": "BRIDGE", "downstreamPipeline": {"status": "PENDING", "source": "parent_pipeline"}}
    ]


def test_a_job_names_what_it_needs_and_which_of_a_name_were_retried_is_a_question_of_its_own(
    api: Api,
) -> None:
    bridge = JobSpec(name="bridge", needs=("a", "b"), child=(JobSpec(name="load"),))
    specs = (JobSpec(name="a"), JobSpec(name="b"), bridge)
    pipeline = api.pipeline(*specs, statuses=("success", "success", "success"))
    api.ask("POST", f"{api.at(pipeline.jobs[-1])}/retry")
    query = """{project(fullPath:"acme/panda"){pipelines{nodes{jobs(jobKind:BRIDGE%s){nodes{
      needs{nodes{name}} downstreamPipeline{jobs(retried:false){nodes{name}}}}}}}}}"""
    again, first = (
        {"needs": {"nodes": [{"name": "b"}, {"name": "a"}]}, "downstreamPipeline": below}
        for below in (None, {"jobs": {"nodes": [{"name": "load"}]}})
    )
    for words, shown in (("", [again, first]), (",retried:false", [again]), (",retried:true", [first])):
        (found,) = api.graphql(query % words)["data"]["project"]["pipelines"]["nodes"]
        assert found["jobs"]["nodes"] == shown


def test_a_started_pipeline_leads_back_to_its_trigger_job(api: Api) -> None:
    above = api.pipeline(
        JobSpec(name="bridge", stage="lab", child=(JobSpec(name="load"),)), statuses=("running",)
    )
    below = above.jobs[0].downstream
    assert below is not None
    query = f"""{{project(fullPath:"acme/panda"){{pipeline(id:"gid://gitlab/Ci::Pipeline/{below.id}"){{
      sourceJob{{name stage{{name}} pipeline{{id sourceJob{{name}}}}}}}}}}}}"""
    assert api.graphql(query)["data"]["project"]["pipeline"]["sourceJob"] == {
        "name": "bridge",
        "stage": {"name": "lab"},
        "pipeline": {"id": f"gid://gitlab/Ci::Pipeline/{above.id}", "sourceJob": None},
    }
    missing = '{project(fullPath:"acme/panda"){pipeline(id:"gid://gitlab/Ci::Pipeline/1"){id}}}'
    assert api.graphql(missing)["data"]["project"]["pipeline"] is None


def test_one_job_is_found_by_its_number_whatever_its_kind(api: Api) -> None:
    specs = (JobSpec(name="bridge", child=(JobSpec(name="load"),)), JobSpec(name="deploy", when="manual"))
    made = api.pipeline(*specs, statuses=("running", "manual"))
    fields = "{status kind manualJob downstreamPipeline{status}}"
    asked = [f'j{job.id}:job(id:"gid://gitlab/CommitStatus/{job.id}"){fields}' for job in made.jobs]
    found = api.graphql('{project(fullPath:"acme/panda"){' + " ".join(asked) + "}}")["data"]["project"]
    assert list(found.values()) == [
        {
            "status": "RUNNING",
            "kind": "BRIDGE",
            "manualJob": False,
            "downstreamPipeline": {"status": "PENDING"},
        },
        {"status": "MANUAL", "kind": "BUILD", "manualJob": True, "downstreamPipeline": None},
    ]


def test_projects_are_chosen_by_their_numbers_and_jobs_by_their_kind(api: Api) -> None:
    api.world.add_project("acme/second")
    api.pipeline(JobSpec(name="bridge", child=(JobSpec(name="x"),)), JobSpec(name="build"), still=True)
    query = """query($ids:[ID!]){projects(ids:$ids){nodes{fullPath pipelines{nodes{
      jobs(jobKind:BRIDGE,retried:false){nodes{name}}}}}}}"""
    found = api.graphql(query, ids=[f"gid://gitlab/Project/{api.project.id}"])["data"]["projects"]["nodes"]
    assert found == [
        {"fullPath": "acme/panda", "pipelines": {"nodes": [{"jobs": {"nodes": [{"name": "bridge"}]}}]}}
    ]
    wrong = '{project(fullPath:"acme/panda"){pipelines{nodes{jobs(jobKind:SCRIPT){nodes{name}}}}}}'
    assert "CiJobKind" in api.graphql(wrong)["errors"][0]["message"]


def test_retried_jobs_are_among_the_others_unless_they_are_left_out(api: Api) -> None:
    job = api.job(status="canceled")
    api.ask("POST", f"{api.at(job)}/retry")
    query = '{project(fullPath:"acme/panda"){pipelines{nodes{jobs%s{nodes{id}}}}}}'
    for arguments, count in (("", 2), ("(retried:false)", 1), ("(retried:true)", 1)):
        (pipeline,) = api.graphql(query % arguments)["data"]["project"]["pipelines"]["nodes"]
        assert len(pipeline["jobs"]["nodes"]) == count


def test_schedules_tell_what_they_started_last_for_one_project_in_a_query(api: Api) -> None:
    made = api.world.add_schedule(api.project, "Nightly")
    api.world.add_schedule(api.project, "Off", active=False)
    made.last_pipeline = api.pipeline()
    query = """{project(fullPath:"acme/panda"){pipelineSchedules(status:ACTIVE){nodes{description
      lastPipeline{jobs{nodes{name}}}}}}}"""
    assert api.graphql(query)["data"]["project"]["pipelineSchedules"]["nodes"] == [
        {"description": "Nightly", "lastPipeline": {"jobs": {"nodes": [{"name": "build"}]}}}
    ]
    api.world.add_project("acme/second")
    all_ = '{group(fullPath:"acme"){projects{nodes{pipelineSchedules{nodes{id}}}}}}'
    assert "only for 1 Project(s)" in api.graphql(all_)["errors"][0]["message"]


def test_a_query_that_costs_too_much_is_refused(api: Api) -> None:
    cheap = '{group(fullPath:"acme"){projects(first:50){nodes{id}}}}'
    assert "errors" not in api.graphql(cheap)
    fields = " ".join(f"a{number}:id" for number in range(40))
    jobs = "jobs{nodes{" + fields + "}}"
    dear = '{group(fullPath:"acme"){projects{nodes{pipelines{nodes{' + jobs + "}}}}}}"
    message = api.graphql(dear)["errors"][0]["message"]
    assert message.startswith("Query has complexity of ")
    assert message.endswith("which exceeds max complexity of 250")


def test_what_is_hidden_or_missing_is_null(api: Api) -> None:
    narrow = api.announce("glpat-narrow", projects=["acme/other"])
    query = '{group(fullPath:"acme"){id} project(fullPath:"acme/panda"){id}}'
    assert api.graphql(query, token=narrow) == {"data": {"group": None, "project": None}}
    assert api.graphql('{group(fullPath:"nobody"){id}}')["data"]["group"] is None
    assert api.graphql("{currentUser{username __typename}}")["data"]["currentUser"] == {
        "username": "release-bot",
        "__typename": "CurrentUser",
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{",
        "query {group(fullPath:$g){id}}",
        "subscription {x}",
        "{namespaces{nodes{id}}}",
        '{group(fullPath:"acme"){id',
        '{group(fullPath:"acme"){secrets}}',
        '{group(fullPath:"acme"){projects{nodes{pipelines(status:ACTIVE){nodes{id}}}}}}',
        '{group(fullPath:"acme"){projects{edges{node{id}}}}}',
        '{group(fullPath:"acme"){projects(after:"x"){nodes{id}}}}',
        "{currentUser}",
        "query($g:ID!){group(fullPath:$g){id}}",
        "mutation{pipelineDestroy(input:{id:1}){errors}}",
        "mutation{jobCancel(id:1){errors}}",
        "{...F}",
        '{group(fullPath:"acme"){projects(first:"x"){nodes{id}}}}',
        "{currentUser(x:" + "[" * 5000 + "){username}}",
        "{currentUser{username}} " + " " * 10_000,
    ],
)
def test_anything_else_is_an_error_with_status_200(api: Api, query: str) -> None:
    status, document = api.status("POST", "/api/graphql", {"query": query})
    assert status == 200
    assert document["errors"][0]["message"]
    assert not document.get("data")


def test_the_jobs_of_projects_may_be_asked_for_once_in_a_query(api: Api) -> None:
    api.world.add_project("acme/second")
    query = '{group(fullPath:"acme"){projects(first:%d){nodes{jobs{nodes{id}}}}}}'
    assert "errors" not in api.graphql(query % 1)
    assert "only for 1 Project(s)" in api.graphql(query % 2)["errors"][0]["message"]


def test_a_mutation_cancels_a_job_and_says_when_there_was_nothing_to_cancel(api: Api) -> None:
    job = api.job()
    name = f"gid://gitlab/Ci::Build/{job.id}"
    done: Any = api.graphql(CANCEL, id=name)["data"]["jobCancel"]
    assert done == {"job": {"id": name, "status": "CANCELING"}, "errors": []}
    api.advance(2)
    assert api.graphql(CANCEL, id=name)["data"]["jobCancel"]["errors"] == ["Unprocessable entity"]


def test_several_mutations_come_in_one_request(api: Api) -> None:
    one, two = api.pipeline(), api.pipeline(statuses=("success",))
    ids = [f'"gid://gitlab/Ci::Pipeline/{pipeline.id}"' for pipeline in (one, two)]
    asked = [f"m{place}:pipelineCancel(input:{{id:{name}}}){{errors}}" for place, name in enumerate(ids)]
    assert api.graphql("mutation{" + " ".join(asked) + "}")["data"] == {
        "m0": {"errors": []},
        "m1": {"errors": ["Pipeline is not cancelable"]},
    }
    again = f"mutation{{pipelineRetry(input:{{id:{ids[0]}}}){{errors pipeline{{status}}}}}}"
    assert api.graphql(again)["data"]["pipelineRetry"]["pipeline"] == {"status": "PENDING"}


def test_a_schedule_is_switched_off_by_its_owner_alone(api: Api) -> None:
    own = api.world.add_schedule(api.project, "Nightly")
    theirs = api.world.add_schedule(api.project, "Theirs", owner="noa")
    query = """mutation($id:CiPipelineScheduleID!){pipelineScheduleUpdate(input:{id:$id,active:false}){
      pipelineSchedule{active owner{username}} errors}}"""
    done = api.graphql(query, id=f"gid://gitlab/Ci::PipelineSchedule/{own.id}")["data"]
    assert done["pipelineScheduleUpdate"]["pipelineSchedule"]["active"] is False
    refused = api.graphql(query, id=f"gid://gitlab/Ci::PipelineSchedule/{theirs.id}")
    assert refused["data"] is None
    assert "you don't have permission" in refused["errors"][0]["message"]
    assert theirs.active


def test_a_retry_by_mutation_gives_a_new_job(api: Api) -> None:
    job = api.job(status="canceled")
    query = "mutation($id:CiProcessableID!){jobRetry(input:{id:$id}){job{id status} errors}}"
    name = f"gid://gitlab/Ci::Build/{job.id}"
    assert api.graphql(query, id=name)["data"]["jobRetry"]["job"]["status"] == "PENDING"
    assert api.graphql(query, id=name)["data"]["jobRetry"]["errors"] == ["Job is not retryable"]


def test_a_reading_token_may_not_mutate_and_a_limit_is_an_error_with_status_200() -> None:
    api = Api(LimitSettings(requests=None, actions={"job_cancel": 1}))
    name = f"gid://gitlab/Ci::Build/{api.job().id}"
    reader = api.announce("glpat-read", scopes=["read_api"])
    assert "higher privileges" in api.graphql(CANCEL, token=reader, id=name)["errors"][0]["message"]
    api.graphql(CANCEL, id=name)
    status, document = api.status("POST", "/api/graphql", {"query": CANCEL, "variables": {"id": name}})
    assert (status, document["data"]) == (200, None)
    assert "too many times" in document["errors"][0]["message"]


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet='{}()[]:$!"\\ abq1.,#\n', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        assert parse(text, {}).fields
