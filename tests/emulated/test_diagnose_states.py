"""Each state of a cluster, read by the real client over HTTP, speaks for its causes."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
import trustme

from gate.diagnose.causes import find_causes
from gate.diagnose.evidence import Evidence
from gate.diagnose.finding import Cause
from gate.diagnose.kubeconfig import Wish, find_access
from gate.diagnose.kubernetes import LISTS
from gate.diagnose.library import load_library, opened
from gate.diagnose.picture import Picture, read_picture
from gate.diagnose.roles import Role
from tests.emulated.kubernetes_api import KubernetesApi, kubernetes_api
from tests.unit.diagnose.shapes import FOCUS, NOW
from tests.unit.diagnose.states import STATES, State, lab, restarted

pytest.importorskip("kubernetes")


def read(
    api: KubernetesApi, folder: Path, seconds: float = 10, selectors: dict[Role, str] | None = None
) -> Picture:
    """Read the cluster as the command does."""
    path = folder / "kubeconfig"
    path.write_text(api.kubeconfig(), encoding="utf-8")
    access = find_access(Wish(kubeconfig=str(path)), {}, folder)
    assert access
    with opened(load_library(), access, {}, seconds) as client:
        return read_picture(client, access, selectors or {})


def shown(cause: Cause) -> str:
    return f"{cause.code}/{cause.role or '-'}/{cause.confidence}"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.id)
def test_a_state_of_the_cluster_speaks_for_its_causes(tmp_path: Path, state: State) -> None:
    with kubernetes_api(state.cluster) as api:
        picture = read(api, tmp_path)
    evidence = Evidence(now=NOW, verdict=state.verdict(), cluster=picture.cluster, gaps=picture.gaps)
    causes = find_causes(evidence)
    assert tuple(map(shown, causes)) == state.causes
    lines = "\n".join(line for cause in causes for line in cause.evidence)
    for words in state.words:
        assert words in lines
    assert not [gap for gap in picture.gaps if gap.refused]


def test_what_is_slow_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    with kubernetes_api(STATES[2].cluster) as api:
        api.delay = {"ingresses": 20, "nodes": 20}
        started = time.monotonic()
        picture = read(api, tmp_path, seconds=3)
        assert time.monotonic() - started < 18
    assert [(gap.what, gap.why) for gap in picture.gaps] == [
        (what, f"{api.url} does not answer in time") for what in ("ingresses", "nodes")
    ]
    assert picture.cluster
    assert len(picture.cluster.logs) == 2


def test_a_cluster_that_is_slow_altogether_is_one_gap(tmp_path: Path) -> None:
    with kubernetes_api(STATES[2].cluster) as api:
        api.delay = dict.fromkeys((*LISTS, "endpointslices", "metrics"), 20)
        picture = read(api, tmp_path, seconds=0.5)
    assert picture.cluster is None
    assert [(gap.what, gap.why) for gap in picture.gaps] == [
        ("the cluster", f"{api.url} does not answer in time")
    ]


def test_a_server_that_fails_at_one_list_is_named_with_its_words(tmp_path: Path) -> None:
    with kubernetes_api(STATES[2].cluster) as api:
        api.refused = {"events": 500}
        (gap,) = read(api, tmp_path).gaps
    assert (gap.what, gap.why, gap.refused) == (
        "events",
        f"{api.url} answers HTTP 500: events: no luck",
        True,
    )


def test_without_a_metrics_api_resource_use_is_unknown_and_nothing_was_refused(tmp_path: Path) -> None:
    with kubernetes_api(lab(metrics=None)) as api:
        (gap,) = read(api, tmp_path).gaps
    assert (gap.what, gap.refused) == ("resource use", False)


def test_a_previous_log_that_is_gone_is_unknown(tmp_path: Path) -> None:
    with kubernetes_api(lab(focus=restarted())) as api:
        (gap,) = read(api, tmp_path).gaps
    assert (gap.what, gap.refused) == (f"previous log of {FOCUS}/focus-server", False)


def test_a_pod_reads_the_cluster_that_it_runs_in(tmp_path: Path) -> None:
    account = tmp_path / "account"
    account.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(account / "ca.crt")
    (account / "token").write_text("pod-token", encoding="utf-8")
    (account / "namespace").write_text("panda\n", encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with kubernetes_api(STATES[2].cluster, tls=context) as api:
        api.bearer = "bearer pod-token"
        environ = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(api.server_address[1]),
        }
        access = find_access(Wish(), environ, tmp_path, account)
        assert access
        with opened(load_library(), access, environ) as client:
            picture = read_picture(client, access, {})
    assert picture.cluster
    assert (picture.cluster.context, picture.cluster.namespace) == ("in-cluster", "panda")
    assert len(picture.cluster.pods) == 3


def test_a_certificate_that_is_not_trusted_is_named(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with kubernetes_api(STATES[2].cluster, tls=context) as api:
        (gap,) = read(api, tmp_path).gaps
    assert gap.what == "the cluster"
    assert "has a certificate that is not accepted" in gap.why
    assert "certificate verify failed" in gap.why


def test_a_selector_that_the_server_does_not_understand_is_named(tmp_path: Path) -> None:
    with kubernetes_api(STATES[2].cluster) as api:
        gaps = read(api, tmp_path, selectors={Role.FOCUS_SERVER: "what?"}).gaps
    assert [(gap.what, gap.refused) for gap in gaps] == [
        ("--selector focus_server", True),
        ("pods of focus_server", False),
    ]
    assert "HTTP 400: unable to parse requirement: 'what?'" in gaps[0].why
