"""`gate diagnose` as a process, against a Focus server and a Kubernetes API on loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate.diagnose.kubernetes import LISTS
from gate.sandbox.focus import FocusServer, FocusState
from tests.emulated.kubernetes_api import ClusterState, KubernetesApi, kubernetes_api
from tests.emulated.process import Ran, run_gate
from tests.support import clean_environ
from tests.unit.diagnose.shapes import FOCUS, NOW, UNRESOLVED, deployment, event, log, pod, terminated
from tests.unit.diagnose.states import NO_PRR, REQUEST, STATES, lab, restarted

pytest.importorskip("kubernetes")

INCIDENT = next(state for state in STATES if state.id == "the_incident").cluster
TOKEN = "kc-token-4f9d1c7e55aa"


@pytest.fixture
def api() -> Iterator[KubernetesApi]:
    with kubernetes_api(INCIDENT) as server:
        server.bearer = f"Bearer {TOKEN}"
        server.written_at = NOW
        yield server


def diagnose(
    folder: Path, focus: FocusServer, api: KubernetesApi | None, *arguments: str, **environ: str
) -> Ran:
    """Run the command in a folder of its own, which is the user's home folder as well."""
    if api:
        (folder / "kubeconfig").write_text(api.kubeconfig(token=TOKEN), encoding="utf-8")
        environ = {"KUBECONFIG": str(folder / "kubeconfig"), **environ}
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    home = {"HOME": str(folder), "USERPROFILE": str(folder), "TMPDIR": str(temporary), "TMP": str(temporary)}
    values = {"GATE_FOCUS_SERVER": focus.url, "GATE_ENVIRONMENT": "staging", **home, **environ}
    return run_gate(folder, "diagnose", *arguments, environ=values)


def parsed(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.stdout)
    assert document["schema"] == "gate.diagnose/1"
    return document


