"""Which requests configure a lab, whichever way their URL is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.model import DEFAULT_REQUESTS
from gate.core.request import (
    Address,
    Rule,
    configures,
    origin_of,
    parse_address,
    parse_rule,
    plain_host,
    plain_path,
)

RULES = tuple(map(parse_rule, DEFAULT_REQUESTS))
LAB = (parse_address("https://10.10.10.100/focus-server"), parse_address("http://localhost:8500"))


@pytest.mark.parametrize(
    "url",
    [
        "https://10.10.10.100/focus-server/configure",
        "HTTPS://10.10.10.100/focus-server/configure",
        "https://10.10.10.100:443/focus-server/configure",
        "https://10.10.10.100:/focus-server/configure",
        "https://10.10.10.100/focus-server//configure",
        "https://10.10.10.100//focus-server/configure",
        "https://10.10.10.100/focus-server/configure/",
        "https://10.10.10.100/focus-server/configure///",
        "https://10.10.10.100/focus-server/./configure",
        "https://10.10.10.100/focus-server/channels/../configure",
        "https://10.10.10.100/../focus-server/configure",
        "https://10.10.10.100/focus-server/%2e%2e/focus-server/configure",
        "https://10.10.10.100/focus-server/c%6Fnfigur%65",
        "https://10.10.10.100/focus-server%2fconfigure",
        "https://10.10.10.100/focus-server\\configure",
        "https://10.10.10.100/Focus-Server/CONFIGURE",
        "https://10.10.10.100/focus-server/configure?dry=1",
        "https://10.10.10.100/focus-server/configure#top",
        "https://user:p%40ss@10.10.10.100/focus-server/configure",
        "https://10.10.10.100./focus-server/configure",
        "https://10.10.2660/focus-server/configure",
        "https://168430180/focus-server/configure",
        "https://0x0a.0x0a.0x0a.0x64/focus-server/configure",
        "https://[::ffff:10.10.10.100]/focus-server/configure",
        "http://10.10.10.100/focus-server/configure",
        "https://10.10.10.100/focus-server/config/12-7",
        "https://10.10.10.100/focus-server/config/12-7/",
        " https://10.10.10.100/focus-server/configure",
        "https://10.10.10.100/focus-server/con\nfigure",
        "http://localhost:8500/configure",
        "http://localhost:8500/focus-server/configure",
        "http://127.0.0.1:8500/configure",
        "http://127.8.0.1:8500/config/9",
        "http://127.1:8500/configure",
        "http://0.0.0.0:8500/configure",
        "http://[::1]:8500/configure",
        "http://[0:0:0:0:0:0:0:1]:8500/configure",
        "http://[::]:8500/configure",
        "http://LocalHost.:8500/configure",
        "http://focus.localhost:8500/configure",
        "https://10.10.10.100/configure",
    ],
)
def test_every_way_to_write_a_configure_request_is_recognised(url: str) -> None:
    assert configures("POST", url, LAB, RULES)
    assert configures("post", url, LAB, RULES)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://10.10.10.100/focus-server/configure"),
        ("GET", "https://10.10.10.100/focus-server/live_metadata"),
        ("GET", "https://10.10.10.100/focus-server/metadata/12-7"),
        ("POST", "https://10.10.10.100/focus-server/recordings_in_time_range"),
        ("POST", "https://10.10.10.100/focus-server/config"),
        ("POST", "https://10.10.10.100/focus-server/configured"),
        ("POST", "https://10.10.10.100/focus-server/reconfigure"),
        ("POST", "https://10.10.10.100/focus-server-2/configure"),
        ("POST", "https://10.10.10.100/other/configure"),
        ("POST", "https://10.10.10.100:8443/focus-server/configure"),
        ("POST", "https://10.10.10.101/focus-server/configure"),
        ("POST", "http://localhost:8501/configure"),
        ("POST", "http://localhost/configure"),
        ("POST", "https://10.10.10.100.example.com/focus-server/configure"),
        ("POST", "https://example.com/?u=https://10.10.10.100/focus-server/configure"),
        ("POST", "https://10.10.10.100@example.com/focus-server/configure"),
        ("POST", "/focus-server/configure"),
        ("POST", "https://10.10.10.100:99999/focus-server/configure"),
        ("POST", "https://[::1/configure"),
        ("POST", ""),
    ],
)
def test_nothing_else_is(method: str, url: str) -> None:
    assert not configures(method, url, LAB, RULES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("מעבדה.example", "xn--4dbcsf5d.example"),
        ("LAB.Example", "lab.example."),
        ("l%61b.example", "lab.example"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("0x7f000001", "localhost"),
        ("010.0.0.1", "8.0.0.1"),
    ],
)
def test_hosts_that_are_the_same_read_the_same(one: str, other: str) -> None:
    if "מ" in one:
        other = one.encode("idna").decode()
    assert plain_host(one) == plain_host(other)


@pytest.mark.parametrize(
    "host", ["256.1.1.1", "1.2.3.4.5", "08.1.1.1", "lab-7", "1.lab", "a" * 80 + "é" * 80]
)
def test_what_is_no_number_stays_a_name(host: str) -> None:
    assert plain_host(host) == host


def test_a_rule_that_names_no_segment_counts_below_the_base_path_only() -> None:
    rules = (parse_rule("POST /*"),)
    assert configures("POST", "https://10.10.10.100/focus-server/anything/at/all", LAB[:1], rules)
    assert not configures("POST", "https://10.10.10.100/another/application", LAB[:1], rules)


def test_a_rule_may_be_for_every_method() -> None:
    rules = (Rule(method="*", path="/configure"),)
    assert configures("PATCH", "https://10.10.10.100/focus-server/configure", LAB, rules)


@pytest.mark.parametrize("text", ["", "POST", "POST configure", "/configure"])
def test_a_rule_without_method_or_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a rule"):
        parse_rule(text)


@given(st.text(), st.text())
def test_no_url_makes_it_fail(method: str, url: str) -> None:
    assert configures(method, url, LAB, RULES) in (True, False)
    assert configures("POST", "https://10.10.10.100/" + url, LAB, RULES) in (True, False)


@given(st.text(alphabet="/.abc%2e\\?#", max_size=20))
def test_a_plain_path_is_rooted_and_stays_as_it_is(path: str) -> None:
    plain = plain_path(path)
    assert plain.startswith("/")
    assert "//" not in plain
    assert "/../" not in plain + "/"


@given(st.text(alphabet="htps:/@[]10.?#\\ %\n", max_size=30))
def test_an_origin_leads_where_the_whole_url_leads(text: str) -> None:
    url = "http://" + text
    origin = origin_of(url)
    try:
        whole: Address | None = parse_address(url)
    except ValueError:
        whole = None
    if whole is not None:
        assert origin is not None
        start = parse_address(origin)
        assert (start.host, start.port) == (whole.host, whole.port)


def test_a_url_without_a_host_has_no_origin() -> None:
    assert origin_of("/focus-server/configure") is None
    assert origin_of("mailto:lab@example.com") is None
