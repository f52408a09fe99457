"""States of a lab and its cluster, and the causes that each speaks for.

A healthy lab with one thing changed, or several. `causes` is all that may be named, surest
first, as ``code/role/confidence``; `words` is what must stand in the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gate.core.model import Code, Reading, Verdict
from gate.core.verdict import judge
from gate.sandbox import recorded
from tests.emulated.kubernetes_api import ClusterState
from tests.unit.diagnose.shapes import (
    FOCUS,
    FOCUS_LABELS,
    MONGODB_LABELS,
    NOW,
    RABBITMQ_LABELS,
    UNRESOLVED,
    Object,
    ago,
    deployment,
    endpoint_slice,
    endpoints,
    event,
    ingress,
    init_status,
    log,
    metrics,
    mongodb,
    node,
    pod,
    rabbitmq,
    replica_set,
    running,
    service,
    stateful_set,
    terminated,
    waiting,
)

SERVICE = "panda-panda-focus-server"
REQUEST = 'INFO:     10.0.0.21:51234 - "POST /configure HTTP/1.1" 503 Service Unavailable'
NGINX = '10.0.0.22 - - [08/Nov/2025:13:20:00 +0000] "POST /focus-server//configure HTTP/1.1" 503 12 "-" "x/2"'
JSON = '{"status": 503, "client": "fd00::7", "method": "POST", "path": "/config/task-1", "ms": 3}'
NO_PRR = "ERROR Cannot proceed: Missing required fiber metadata fields: prr"
AMQP = "pika.exceptions.AMQPConnectionError: rabbitmq-panda:5672 Connection refused"
REFUSED = (
    "pymongo.errors.ServerSelectionTimeoutError: mongodb:27017: [Errno 111] Connection refused, Timeout: 30s"
)
LOOP = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=focus-server pod=focus_panda")
OLD, NEW = "registry.example.com/panda/focus-server:1.4.1", "registry.example.com/panda/focus-server:1.4.2"


@dataclass(frozen=True, kw_only=True)
class State:
    """A state by its name, and what it must be diagnosed as."""

    id: str
    cluster: ClusterState
    causes: tuple[str, ...]
    words: tuple[str, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)

    def verdict(self) -> Verdict:
        """Return what the lab's own answer is judged as; a lab that waits, if not said otherwise."""
        reading = Reading(environment="staging", taken_at=NOW, **(self.reading or _body(recorded.WAITING)))
        return judge(reading, (), NOW)


def _body(answer: object) -> dict[str, Any]:
    import json

    return {"status": 200, "body": json.dumps(answer).encode()}


READY = _body(recorded.READY)
NO_FIBER = "no_fiber/-/certain"


def lab(**changed: Any) -> ClusterState:
    """Return a healthy lab with some of its lists replaced; `logs`, `nodes` and `metrics` too."""
    pods: list[Object] = [
        changed.pop("focus", pod()),
        changed.pop("mongo", mongodb()),
        changed.pop("rabbit", rabbitmq()),
        *changed.pop("also", []),
    ]
    lists: dict[str, list[Object] | None] = {
        "pods": pods,
        "services": [
            service(SERVICE, {"app.kubernetes.io/name": SERVICE}, 5000),
            service("mongodb", MONGODB_LABELS, 27017),
            service("rabbitmq-panda", RABBITMQ_LABELS, 5672),
        ],
        "endpointslices": [endpoint_slice(name) for name in (SERVICE, "mongodb", "rabbitmq-panda")],
        "events": [],
        "deployments": [deployment()],
        "replicasets": [replica_set(6, ago(days=60), OLD), replica_set(7, ago(days=30), NEW)],
        "statefulsets": [
            stateful_set("mongodb", MONGODB_LABELS),
            stateful_set("rabbitmq-panda", RABBITMQ_LABELS),
        ],
        "ingresses": [ingress(SERVICE)],
    }
    nodes = changed.pop("nodes", [node()])
    logs = {(FOCUS, "focus-server", run == "previous"): text for run, text in changed.pop("logs", {}).items()}
    metrics_ = changed.pop("metrics", [metrics()])
    return ClusterState(lists={**lists, **changed}, nodes=nodes, logs=logs, metrics=metrics_)