def test_the_incident_is_told_on_one_screen(tmp_path: Path, focus: FocusServer, api: KubernetesApi) -> None:
    ran = diagnose(tmp_path, focus, api)
    assert (ran.code, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert len(lines) <= 40
    assert lines[0].startswith('CLOSED  staging: waiting for fiber (prr 0.0, sw_version "waiting for fiber")')
    assert lines[1] == "cluster  context lab, namespace panda"
    assert lines[2].startswith(
        f"  focus_server {FOCUS} Running, ready; running, 4 restarts, the last 28h ago: Error, exit code 1 "
    )
    assert lines[2].endswith("cpu 3m, memory 394Mi, age 46h")
    causes = [line for line in lines if line[:2] in ("1.", "2.", "3.", "4.")]
    assert causes[0] == "1. certain: no fibre is connected"
    assert causes[1].startswith("2. certain: MongoDB's name was not resolved while the Focus server started")
    assert causes[2].startswith("3. certain: clients hammer the lab: ")
    assert causes[3].startswith("4. possible: the Focus server was restarted: 4 restarts in 46h")
    assert UNRESOLVED in ran.stdout
    assert "from 10.0.0.21 (40)" in causes[2]
    assert ran.stdout.count("to do ") == 4


def test_json_carries_everything(tmp_path: Path, focus: FocusServer, api: KubernetesApi) -> None:
    found = parsed(diagnose(tmp_path, focus, api, "--format", "json"))
    assert (found["complete"], found["environment"]) == (True, "staging")
    assert found["verdict"]["code"] == "waiting_for_fiber"
    assert [cause["code"] for cause in found["causes"]] == [
        "no_fiber",
        "name_not_resolved",
        "clients_hammering",
        "restarts",
    ]
    cluster = found["cluster"]
    (container,) = next(item for item in cluster["pods"] if item["name"] == FOCUS)["containers"]
    assert (container["restarts"], container["ready"], container["waiting"]) == (4, True, "")
    assert (container["last"]["reason"], container["last"]["exit_code"]) == ("Error", 1)
    assert container["last"]["finished_at"].endswith("Z")
    assert {service["name"]: service["ready"] for service in cluster["services"]}["mongodb"] == 1
    previous = next(item for item in cluster["logs"] if item["previous"])
    assert previous["lines"][-1]["text"] == UNRESOLVED
    assert cluster["nodes"][0]["troubles"] == []
    assert cluster["ingresses"][0]["hosts"] == ["focus.example.com"]
    assert cluster["workloads"][0]["revision"] == 7
    assert found["unknown"] == []


def test_nothing_found_is_an_answer(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.READY
    with kubernetes_api(lab()) as api:
        ran = diagnose(tmp_path, focus, api)
    assert ran.code == 0
    assert "nothing found" in ran.stdout
    assert ran.stdout.startswith("OPEN  staging: ready")


def test_the_cluster_is_only_read(tmp_path: Path, focus: FocusServer, api: KubernetesApi) -> None:
    diagnose(tmp_path, focus, api, "--suggest", "--bundle", "out.zip")
    assert api.seen
    assert all(request.startswith("GET ") for request in api.seen)
    assert not any("/secrets" in request or "/configmaps" in request for request in api.seen)


def test_what_is_forbidden_is_named_and_the_rest_answers(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi
) -> None:
    api.refused = {"nodes": 403, "events": 403, "log": 403}
    ran = diagnose(tmp_path, focus, api)
    assert ran.code == 1
    assert "1. certain: no fibre is connected" in ran.stdout
    lines = [line for line in ran.stdout.splitlines() if "forbidden" in line]
    assert [line.partition(" is forbidden")[0] for line in lines] == [
        "  events and logs: forbidden: events",
        "  nodes: forbidden: nodes",
    ]
    assert lines[0].endswith("ask for the role view in namespace panda")
    assert lines[1].endswith("ask for a cluster role that may get nodes")


def test_a_namespace_that_is_forbidden_leaves_the_lab_itself(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi
) -> None:
    api.refused = {"*": 403}
    ran = diagnose(tmp_path, focus, api, "--namespace", "other", "--format", "json")
    assert ran.code == 1
    found = parsed(ran)
    assert not found["complete"]
    assert [cause["code"] for cause in found["causes"]] == ["no_fiber"]
    assert [gap["what"] for gap in found["unknown"]] == [*LISTS, "metrics"]
    assert all('in the namespace "other"' in gap["why"] for gap in found["unknown"])


def test_a_namespace_that_is_not_there_is_named(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi
) -> None:
    ran = diagnose(tmp_path, focus, api, "-n", "pnada")
    assert ran.code == 1
    assert (
        "there is no namespace pnada in context lab; name the lab's namespace with --namespace" in ran.stdout
    )


def test_credentials_that_are_over_are_one_line(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi
) -> None:
    api.bearer = "Bearer another"
    ran = diagnose(tmp_path, focus, api)
    assert ran.code == 1
    assert "does not accept the credentials of context lab (HTTP 401); log in to the cluster" in ran.stdout
    assert ran.stdout.count("401") == 1


def test_an_unreachable_cluster_is_one_line_with_its_host(tmp_path: Path, focus: FocusServer) -> None:
    with kubernetes_api(lab()) as api:
        pass
    ran = diagnose(tmp_path, focus, api)
    assert ran.code == 1
    assert f"the cluster: {api.url} refuses the connection" in ran.stdout
    assert "no fibre is connected" in ran.stdout


def test_what_is_no_kubernetes_is_named(tmp_path: Path, focus: FocusServer, api: KubernetesApi) -> None:
    api.broken = True
    ran = diagnose(tmp_path, focus, api)
    assert ran.code == 1
    assert f"{api.url} does not answer as a Kubernetes API" in ran.stdout


def test_without_a_kubeconfig_the_lab_and_its_dependencies_are_asked(
    tmp_path: Path, focus: FocusServer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (tmp_path / "gate.yml").write_text(
        f"environments: {{staging: {{focus_server: '{focus.url}', timeout: 1s, dependencies: ["
        f"'mongodb://mongodb.invalid', 'amqp://guest:geheim-1@127.0.0.1:{port}', '{focus.url}']}}}}",
        encoding="utf-8",
    )
    ran = diagnose(tmp_path, focus, None)
    assert (ran.code, ran.stderr) == (0, "")
    for words in (
        "1. certain: no fibre is connected",
        "likely: MongoDB does not answer this machine",
        "mongodb://mongodb.invalid: its name cannot be resolved",
        f"amqp://127.0.0.1:{port}: refuses the connection",
        f"dependency {focus.url} answers",
        "the cluster: no kubeconfig",
        "name one with --kubeconfig or KUBECONFIG",
    ):
        assert words in ran.stdout
    assert "geheim" not in ran.stdout


def test_without_anything_what_is_unknown_is_said(tmp_path: Path, focus: FocusServer) -> None:
    focus.state = FocusState.DOWN
    ran = diagnose(tmp_path, focus, None)
    assert ran.code == 0
    assert (
        "possible: the Focus server gives no usable answer; whether its pods are fine is not known"
        in ran.stdout
    )
    assert "MongoDB and RabbitMQ: no dependencies are configured" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kubeconfig", "nowhere"), "--kubeconfig: there is no file nowhere"),
        (("--context", "prod"), "--context: {0} has no context 'prod'; known are lab"),
        (("--namespace", "Panda!"), "--namespace: expected small letters, digits and '-', found 'Panda!'"),
        (("--bundle", "no/where/out.zip"), "--bundle: there is no folder "),
        (("--bundle", "kubeconfig"), "--bundle: kubeconfig is there already and is no bundle of gate"),
    ],
    ids=["no_file", "no_context", "no_namespace", "no_folder", "other_file"],
)
def test_a_wrong_option_is_one_line(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi, arguments: tuple[str, ...], words: str
) -> None:
    ran = diagnose(tmp_path, focus, api, *arguments)
    assert (ran.code, ran.stdout) == (78, "")
    assert ran.stderr.startswith("gate: " + words.format(tmp_path / "kubeconfig"))
    assert ran.stderr.count("\n") == 1


def test_a_selector_without_a_role_is_usage(tmp_path: Path, focus: FocusServer) -> None:
    ran = diagnose(tmp_path, focus, None, "--selector", "app=panda")
    assert ran.code == 2
    assert "--selector: expected focus=, mongodb= or rabbitmq= and a label selector" in ran.stderr


def test_a_kubeconfig_of_the_environment_that_is_broken_leaves_the_rest(
    tmp_path: Path, focus: FocusServer
) -> None:
    (tmp_path / "broken").write_text("contexts: [\n  {name: a]", encoding="utf-8")
    ran = diagnose(tmp_path, focus, None, KUBECONFIG=str(tmp_path / "broken"))
    assert ran.code == 1
    assert "broken: line 2, column 11: is not YAML; a kubeconfig was expected" in ran.stdout
    assert "no fibre is connected" in ran.stdout


def test_without_the_extra_the_rest_answers_and_the_extra_is_named(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi
) -> None:
    (tmp_path / "stub" / "kubernetes").mkdir(parents=True)
    (tmp_path / "stub" / "kubernetes" / "__init__.py").write_text("raise ImportError('left out')", "utf-8")
    ran = diagnose(tmp_path, focus, api, PYTHONPATH=str(tmp_path / "stub"))
    assert ran.code == 0
    assert (
        "reading a cluster needs the extra 'kubernetes': pip install 'fiber-gate[kubernetes]'" in ran.stdout
    )
    ran = diagnose(tmp_path, focus, api, "--context", "lab", PYTHONPATH=str(tmp_path / "stub"))
    assert (ran.code, ran.stdout) == (78, "")


def test_without_a_cluster_the_client_is_not_even_imported(tmp_path: Path, focus: FocusServer) -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gate", "diagnose"],
        env=clean_environ(
            tmp_path, GATE_FOCUS_SERVER=focus.url, HOME=str(tmp_path), USERPROFILE=str(tmp_path)
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "gate.diagnose.causes" in ran.stderr
    assert "kubernetes.client" not in ran.stderr


def test_the_suggestion_has_stdout_for_itself(tmp_path: Path, focus: FocusServer, api: KubernetesApi) -> None:
    ran = diagnose(tmp_path, focus, api, "--suggest")
    patch = yaml.safe_load(ran.stdout)
    assert (patch["kind"], patch["metadata"]["name"]) == ("Deployment", "panda-panda-focus-server")
    spec = patch["spec"]["template"]["spec"]
    assert "gate wait mongodb://mongodb:27017" in spec["initContainers"][0]["command"][-1]
    probe = spec["containers"][0]["readinessProbe"]["httpGet"]
    assert (spec["containers"][0]["name"], probe) == (
        "focus-server",
        {"path": "/live_metadata", "port": 5000},
    )
    assert "CLOSED  staging: waiting for fiber" in ran.stderr


SECRETS = {
    "env value": "env-Hunter2-value",
    "env of a url": "Url-Pass-99",
    "kubeconfig token": TOKEN,
    "gate token": "glpat-AbCdEf123456",
    "focus password": "Focus-Pass-1",
    "dependency password": "Dep-Pass-77",
    "annotation": "annotated-secret-3",
    "log password": "logged-pw-5",
    "log bearer": "Bearer-Token-88",
    "event url": "Event-Pass-6",
    "notify": "T000/B000/HookSecret4711",
    "message": "waiting-Secret-4",
}


def leaky() -> ClusterState:
    """Return a lab that has a secret in every place where one can be."""
    env, url = SECRETS["env value"], SECRETS["env of a url"]
    focus_pod = pod(
        state={"waiting": {"reason": "CrashLoopBackOff", "message": f"token={SECRETS['message']}"}},
        last=terminated("Error", 1, minutes=3),
        restarts=3,
        env=[
            {"name": "MONGO_PASSWORD", "value": env},
            {"name": "MONGO_URL", "value": f"mongodb://root:{url}@mongodb:27017/?authSource=admin"},
        ],
        metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRETS["annotation"]}},
    )
    lines = [
        f"connecting with {env} and {url}",
        f"password: {SECRETS['log password']}, user: root",
        f"Authorization: Bearer {SECRETS['log bearer']}",
        f"got {TOKEN} and {SECRETS['gate token']} and {SECRETS['focus password']}",
        f"then {SECRETS['dependency password']}",
        UNRESOLVED,
        f"posting to {SECRETS['notify']}",
    ]
    return lab(
        focus=focus_pod,
        logs={"previous": log(*lines, last=180), "current": log(NO_PRR, REQUEST)},
        events=[
            event(FOCUS, "Failed", f"https://user:{SECRETS['event url']}@registry.example.com/v2/: denied")
        ],
        deployments=[deployment(ready=0)],
    )


