"""Pods: defaults, faults, and what may change."""

from typing import Any

import pytest

CONTAINER = {"name": "c", "image": "nginx:1.2"}


@pytest.fixture
def pods(of: Any) -> Any:
    return of("v1", "Pod")


def spec(**fields: Any) -> dict[str, Any]:
    return {"containers": [CONTAINER], **fields}


def container(**fields: Any) -> dict[str, Any]:
    return {"containers": [{**CONTAINER, **fields}]}


def test_defaults(pods: Any) -> None:
    pod = pods.make(container(image="nginx", ports=[{"containerPort": 80}], livenessProbe={"httpGet": {"port": 80}}))
    assert pod["spec"] == {
        "containers": [
            {
                "name": "c",
                "image": "nginx",
                "imagePullPolicy": "Always",
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "livenessProbe": {
                    "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                    "timeoutSeconds": 1,
                    "periodSeconds": 10,
                    "successThreshold": 1,
                    "failureThreshold": 3,
                },
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    assert pod["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("localhost:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
        ("Bad_Name!", "IfNotPresent"),
        ("registry.example.com/a/b_c--d.e", "Always"),
    ],
)
def test_images_without_a_fixed_tag_are_always_pulled(pods: Any, image: str, policy: str) -> None:
    assert pods.make(container(image=image))["spec"]["containers"][0]["imagePullPolicy"] == policy


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
def test_quality_of_service(pods: Any, resources: dict[str, Any], qos: str) -> None:
    assert pods.make(container(resources=resources))["status"]["qosClass"] == qos


def test_limits_are_requests_unless_the_user_says_so(pods: Any) -> None:
    made = pods.make(container(resources={"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}))
    assert made["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, ["spec.containers: Required value"]),
        (container(name="A"), ["spec.containers[0].name: Invalid value"]),
        (container(ports=[{"containerPort": 70000}]), ["containerPort: Invalid value: 70000: must be between 1 and"]),
        (container(env=[{"name": "A", "valueFrom": {}}]), ['valueFrom: Invalid value: "": must specify one of:']),
        (container(volumeMounts=[{"name": "v", "mountPath": "/x"}]), ['volumeMounts[0].name: Not found: "v"']),
        (
            container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
            ['resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
        ),
        (container(livenessProbe={}), ["livenessProbe: Required value: must specify a handler type"]),
        (container(lifecycle={"preStop": {"sleep": {"seconds": 31}}}), ["terminationGracePeriodSeconds (30)"]),
        (spec(dnsPolicy="None"), ["spec.dnsConfig: Required value: must provide `dnsConfig` when"]),
        (spec(dnsPolicy="Sometimes"), ['spec.dnsPolicy: Unsupported value: "Sometimes": supported values:']),
        (spec(hostname="a.b"), ['spec.hostname: Invalid value: "a.b": must not contain dots']),
        (spec(tolerations=[{"operator": "Equal"}]), ["operator must be Exists when `key` is empty"]),
        (
            spec(initContainers=[{**CONTAINER, "name": "i", "readinessProbe": {"exec": {"command": ["x"]}}}]),
            ["may not be set for init containers without restartPolicy=Always"],
        ),
        (spec(volumes=[{"name": "v"}, {"name": "v"}]), ['spec.volumes[1].name: Duplicate value: "v"']),
        (spec(hostNetwork=True, hostUsers=False), ["spec.hostNetwork: Forbidden: when `hostUsers` is false"]),
        (spec(securityContext={"runAsUser": -1}), ["spec.securityContext.runAsUser: Invalid value: -1"]),
        (
            spec(topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]),
            ["maxSkew: Invalid value: 0: must be greater than zero"],
        ),
    ],
)
def test_faults(pods: Any, given: dict[str, Any], faults: list[str]) -> None:
    found = pods.faults(given)
    assert len(found) == len(faults), found
    assert all(text in error for text, error in zip(faults, found, strict=True)), found


def test_a_rich_pod_is_sound(pods: Any) -> None:
    given = spec(
        volumes=[
            {"name": "config", "configMap": {"name": "c", "items": [{"key": "k", "path": "a/b"}]}},
            {"name": "token", "projected": {"sources": [{"downwardAPI": {"items": [
                {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
            ]}}]}},
        ],
        affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}
        ]}},
        initContainers=[{**CONTAINER, "name": "side", "restartPolicy": "Always"}],
    )  # fmt: skip
    given["containers"] = [
        {
            **CONTAINER,
            "env": [
                {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            ],
            "volumeMounts": [{"name": "config", "mountPath": "/c"}, {"name": "token", "mountPath": "/t"}],
            "readinessProbe": {"tcpSocket": {"port": "http"}},
        }
    ]
    assert pods.faults(given) == []


def changed(pod: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**pod, "spec": {**pod["spec"], **fields}}


def test_the_image_may_change_and_the_command_may_not(pods: Any) -> None:
    pod = pods.make(spec())
    first = pod["spec"]["containers"][0]
    assert pods.change_faults(pod, changed(pod, containers=[{**first, "image": "nginx:2"}])) == []
    found = pods.change_faults(pod, changed(pod, containers=[{**first, "command": ["x"]}]))
    assert len(found) == 1
    assert found[0].startswith(
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`"
    )
    found = pods.change_faults(pod, changed(pod, containers=[first, {**first, "name": "d"}]))
    assert found == ["spec.containers: Forbidden: pod updates may not add or remove containers"]


def test_tolerations_are_only_added(pods: Any) -> None:
    have = {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
    pod = pods.make(spec(tolerations=[have]))
    longer = {**have, "tolerationSeconds": 60}
    assert pods.change_faults(pod, changed(pod, tolerations=[longer, {"operator": "Exists"}])) == []
    assert "existing toleration can not be modified" in pods.change_faults(pod, changed(pod, tolerations=[]))[0]


def test_gated_pods_wait_and_say_so(pods: Any) -> None:
    pod = pods.make(spec(schedulingGates=[{"name": "x.y/z"}]))
    assert pod["status"]["conditions"][0]["reason"] == "SchedulingGated"
    assert pods.change_faults(pod, changed(pod, schedulingGates=[], nodeSelector={"a": "b"})) == []
    found = pods.change_faults(pod, changed(pod, schedulingGates=[{"name": "other"}]))
    assert "only deletion is allowed, but found new scheduling gate 'other'" in found[0]


WAITING = {"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}
RUNNING = {"name": "c", "ready": True, "state": {"running": {}}}


@pytest.mark.parametrize(
    ("status", "deleted", "cells"),
    [
        ({"phase": "Pending"}, False, ["0/1", "Pending", "0"]),
        ({"phase": "Running", "containerStatuses": [RUNNING]}, False, ["1/1", "Running", "0"]),
        ({"phase": "Running", "containerStatuses": [WAITING]}, False, ["0/1", "CrashLoopBackOff", "3"]),
        ({"phase": "Running", "containerStatuses": [RUNNING]}, True, ["1/1", "Terminating", "0"]),
        ({"phase": "Failed", "reason": "Evicted"}, True, ["0/1", "Evicted", "0"]),
        (
            {"phase": "Failed", "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 3}}}]},
            False,
            ["0/1", "ExitCode:3", "0"],
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": {"running": {}}}]},
            False,
            ["0/1", "Init:0/1", "0"],
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    {**RUNNING, "restartCount": 1, "lastState": {"terminated": {"finishedAt": "2020-01-01T00:00:00Z"}}}
                ],
            },
            False,
            ["1/1", "Running", "1 (60s ago)"],
        ),
    ],
)
def test_row(pods: Any, status: dict[str, Any], deleted: bool, cells: list[str]) -> None:
    pod = pods.make(spec(initContainers=[{**CONTAINER, "name": "i"}]))
    pod = {**pod, "status": status}
    if deleted:
        pod["metadata"] = {**pod["metadata"], "deletionTimestamp": "2020-01-01T00:00:00Z"}
    assert pods.kind.row(pod, 1577836860.0)[1:4] == cells


def test_warnings(pods: Any) -> None:
    pod = pods.make(
        spec(
            nodeSelector={"beta.kubernetes.io/os": "linux"},
            containers=[
                {**CONTAINER, "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
            ],
        ),
        metadata={"name": "a.b"},
    )
    assert pods.kind.warnings(pod, None) == [
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
        "a DNS label is recommended: [must not contain dots]",
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ]


def test_field_selectors_see_strings(pods: Any) -> None:
    pod = {**pods.make(spec(nodeName="n")), "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}]}}
    fields = pods.kind.fields(pod)
    assert (fields["spec.nodeName"], fields["status.phase"], fields["status.podIP"]) == ("n", "Running", "10.0.0.1")
    assert fields["spec.hostNetwork"] == "false"


def test_an_address_of_the_host_without_a_port_is_warned_of(pods: Any) -> None:
    port = {"name": "http", "containerPort": 80, "hostIP": "127.0.0.1"}
    made = pods.make(container(ports=[port], lifecycle={"stopSignal": ""}))
    assert [str(fault) for fault in pods.kind.validate(made)] == []
    shown = "{Name:http HostPort:0 ContainerPort:80 Protocol:TCP HostIP:127.0.0.1}"
    assert f"spec.containers[0].ports[0]: hostIP set without hostPort: {shown}" in pods.kind.warnings(made, None)


@pytest.mark.parametrize(
    ("sent", "before", "kept"),
    [
        ({"phase": "Running"}, {"qosClass": "Burstable"}, {"phase": "Running", "qosClass": "Burstable"}),
        (None, {"qosClass": "Burstable"}, {"qosClass": "Burstable"}),
        ({"qosClass": "Guaranteed"}, {"qosClass": "Burstable"}, {"qosClass": "Guaranteed"}),
        ({"phase": "Running"}, {}, {"phase": "Running"}),
        ({"phase": "Running"}, None, {"phase": "Running"}),
    ],
)
def test_a_status_without_the_class_of_service_keeps_it(pods: Any, sent: Any, before: Any, kept: Any) -> None:
    assert pods.kind.prepare_status({"status": sent}, {"status": before})["status"] == kept
