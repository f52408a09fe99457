"""How the emulated Jenkins reads `tree=` and `depth`, as Stapler does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gate.sandbox.jenkins.tree import Tree, parse_tree
from tests.unit.sandbox.jenkins_api import Bench, jenkins_bench

PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowJob"
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with jenkins_bench() as bench:
        yield bench


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("{1,3}", 1, 3), ("{2,}", 2, None), ("{,2}", 0, 2), ("{1}", 1, 2), ("", 0, None)],
)
def test_a_range_stands_behind_the_brackets(text: str, start: int, end: int | None) -> None:
    assert parse_tree(f"builds[number]{text}") == Tree({"builds": Tree({"number": Tree()}, start, end)})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jobs[",
        "jobs[name",
        "jobs]",
        "jobs[]",
        "jobs,",
        ",jobs",
        "jobs{0,5}[name]",
        "a{x}",
        "a{1",
        "a[b]c",
        "a{}",
        "a{,}",
        "a[b,,]",
    ],
)
def test_what_is_no_tree_is_told(bench: Bench, text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_tree(text)
    assert bench.ask("", text).status_code == 500


def test_a_tree_shows_what_was_asked_for_and_every_class(bench: Bench) -> None:
    assert bench.get("", "jobs[name,jobs[fullName,disabled]]") == {
        "_class": "hudson.model.Hudson",
        "jobs": [
            {
                "_class": FOLDER,
                "name": "lab",
                "jobs": [
                    {"_class": PIPELINE, "fullName": "lab/load live", "disabled": False},
                    {"_class": PIPELINE, "fullName": "lab/input", "disabled": False},
                    {"_class": "hudson.model.FreeStyleProject", "fullName": "lab/soak", "disabled": False},
                ],
            },
            {"_class": "hudson.model.FreeStyleProject", "name": "alone"},
            {"_class": PIPELINE, "name": "deploy"},
            {"_class": PIPELINE, "name": "sign"},
            {
                "_class": "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
                "name": "mb",
                "jobs": [
                    {"_class": PIPELINE, "fullName": "mb/main", "disabled": False},
                    {
                        "_class": PIPELINE,
                        "fullName": "mb/feature%2Fgr%C3%B6%C3%9Fe%2050%25",
                        "disabled": False,
                    },
                ],
            },
            {
                "_class": "jenkins.branch.OrganizationFolder",
                "name": "org",
                "jobs": [
                    {
                        "_class": "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
                        "fullName": "org/repo",
                    }
                ],
            },
        ],
    }


def test_unknown_names_are_left_out_without_a_word(bench: Bench) -> None:
    assert bench.get("job/alone/", "nmae,name") == {
        "_class": "hudson.model.FreeStyleProject",
        "name": "alone",
    }


def test_a_name_without_brackets_shows_only_the_class(bench: Bench) -> None:
    assert bench.get("job/mb/", "jobs") == {
        "_class": "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
        "jobs": [{"_class": PIPELINE}] * 2,
    }


def test_a_range_cuts_lists(bench: Bench) -> None:
    numbers = [bench.start("lab/input", N=str(n)).number for n in range(4)]
    newest_first = numbers[::-1]
    shown = bench.get("job/lab/job/input/", "builds[number]{1,3}")["builds"]
    assert [build["number"] for build in shown] == newest_first[1:3]
    assert len(bench.get("job/lab/job/input/", "builds[number]{9,}")["builds"]) == 0


def test_a_star_is_every_name_of_one_level(bench: Bench) -> None:
    bench.start("lab/soak")
    shown = bench.get("job/lab/job/soak/", "builds[*]")
    assert {"number", "building", "timestamp", "actions"} <= set(shown["builds"][0])
    assert bench.get("queue/", "*") == {"_class": "hudson.model.Queue", "discoverableItems": [], "items": []}


def test_a_wildcard_gives_way_to_a_name(bench: Bench) -> None:
    bench.start("lab/soak")
    executor = bench.get("computer/", "computer[*,executors[number]]")["computer"][0]["executors"][0]
    assert executor == {"number": 0}


def test_depth_0_shows_of_jobs_their_name_address_and_color(bench: Bench) -> None:
    assert bench.get("job/lab/")["jobs"][0] == {
        "_class": PIPELINE,
        "name": "load live",
        "url": f"{bench.server.url}/job/lab/job/load%20live/",
        "color": "notbuilt",
    }


def test_depth_0_shows_executors_empty_and_depth_1_with_their_build(bench: Bench) -> None:
    build = bench.start("lab/soak")
    assert bench.get("computer/")["computer"][0]["executors"] == [{}, {}]
    first = bench.get("computer/", depth="1")["computer"][0]["executors"][0]
    assert first["currentExecutable"] == {
        "_class": "hudson.model.FreeStyleBuild",
        "number": build.number,
        "url": f"{bench.server.url}/job/lab/job/soak/1/",
    }
    assert (first["idle"], first["number"]) == (False, 0)


def test_a_placeholder_shows_its_number_only_at_depth_2(bench: Bench) -> None:
    bench.start("lab/load live")
    for depth, shown in (("1", False), ("2", True)):
        executors = bench.get("computer/", depth=depth)["computer"][0]["executors"]
        assert ("number" in executors[0]["currentExecutable"]) is shown


def test_depth_that_is_no_number_is_refused(bench: Bench) -> None:
    assert bench.ask("", depth="deep").status_code == 400


def test_properties_are_sorted_within_their_class_superclass_first(bench: Bench) -> None:
    names = list(bench.get("job/alone/"))
    assert names[:3] == ["_class", "actions", "description"]
    assert names.index("url") < names.index("buildable") < names.index("lastBuild")
    assert names.index("queueItem") < names.index("concurrentBuild") < names.index("upstreamProjects")


def test_a_job_has_allbuilds_by_tree_only(bench: Bench) -> None:
    bench.start("alone")
    assert "allBuilds" not in bench.get("job/alone/", depth="3")
    assert len(bench.get("job/alone/", "allBuilds[number]")["allBuilds"]) == 1


def test_folders_say_nothing_of_disabled_and_plain_ones_nothing_of_buildable(bench: Bench) -> None:
    folder, branches = bench.get("job/lab/"), bench.get("job/mb/")
    assert "disabled" not in folder
    assert "disabled" not in branches
    assert "buildable" not in folder
    assert branches["buildable"] is True


def test_pretty_indents(bench: Bench) -> None:
    assert "\n  " in bench.ask("", "url", pretty="true").text
    assert "\n" not in bench.ask("", "url").text


def test_permalinks_lead_to_the_last_build_of_their_kind(bench: Bench) -> None:
    for word in ("lastBuild", "lastCompletedBuild", "lastSuccessfulBuild"):
        assert bench.ask(f"job/alone/{word}/").status_code == 404
    for result in ("UNSTABLE", "ABORTED", None):
        number = bench.start("alone").number
        if result:
            bench.order("builds", job="alone", number=number, result=result)
    for word, number in (("lastBuild", 3), ("lastCompletedBuild", 2), ("lastSuccessfulBuild", 1)):
        assert bench.get(f"job/alone/{word}/", "number")["number"] == number
    assert bench.ask("job/alone/lastStrangeBuild/").status_code == 404


def test_a_freestyle_job_names_what_it_starts(bench: Bench) -> None:
    bench.item("alone").downstream = (bench.item("lab/soak"),)
    (below,) = bench.get("job/alone/", "downstreamProjects[url]")["downstreamProjects"]
    assert below["url"].endswith("/job/lab/job/soak/")