def test_nothing_that_is_handed_on_has_a_secret_in_it(tmp_path: Path, focus: FocusServer) -> None:
    address = focus.url.replace("http://", f"http://me:{SECRETS['focus password']}@")
    (tmp_path / "gate.yml").write_text(
        f"environments: {{staging: {{focus_server: '{address}', timeout: 1s, "
        f"dependencies: ['amqp://u:{SECRETS['dependency password']}@127.0.0.1:1']}}}}\n"
        "fleet: [{provider: gitlab, url: 'https://gitlab.example.com', token: '${LAB_GITLAB}'}]\n"
        f"notify: ['slack://{SECRETS['notify']}']\n",
        encoding="utf-8",
    )
    with kubernetes_api(leaky()) as api:
        api.bearer = f"Bearer {TOKEN}"
        options = ("--bundle", "out.zip", "--suggest")
        environ = {"LAB_GITLAB": SECRETS["gate token"], "GATE_FOCUS_SERVER": ""}
        text = diagnose(tmp_path, focus, api, *options, **environ)
        encoded = diagnose(tmp_path, focus, api, *options, "--format", "json", **environ)
    assert (text.code, encoded.code) == (0, 0)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = {name.removeprefix("gate-diagnose/") for name in archive.namelist()}
        bundled = b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8")
    assert {"about.txt", "diagnosis.txt", "diagnosis.json", "suggestion.yaml", "events.txt"} <= names
    assert f"logs/{FOCUS}.focus-server.previous.log" in names
    everything = text.stdout + text.stderr + encoded.stdout + encoded.stderr + bundled
    assert [kind for kind, secret in SECRETS.items() if secret in everything] == []
    assert UNRESOLVED in bundled
    assert "connecting with *** and ***" in bundled
    assert "password: ***, user: root" in bundled