def slices(**ready: int) -> list[Object]:
    """Return the healthy slices, some with another number of ready addresses; the rest is not ready."""
    counts = {
        SERVICE: 1,
        "mongodb": 1,
        "rabbitmq-panda": 1,
        **{k.replace("_", "-"): v for k, v in ready.items()},
    }
    return [endpoint_slice(name, count, 1 - count) for name, count in counts.items()]


def restarted(count: int = 4, *, last: Object | None = None, **more: Any) -> Object:
    """Return the incident's pod: Running and Ready now, after restarts."""
    return pod(state=running(hours=28), restarts=count, last=last or terminated("Error", 1), **more)


def failing(
    message: str = "Readiness probe failed: HTTP probe failed with statuscode: 503", **more: Any
) -> Object:
    return event(FOCUS, "Unhealthy", message, **more)


def pending(message: str) -> Object:
    return {
        "phase": "Pending",
        "containerStatuses": [],
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        ],
    }


STATES = (
    State(id="all_well", cluster=lab(), reading=READY, causes=()),
    State(id="no_fibre_alone", cluster=lab(), causes=(NO_FIBER,), words=("prr 0.0",)),
    State(
        id="the_incident",
        cluster=lab(
            focus=restarted(),
            logs={
                "previous": log("INFO starting FocusManager", UNRESOLVED, last=28 * 3600),
                "current": log(*[NO_PRR, REQUEST] * 40, every=1.2),
            },
        ),
        causes=(
            NO_FIBER,
            "name_not_resolved/mongodb/certain",
            "clients_hammering/focus_server/certain",
            "restarts/focus_server/possible",
        ),
        words=(
            "mongodb:27017: [Errno -3] Temporary failure in name resolution",
            "4 restarts, the last 28h ago",
        ),
    ),
    State(
        id="the_incident_while_it_loops",
        cluster=lab(
            focus=pod(state=LOOP, last=terminated("Error", 1, minutes=2), restarts=4, ready=False),
            logs={"previous": log(UNRESOLVED, last=120)},
            endpointslices=slices(panda_panda_focus_server=0),
            deployments=[deployment(ready=0)],
        ),
        reading={"failure": Code.UNREACHABLE, "detail": "10.10.10.100:443 refuses the connection"},
        causes=(
            "name_not_resolved/mongodb/certain",
            "crash_loop/focus_server/certain",
            "restarts/focus_server/possible",
        ),
        words=("CrashLoopBackOff", "exit code 1"),
    ),
    State(
        id="rabbitmq_name_not_resolved",
        cluster=lab(
            focus=restarted(1),
            logs={
                "previous": log(
                    "socket.gaierror: [Errno -2] Name or service not known: rabbitmq-panda", last=99
                )
            },
        ),
        reading=READY,
        causes=("name_not_resolved/rabbitmq/certain", "restarts/focus_server/possible"),
    ),
    State(
        id="name_not_resolved_by_the_run_that_is_on",
        cluster=lab(
            focus=pod(ready=False),
            logs={"current": log(UNRESOLVED)},
            endpointslices=slices(panda_panda_focus_server=0),
        ),
        causes=(NO_FIBER, "name_not_resolved/mongodb/likely", "failing_probe/focus_server/likely"),
    ),
    State(
        id="name_not_resolved_long_before_the_end",
        cluster=lab(
            focus=restarted(1, last=terminated("OOMKilled", 137)),
            logs={"previous": log(UNRESOLVED, *["INFO working"] * 60, last=28 * 3600)},
        ),
        reading=READY,
        causes=(
            "oom_killed/focus_server/certain",
            "name_not_resolved/mongodb/likely",
            "restarts/focus_server/possible",
        ),
    ),
    State(
        id="name_not_resolved_a_week_ago",
        cluster=lab(
            focus=restarted(1, last=terminated("Error", 1, minutes=10080)),
            logs={"previous": log(UNRESOLVED, last=7 * 86400)},
        ),
        reading=READY,
        causes=("name_not_resolved/mongodb/possible",),
    ),
    State(
        id="mongodb_down",
        cluster=lab(
            mongo=mongodb(state=waiting("ContainerCreating"), phase="Pending"),
            endpointslices=slices(mongodb=0),
        ),
        causes=(NO_FIBER, "down/mongodb/certain"),
        words=("mongodb-0: Pending, not ready", "service mongodb: no ready endpoint"),
    ),
    State(
        id="mongodb_without_endpoints_though_ready",
        cluster=lab(endpointslices=slices(mongodb=0)),
        causes=(NO_FIBER, "down/mongodb/certain"),
        words=("service mongodb: no ready endpoint",),
    ),
    State(
        id="mongodb_refuses_the_focus_server",
        cluster=lab(
            focus=pod(ready=False),
            logs={"current": log(REFUSED)},
            endpointslices=slices(panda_panda_focus_server=0),
        ),
        causes=(NO_FIBER, "failing_probe/focus_server/likely", "down/mongodb/possible"),
        words=("Connection refused",),
    ),
    State(
        id="rabbitmq_down",
        cluster=lab(rabbit=rabbitmq(ready=False), endpointslices=slices(rabbitmq_panda=0)),
        reading=READY,
        causes=("down/rabbitmq/certain", "failing_probe/rabbitmq/likely"),
    ),
    State(
        id="rabbitmq_crash_looping",
        cluster=lab(
            rabbit=rabbitmq(
                state=LOOP, last=terminated("Error", 1, minutes=3, lasted=5), restarts=9, ready=False
            ),
            logs={"current": log(AMQP)},
            endpointslices=slices(rabbitmq_panda=0),
        ),
        reading=READY,
        causes=("down/rabbitmq/certain", "crash_loop/rabbitmq/certain", "restarts/rabbitmq/possible"),
        words=("AMQPConnectionError",),
    ),
    State(
        id="both_are_down",
        cluster=lab(
            mongo=mongodb(ready=False),
            rabbit=rabbitmq(ready=False),
            endpointslices=slices(mongodb=0, rabbitmq_panda=0),
        ),
        causes=(
            NO_FIBER,
            "down/mongodb/certain",
            "down/rabbitmq/certain",
            "failing_probe/mongodb/likely",
            "failing_probe/rabbitmq/likely",
        ),
    ),
    State(
        id="mongodb_scaled_to_nothing",
        cluster=lab(
            pods=[pod(), rabbitmq()],
            statefulsets=[stateful_set("mongodb", MONGODB_LABELS, replicas=0, ready=0)],
            endpointslices=slices(mongodb=0),
        ),
        causes=(NO_FIBER, "down/mongodb/certain", "no_pods/mongodb/certain"),
        words=("StatefulSet mongodb: 0 replicas wanted",),
    ),
    State(
        id="focus_server_scaled_to_nothing",
        cluster=lab(
            pods=[mongodb(), rabbitmq()],
            deployments=[deployment(replicas=0, ready=0)],
            endpointslices=slices(panda_panda_focus_server=0),
        ),
        reading={"status": 503},
        causes=("no_pods/focus_server/certain", "unreachable/focus_server/possible"),
    ),
    State(
        id="pods_forbidden_by_a_quota",
        cluster=lab(
            pods=[mongodb(), rabbitmq()],
            deployments=[deployment(ready=0)],
            events=[
                event(
                    f"{SERVICE}-6d8f9c7b5d",
                    "FailedCreate",
                    'pods "x" is forbidden: exceeded quota: lab',
                    kind="ReplicaSet",
                )
            ],
        ),
        reading={"status": 503},
        causes=("no_pods/focus_server/likely", "unreachable/focus_server/possible"),
        words=("exceeded quota",),
    ),
    State(
        id="crash_loop_by_its_own_fault",
        cluster=lab(
            focus=pod(state=LOOP, last=terminated("Error", 2, minutes=1, lasted=3), restarts=12, ready=False),
            logs={"previous": log("ValueError: bad configuration", last=60)},
        ),
        causes=(NO_FIBER, "crash_loop/focus_server/certain", "restarts/focus_server/possible"),
        words=("exit code 2",),
    ),
    State(
        id="crash_loop_caught_while_it_runs",
        cluster=lab(
            focus=pod(
                state=running(seconds=20),
                last=terminated("Error", 1, minutes=5, lasted=4),
                restarts=6,
                ready=True,
            ),
            events=[
                event(
                    FOCUS, "BackOff", "Back-off restarting failed container focus-server in pod x", count=21
                )
            ],
        ),
        causes=(NO_FIBER, "crash_loop/focus_server/likely", "restarts/focus_server/possible"),
        words=("BackOff x21",),
    ),
    State(
        id="crash_loop_between_two_runs_without_events",
        cluster=lab(focus=pod(state=terminated("Error", 1, minutes=0.2, lasted=4), restarts=3, ready=False)),
        causes=(NO_FIBER, "crash_loop/focus_server/likely", "restarts/focus_server/possible"),
    ),
    State(
        id="init_container_crash_looping",
        cluster=lab(
            focus=pod(
                state=waiting("PodInitializing"),
                phase="Pending",
                init=[("migrate", init_status(LOOP, restarts=5, last=terminated("Error", 1, minutes=2)))],
            )
        ),
        causes=(NO_FIBER, "crash_loop/focus_server/certain"),
        words=("container migrate",),
    ),
    State(
        id="init_container_that_waits",
        cluster=lab(
            focus=pod(
                state=waiting("PodInitializing"),
                phase="Pending",
                init=[("wait-for-mongodb", init_status(running(minutes=9)))],
            ),
            mongo=mongodb(state=waiting("ContainerCreating"), phase="Pending"),
            endpointslices=slices(mongodb=0),
        ),
        causes=(NO_FIBER, "down/mongodb/certain", "cannot_start/focus_server/likely"),
        words=("init container wait-for-mongodb has run for 9m",),
    ),
    State(
        id="out_of_memory",
        cluster=lab(focus=restarted(2, last=terminated("OOMKilled", 137, minutes=200), limit="512Mi")),
        causes=(NO_FIBER, "oom_killed/focus_server/certain", "restarts/focus_server/possible"),
        words=("OOMKilled, exit code 137",),
    ),
    State(
        id="out_of_memory_and_looping",
        cluster=lab(
            focus=pod(
                state=LOOP,
                last=terminated("OOMKilled", 137, minutes=1, lasted=30),
                restarts=7,
                ready=False,
                limit="256Mi",
            )
        ),
        causes=(
            NO_FIBER,
            "oom_killed/focus_server/certain",
            "crash_loop/focus_server/certain",
            "restarts/focus_server/possible",
        ),
    ),
    State(
        id="killed_without_a_word",
        cluster=lab(focus=restarted(1, last=terminated("Error", 137, minutes=30))),
        reading=READY,
        causes=("oom_killed/focus_server/possible", "restarts/focus_server/possible"),
    ),
    State(
        id="mongodb_out_of_memory",
        cluster=lab(mongo=mongodb(restarts=1, last=terminated("OOMKilled", 137, minutes=50))),
        reading=READY,
        causes=("oom_killed/mongodb/certain", "restarts/mongodb/possible"),
    ),
    State(
        id="close_to_its_memory_limit",
        cluster=lab(focus=pod(limit="400Mi")),
        causes=(NO_FIBER, "oom_killed/focus_server/possible"),
        words=("394Mi of 400Mi",),
    ),
    State(
        id="readiness_probe_fails",
        cluster=lab(
            focus=pod(ready=False),
            events=[failing(count=40)],
            endpointslices=slices(panda_panda_focus_server=0),
        ),
        reading={"status": 503},
        causes=("failing_probe/focus_server/certain",),
        words=("Readiness probe failed",),
    ),
    State(
        id="liveness_probe_kills",
        cluster=lab(
            focus=restarted(3, last=terminated("Error", 137, minutes=6)),
            events=[
                failing(
                    "Liveness probe failed: Get http://10.42.0.17:5000/: context deadline exceeded", count=9
                ),
                event(
                    FOCUS,
                    "Killing",
                    "Container focus-server failed liveness probe, will be restarted",
                    type="Normal",
                ),
            ],
        ),
        causes=(
            NO_FIBER,
            "failing_probe/focus_server/certain",
            "crash_loop/focus_server/likely",
            "restarts/focus_server/possible",
        ),
        words=("failed liveness probe",),
    ),
    State(
        id="probe_flickers",
        cluster=lab(events=[failing(count=12)]),
        causes=(NO_FIBER, "failing_probe/focus_server/likely"),
    ),
    State(
        id="probe_failed_once_at_the_start",
        cluster=lab(events=[failing(count=1, minutes=45)]),
        reading=READY,
        causes=(),
    ),
    State(
        id="image_back_off",
        cluster=lab(
            focus=pod(
                state=waiting(
                    "ImagePullBackOff", 'Back-off pulling image "registry.example.com/panda/x:1.5"'
                ),
                phase="Pending",
            )
        ),
        causes=(NO_FIBER, "image_pull/focus_server/certain"),
        words=("Back-off pulling image",),
    ),
    State(
        id="image_name_wrong",
        cluster=lab(focus=pod(state=waiting("InvalidImageName"), phase="Pending", image="Panda:1")),
        causes=(NO_FIBER, "image_pull/focus_server/certain"),
    ),
    State(
        id="image_of_a_new_revision_missing",
        cluster=lab(
            also=[
                pod(
                    f"{SERVICE}-7c-new",
                    state=waiting("ErrImagePull", "manifest unknown"),
                    phase="Pending",
                    age=0.2,
                )
            ],
            deployments=[deployment(stuck="ReplicaSet has timed out progressing.", updated=ago(minutes=3))],
            replicasets=[replica_set(7, ago(days=30), OLD), replica_set(8, ago(minutes=13), NEW)],
        ),
        causes=(NO_FIBER, "image_pull/focus_server/certain", "recent_deployment/focus_server/likely"),
        words=("manifest unknown", "1.4.1 -> registry.example.com/panda/focus-server:1.4.2"),
    ),
    State(
        id="secret_missing",
        cluster=lab(
            focus=pod(
                state=waiting("CreateContainerConfigError", 'secret "focus-mongodb" not found'),
                phase="Pending",
            )
        ),
        causes=(NO_FIBER, "cannot_start/focus_server/certain"),
        words=('secret "focus-mongodb" not found',),
    ),
    State(
        id="volume_missing",
        cluster=lab(
            mongo=mongodb(state=waiting("ContainerCreating"), phase="Pending"),
            events=[event("mongodb-0", "FailedMount", "MountVolume.SetUp failed for volume data: timed out")],
            endpointslices=slices(mongodb=0),
        ),
        causes=(NO_FIBER, "down/mongodb/certain", "cannot_start/mongodb/certain"),
    ),
    State(
        id="command_missing",
        cluster=lab(
            focus=pod(
                state=waiting("RunContainerError", 'exec: "focus": executable file not found in $PATH'),
                ready=False,
            )
        ),
        causes=(NO_FIBER, "cannot_start/focus_server/certain"),
    ),
    State(
        id="no_node_has_room",
        cluster=lab(
            focus=pod(
                state=waiting("ContainerCreating"),
                status=pending("0/3 nodes are available: 3 Insufficient memory."),
                spec={"nodeName": ""},
            )
        ),
        causes=(NO_FIBER, "node_trouble/focus_server/certain"),
        words=("3 Insufficient memory",),
    ),
    State(
        id="node_not_ready",
        cluster=lab(nodes=[node(ready="Unknown")]),
        reading={"failure": Code.TIMEOUT, "detail": "no answer from 10.10.10.100:443 within 5 s"},
        causes=("node_trouble/-/certain", "unreachable/focus_server/likely"),
        words=("Kubelet stopped posting node status",),
    ),
    State(
        id="node_under_memory_pressure",
        cluster=lab(nodes=[node(MemoryPressure="True")]),
        causes=(NO_FIBER, "node_trouble/-/certain"),
    ),
    State(
        id="evicted",
        cluster=lab(
            focus=pod(
                phase="Failed",
                state=terminated("Error", 137, minutes=10),
                status={"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."},
            )
        ),
        causes=(NO_FIBER, "node_trouble/focus_server/certain", "oom_killed/focus_server/possible"),
        words=("ephemeral-storage",),
    ),
    State(
        id="node_cordoned",
        cluster=lab(nodes=[node(unschedulable=True)]),
        reading=READY,
        causes=("node_trouble/-/possible",),
    ),
    State(
        id="recent_deployment",
        cluster=lab(
            focus=pod(age=0.5, ready=False),
            deployments=[deployment(ready=0)],
            replicasets=[replica_set(7, ago(days=30), OLD), replica_set(8, ago(minutes=30), NEW)],
            endpointslices=slices(panda_panda_focus_server=0),
        ),
        reading={"status": 502},
        causes=("failing_probe/focus_server/likely", "recent_deployment/focus_server/likely"),
        words=("revision 8", "0 of 1 ready"),
    ),
    State(
        id="deployment_of_yesterday",
        cluster=lab(replicasets=[replica_set(7, ago(days=30), OLD), replica_set(8, ago(hours=20), NEW)]),
        causes=(NO_FIBER, "recent_deployment/focus_server/possible"),
    ),
    State(
        id="rolled_back_just_now",
        cluster=lab(
            deployments=[deployment(image=OLD, updated=ago(minutes=20))],
            replicasets=[replica_set(9, ago(days=30), OLD), replica_set(8, ago(hours=30), NEW)],
        ),
        causes=(NO_FIBER, "recent_deployment/focus_server/likely"),
        words=("1.4.2 -> registry.example.com/panda/focus-server:1.4.1",),
    ),
    State(
        id="deployment_that_went_well",
        cluster=lab(replicasets=[replica_set(7, ago(days=30), OLD), replica_set(8, ago(minutes=30), NEW)]),
        reading=READY,
        causes=(),
    ),
    State(
        id="restarts_like_a_clock",
        cluster=lab(
            focus=pod(
                state=running(minutes=20),
                restarts=8,
                age=4 + 1 / 3,
                last=terminated("Error", 1, minutes=20, lasted=1795),
            )
        ),
        causes=(NO_FIBER, "restart_clock/focus_server/likely"),
        words=("8 restarts",),
    ),
    State(
        id="restarts_without_a_clock",
        cluster=lab(focus=restarted(8, last=terminated("Error", 1, minutes=60, lasted=100))),
        causes=(NO_FIBER, "restarts/focus_server/possible"),
    ),
    State(
        id="one_restart_long_ago",
        cluster=lab(focus=restarted(1, last=terminated("Completed", 0, minutes=9 * 1440), age=2400)),
        reading=READY,
        causes=(),
    ),
    State(
        id="unreachable_though_fine",
        cluster=lab(),
        reading={"failure": Code.UNREACHABLE, "detail": "10.10.10.100:443 refuses the connection"},
        causes=("unreachable/focus_server/likely",),
        words=("refuses the connection", "ingress focus: focus.example.com at 10.10.10.100"),
    ),
    State(
        id="ingress_answers_for_it",
        cluster=lab(),
        reading={"status": 504},
        causes=("unreachable/focus_server/likely",),
        words=("HTTP 504",),
    ),
    State(
        id="another_page_answers",
        cluster=lab(),
        reading={"status": 200, "body": b"<html>default backend</html>"},
        causes=("unreachable/focus_server/likely",),
    ),
    State(
        id="certificate_over",
        cluster=lab(),
        reading={
            "failure": Code.TLS_ERROR,
            "detail": "the certificate of lab:443 is not accepted: has expired",
        },
        causes=("unreachable/focus_server/certain",),
        words=("has expired",),
    ),
    State(
        id="service_leads_nowhere",
        cluster=lab(
            services=[
                service(SERVICE, {"app": "panda"}, 5000),
                service("mongodb", MONGODB_LABELS, 27017),
                service("rabbitmq-panda", RABBITMQ_LABELS, 5672),
            ],
            endpointslices=[endpoint_slice(name) for name in ("mongodb", "rabbitmq-panda")],
        ),
        reading={"status": 503},
        causes=("no_endpoints/focus_server/certain", "unreachable/focus_server/likely"),
    ),
    State(
        id="clients_hammer",
        cluster=lab(logs={"current": log(*[REQUEST, NGINX, JSON] * 100, every=0.5)}),
        causes=(NO_FIBER, "clients_hammering/focus_server/certain"),
        words=("/config",),
    ),
    State(
        id="clients_hammered_an_hour_ago",
        cluster=lab(logs={"current": log(*[REQUEST] * 50, every=2, last=3600)}),
        causes=(NO_FIBER, "clients_hammering/focus_server/possible"),
    ),
    State(
        id="one_client_asks_now_and_then",
        cluster=lab(logs={"current": log(*[REQUEST] * 6, every=90)}),
        causes=(NO_FIBER,),
    ),
    State(
        id="clients_read_a_lot",
        cluster=lab(logs={"current": log(*['10.0.0.9:1 - "GET /live_metadata HTTP/1.1" 503'] * 200)}),
        causes=(NO_FIBER,),
    ),
    State(
        id="contradictory",
        cluster=lab(),
        reading=_body({**recorded.READY, "fiber_description": "waiting for fiber"}),
        causes=("no_fiber/-/possible",),
    ),
    State(
        id="three_replicas_alike",
        cluster=lab(
            pods=[
                *[
                    pod(
                        f"{SERVICE}-6d-{number}",
                        state=LOOP,
                        last=terminated("Error", 1, minutes=2),
                        ready=False,
                    )
                    for number in range(3)
                ],
                mongodb(),
                rabbitmq(),
            ],
            endpointslices=slices(panda_panda_focus_server=0),
        ),
        causes=(NO_FIBER, "crash_loop/focus_server/certain"),
        words=("6d-0", "6d-1", "6d-2"),
    ),
    State(
        id="a_job_beside_it_fails",
        cluster=lab(
            also=[
                pod(
                    "mongodb-dump-28-x",
                    MONGODB_LABELS,
                    state=LOOP,
                    ready=False,
                    metadata={
                        "ownerReferences": [
                            {"apiVersion": "batch/v1", "kind": "Job", "name": "d", "uid": "u"}
                        ]
                    },
                ),
                pod("grpc-service-1-77", {"app": "grpc"}, state=LOOP, ready=False),
            ]
        ),
        causes=(NO_FIBER,),
    ),
    State(
        id="a_pod_on_its_way_out",
        cluster=lab(
            also=[
                pod(
                    f"{SERVICE}-old",
                    state=terminated("Error", 137, minutes=1),
                    ready=False,
                    metadata={"deletionTimestamp": ago(seconds=20), "deletionGracePeriodSeconds": 30},
                )
            ]
        ),
        reading=READY,
        causes=(),
    ),
    State(
        id="endpoints_of_an_old_cluster",
        cluster=lab(
            mongo=mongodb(ready=False),
            endpointslices=None,
            endpoints=[endpoints(SERVICE), endpoints("mongodb", 0, 1), endpoints("rabbitmq-panda")],
        ),
        causes=(NO_FIBER, "down/mongodb/certain", "failing_probe/mongodb/likely"),
        words=("service mongodb: no ready endpoint, 1 not ready",),
    ),
    State(
        id="helm_release_named_after_the_server",
        cluster=lab(
            mongo=pod(
                "focus-server-mongodb-0",
                {"app.kubernetes.io/name": "mongodb", "app.kubernetes.io/instance": "focus-server"},
                container="mongodb",
                state=LOOP,
                ready=False,
            ),
            focus=pod("focus-server-1", {**FOCUS_LABELS, "app.kubernetes.io/instance": "focus-server"}),
            endpointslices=slices(mongodb=0),
        ),
        causes=(NO_FIBER, "down/mongodb/certain", "crash_loop/mongodb/certain"),
    ),
)
