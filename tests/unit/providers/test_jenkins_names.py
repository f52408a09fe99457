"""What does a URL of Jenkins name, and by which names is a job known?"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.work import Protects
from gate.providers.jenkins import names
from gate.providers.protocol import Member

ROOT = "https://ci.lab/"


@pytest.mark.parametrize(
    ("url", "root", "path"),
    [
        ("https://ci.lab/job/p/7/", ROOT, "job/p/7/"),
        ("http://old.lab:8080/job/p/7/", ROOT, "job/p/7/"),
        ("https://ci.lab/jenkins/job/p/7/", "", "job/p/7/"),
        ("https://ci.lab/jenkins/job/p/7/", "https://ci.lab/jenkins/", "job/p/7/"),
        ("https://ci.lab/a/job/b/job/p/7/", "https://ci.lab/a/job/b/", "job/p/7/"),
        ("job/p/7/", ROOT, "job/p/7/"),
        ("https://ci.lab/job/p/7/?x=1#y", ROOT, "job/p/7/"),
        ("https://u:p@ci.lab/job/a%20b/job/f%252Fx/", ROOT, "job/a%20b/job/f%252Fx/"),
        ("https://ci.lab/job/m/label=x/7/", ROOT, "job/m/label=x/7/"),
        ("https://ci.lab/job/p/../../secret/", ROOT, None),
        ("https://ci.lab/job/%2e%2e/secret/", ROOT, None),
        ("https://ci.lab/job/", ROOT, None),
        ("https://ci.lab/view/all/", ROOT, None),
        ("", ROOT, None),
        ("http://[::1/job/p/7/", ROOT, None),
    ],
)
def test_only_what_is_below_the_root_is_taken_from_a_url(url: str, root: str, path: str | None) -> None:
    assert names.below_root(url, root) == path


@pytest.mark.parametrize(
    ("path", "build"),
    [
        ("job/p/7/", ("job/p/", 7)),
        ("job/a/job/p/12/", ("job/a/job/p/", 12)),
        ("job/m/label=x/3/", ("job/m/label=x/", 3)),
        ("job/12/", None),
        ("job/a/job/12/", None),
        ("job/12/3/", ("job/12/", 3)),
        ("job/p/", None),
        ("job/p/lastBuild/", None),
        ("job/p/indexing/", None),
    ],
)
def test_a_build_is_told_from_a_job_whose_name_is_a_number(path: str, build: tuple[str, int] | None) -> None:
    assert names.split_build(path) == build


@given(
    st.lists(
        st.text(min_size=1).filter(lambda t: t not in (".", "..") and "/" not in t), min_size=1, max_size=4
    )
)
def test_a_full_name_and_its_path_lead_to_each_other(parts: list[str]) -> None:
    full = "/".join(parts)
    try:
        path = names.job_path(full)
    except UnicodeEncodeError:
        return
    assert names.full_name(path) == full
    assert names.below_root(f"{ROOT}{path}", ROOT) == path
    above = names.parent_of(path)
    assert names.full_name(above) == "/".join(parts[:-1]) if len(parts) > 1 else above == ""


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("job/a/job/b/", "job/a/"),
        ("job/a/", ""),
        ("job/m/label=x/", "job/m/"),
        ("job/job/job/job/", "job/job/"),
    ],
)
def test_what_a_job_is_in(path: str, above: str) -> None:
    assert names.parent_of(path) == above


@pytest.mark.parametrize(
    ("pattern", "name", "matched"),
    [
        ("load*", "lab/Load Live", "Load Live"),
        ("load*", "loading/unit", None),
        ("*load*", "loading/unit", None),
        ("loading/*", "loading/unit", "loading/unit"),
        ("feature/l*", "mb/feature%2Fload", "feature/load"),
        ("feature%2fl*", "mb/feature%2Fload", "feature/load"),
        ("größe*", "gr%C3%B6%C3%9Fe 50%25", "größe 50%"),
    ],
)
def test_patterns_are_for_a_jobs_own_name_and_with_a_slash_for_its_full_one(
    pattern: str, name: str, matched: str | None
) -> None:
    assert names.matched(Protects(patterns=(pattern,)), name) == matched


@pytest.mark.parametrize(
    ("root", "projects", "name", "meant"),
    [
        ("", ("*",), "a/b", True),
        ("a", ("*",), "a/b", True),
        ("a", ("*",), "a", True),
        ("a", ("*",), "ab/c", False),
        ("a", ("b*",), "a/b", True),
        ("a", ("a/b",), "a/b", True),
        ("mb/feature/x", ("*",), "mb/feature%2Fx", True),
        ("mb/feature%2Fx", ("*",), "mb/feature%2Fx", True),
        ("", ("mb/feature/*",), "mb/feature%2Fx", True),
    ],
)
def test_a_job_is_meant_by_folder_and_pattern(
    root: str, projects: tuple[str, ...], name: str, meant: bool
) -> None:
    member = Member(provider="jenkins", url=ROOT, root=root, projects=projects)
    assert names.is_meant(member, name) is meant


@given(st.text(max_size=50))
def test_a_name_is_shown_on_one_line(text: str) -> None:
    try:
        name = quote(text)
    except UnicodeEncodeError:
        return
    assert "\n" not in names.shown(name)
    assert "\x1b" not in names.shown(name)