def test_keys_that_the_client_writes_to_files_are_gone_afterwards(
    tmp_path: Path, focus: FocusServer, api: KubernetesApi
) -> None:
    content = json.loads(api.kubeconfig(token=TOKEN))
    content["clusters"][0]["cluster"] |= {
        "server": "https://127.0.0.1:1",
        "certificate-authority-data": "QUJD",
    }
    content["users"][0]["user"] |= {"client-key-data": "QUJD", "client-certificate-data": "QUJD"}
    (tmp_path / "keys").write_text(json.dumps(content), encoding="utf-8")
    ran = diagnose(tmp_path, focus, None, KUBECONFIG=str(tmp_path / "keys"))
    assert ran.code == 1
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_login_plugin_that_fails_is_named(tmp_path: Path, focus: FocusServer, api: KubernetesApi) -> None:
    plugin = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-c", "import sys; sys.exit('the session is over')"],
            "interactiveMode": "Never",
        }
    }
    (tmp_path / "plugin").write_text(api.kubeconfig(**plugin), encoding="utf-8")
    ran = diagnose(tmp_path, focus, None, KUBECONFIG=str(tmp_path / "plugin"))
    assert (ran.code, ran.stderr) == (1, "")
    assert "context lab: its credentials cannot be used" in ran.stdout
    assert "the session is over" in ran.stdout


def test_pods_are_found_by_a_selector(tmp_path: Path, focus: FocusServer) -> None:
    labels = {"app": "lab-core"}
    with kubernetes_api(lab(focus=restarted(labels=labels, name="core-0"))) as api:
        without = parsed(diagnose(tmp_path, focus, api, "--format", "json"))
        chosen = parsed(
            diagnose(tmp_path, focus, api, "--format", "json", "--selector", "focus=app=lab-core")
        )
    assert [gap["what"] for gap in without["unknown"]] == ["pods of focus_server"]
    assert "or say which with --selector focus=" in without["unknown"][0]["advice"]
    assert [item["role"] for item in chosen["cluster"]["pods"] if item["name"] == "core-0"] == [
        "focus_server"
    ]
    assert chosen["causes"][1]["code"] == "restarts"


def test_hostile_text_of_a_cluster_cannot_speak_to_the_ci_system(tmp_path: Path, focus: FocusServer) -> None:
    evil = "::error::pwned\x1b[31m ##[command]rm\r\n::set-output name=open::true"
    hostile = pod(state={"waiting": {"reason": "CreateContainerError", "message": evil}}, phase="Pending")
    with kubernetes_api(lab(focus=hostile)) as api:
        ran = diagnose(tmp_path, focus, api)
    assert "cannot be started" in ran.stdout
    assert not any(line.lstrip().startswith(("::", "##[")) for line in ran.stdout.splitlines())
    assert "\x1b" not in ran.stdout
    assert "::set-output" not in ran.stdout


def test_long_lists_are_read_page_by_page(tmp_path: Path, focus: FocusServer) -> None:
    others = [event(f"other-{number}", "Pulled", "x", type="Normal") for number in range(1200)]
    ours = event("mongodb-0", "NodeNotReady", "Node is not ready")
    with kubernetes_api(lab(events=[*others, ours])) as api:
        found = parsed(diagnose(tmp_path, focus, api, "--format", "json"))
    assert [item["name"] for item in found["cluster"]["events"]] == ["mongodb-0"]
    assert sum("/events" in request for request in api.seen) == 3
