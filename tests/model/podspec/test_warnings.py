"""What is accepted with a warning, each in the words of the real server."""

from typing import Any

import pytest

from eachpod.model.podspec.warnings import pod_warnings, template_warnings

NULL = "a null labelSelector results in matching no pod"
REQUIRED, PREFERRED = (
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
)
OLD_LABEL = 'deprecated since v1.14; use "kubernetes.io/os" instead'
OLD_ZONE = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
ZONE = {"key": "failure-domain.beta.kubernetes.io/zone", "operator": "Exists"}
BAD_VALUE = {"key": "a", "operator": "In", "values": ["fine", "not fine"]}
NO_SELECTOR = {"topologyKey": "kubernetes.io/hostname"}
VALUE_FAULT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def container(**fields: Any) -> dict[str, Any]:
    return {"containers": [{"name": "c", **fields}]}


def ports(*listed: dict[str, Any]) -> dict[str, Any]:
    return container(ports=[{"protocol": "TCP", **port} for port in listed])


def pod_affinity(kind: str, required: Any = (), preferred: Any = ()) -> dict[str, Any]:
    wishes = [{"weight": 1, "podAffinityTerm": term} for term in preferred]
    return {"affinity": {kind: {REQUIRED: list(required), PREFERRED: wishes}}}


def node_affinity(*needs: Any, preferred: bool = False) -> dict[str, Any]:
    term = {"matchExpressions": list(needs)}
    wishes = {PREFERRED: [{"weight": 1, "preference": term}]}
    return {"affinity": {"nodeAffinity": wishes if preferred else {REQUIRED: {"nodeSelectorTerms": [term]}}}}


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    (
        {"nodeSelector": {"beta.kubernetes.io/os": "linux", "a": "b"}},
        [f"nodeSelector[beta.kubernetes.io/os]: {OLD_LABEL}"],
    ),
    (
        node_affinity({"key": "a"}, ZONE),
        [
            f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[1].key: "
            f"{ZONE['key']} is {OLD_ZONE}",
        ],
    ),
    (
        node_affinity(ZONE, BAD_VALUE, preferred=True),
        [
            f"affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0].key: {ZONE['key']} is {OLD_ZONE}",
            f"affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[1].values[1]: not fine is invalid, "
            + VALUE_FAULT,
        ],
    ),
    (node_affinity(BAD_VALUE), []),
    (
        {"topologySpreadConstraints": [{"topologyKey": ZONE["key"], "labelSelector": {}}, {"topologyKey": "a"}]},
        [
            f"topologySpreadConstraints[0].topologyKey: {ZONE['key']} is {OLD_ZONE}",
            f"topologySpreadConstraints[1].labelSelector: {NULL}",
        ],
    ),
    (
        {"hostAliases": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}, {"ip": "10.0.0.1"}]},
        ['hostAliases[2].ip: duplicate ip "10.0.0.1"'],
    ),
    (
        {"imagePullSecrets": [{"name": "a"}, {"name": ""}, {"name": "a"}]},
        ['imagePullSecrets[2].name: duplicate name "a"', 'imagePullSecrets[1].name: invalid empty name ""'],
    ),
    (
        {"overhead": {"memory": "1500m", "cpu": "1500m", "ephemeral-storage": "1"}},
        ['overhead[memory]: fractional byte value "1500m" is invalid, must be an integer'],
    ),
    (
        container(
            resources={
                "limits": {"memory": "1m", "ephemeral-storage": "1m"},
                "requests": {"memory": "1m", "ephemeral-storage": "1m", "cpu": "1m"},
            }
        ),
        [
            f'containers[0].resources.{what}: fractional byte value "1m" is invalid, must be an integer'
            for what in (
                "limits[memory]",
                "requests[memory]",
                "limits[ephemeral-storage]",
                "requests[ephemeral-storage]",
            )
        ],
    ),
    (
        container(
            env=[
                {"name": "A", "value": "1"},
                {"name": "A", "value": "$(A)2"},
                {"name": "A", "value": "$(A)"},
                {"name": "A", "valueFrom": {}},
                {"name": "B"},
            ]
        ),
        [
            f'containers[0].env[{at}]: hides previous definition of "A", which may be dropped when using apply'
            for at in (2, 3)
        ],
    ),
    (
        ports({"containerPort": 80}, {"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}),
        ["containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"],
    ),
    (
        ports({"containerPort": 80}, {"containerPort": 80, "hostPort": 8080}),
        ["containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]"],
    ),
    (
        ports({"containerPort": 80, "hostPort": 1}, {"containerPort": 80, "hostPort": 1, "hostIP": "127.0.0.1"}),
        ["containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]"],
    ),
    (
        ports(
            {"containerPort": 80, "hostPort": 1, "hostIP": "127.0.0.2"},
            {"containerPort": 80, "hostPort": 1, "hostIP": "127.0.0.1"},
            {"containerPort": 80, "hostPort": 2},
        ),
        [],
    ),
    (
        ports({"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "http"}),
        [
            'containers[0].ports[1]: duplicate port name "http" with spec.containers[0].ports[0], services and probes '
            "that select ports by name will use spec.containers[0].ports[0]"
        ],
    ),
    (
        {"terminationGracePeriodSeconds": -1},
        ["terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"],
    ),
    ({"terminationGracePeriodSeconds": 0}, []),
    (
        pod_affinity("podAffinity", [{"labelSelector": {}}, NO_SELECTOR], [{"labelSelector": {}}, NO_SELECTOR]),
        [
            f"affinity.podAffinity.{REQUIRED}[1].labelSelector: {NULL}",
            f"affinity.podAffinity.{PREFERRED}[1].podAffinityTerm.labelSelector: {NULL}",
        ],
    ),
    (pod_affinity("podAntiAffinity", [NO_SELECTOR]), [f"affinity.podAntiAffinity.{REQUIRED}[0].labelSelector: {NULL}"]),
    (
        {"dnsConfig": {"nameservers": ["10.0.0.1", "010.0.0.1"]}},
        ['dnsConfig.nameservers[1]: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"'],
    ),
    (
        {"hostAliases": [{"ip": "FD00::1"}]},
        ['hostAliases[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")'],
    ),
]


@pytest.mark.parametrize(("spec", "told"), CASES)
def test_specs(spec: dict[str, Any], told: list[str]) -> None:
    assert pod_warnings({}, spec) == [f"spec.{text}" for text in told]
    template = [f"spec.template.spec.{text.replace(' spec.', ' spec.template.spec.')}" for text in told]
    assert pod_warnings({}, spec, "spec.template.") == template


VOLUMES: list[tuple[dict[str, Any], list[str]]] = [
    ({"photonPersistentDisk": {}}, ["photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+"]),
    ({"gitRepo": {}}, ["gitRepo: deprecated in v1.11, and disabled by default in v1.33+"]),
    ({"scaleIO": {}}, ["scaleIO: deprecated in v1.16, non-functional in v1.22+"]),
    ({"flocker": {}}, ["flocker: deprecated in v1.22, non-functional in v1.25+"]),
    ({"storageos": {}}, ["storageOS: deprecated in v1.22, non-functional in v1.25+"]),
    ({"quobyte": {}}, ["quobyte: deprecated in v1.22, non-functional in v1.25+"]),
    ({"glusterfs": {}}, ["glusterfs: deprecated in v1.25, non-functional in v1.26+"]),
    ({"cephfs": {}}, ["cephfs: deprecated in v1.28, non-functional in v1.31+"]),
    ({"rbd": {}}, ["rbd: deprecated in v1.28, non-functional in v1.31+"]),
    ({"emptyDir": {}}, []),
    ({"ephemeral": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}}}, []),
    (
        {"ephemeral": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1m"}}}}}},
        [
            "ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "
            '"1m" is invalid, must be an integer'
        ],
    ),
]


@pytest.mark.parametrize(("volume", "told"), VOLUMES)
def test_volumes(volume: dict[str, Any], told: list[str]) -> None:
    spec = {"volumes": [{"name": "first", "emptyDir": {}}, {"name": "v", **volume}]}
    assert pod_warnings({}, spec) == [f"spec.volumes[1].{text}" for text in told]


def items(*paths: str) -> list[dict[str, str]]:
    return [{"key": f"k{at}", "path": path} for at, path in enumerate(paths)]


OVERLAPS: list[tuple[dict[str, Any], list[str]]] = [
    ({"configMap": {"name": "m", "items": items("a", "b", "aa")}}, []),
    ({"configMap": {"name": "m", "items": items("a", "a/b")}}, ['(ConfigMap "m"): overlapping paths: "a/b" with "a"']),
    ({"secret": {"secretName": "s", "items": items("a/b/", "a")}}, ['(Secret "s"): overlapping paths: "a" with "a/b"']),
    ({"downwardAPI": {"items": items("a", "a")}}, ['(DownwardAPI): overlapping paths: "a" with "a"']),
    ({"downwardAPI": {"items": items("", "")}}, []),
    (
        {
            "projected": {
                "sources": [
                    {},
                    {"configMap": {"name": "m", "items": items("a")}},
                    {"secret": {"name": "s", "items": items("a")}},
                    {"downwardAPI": {"items": items("b")}},
                    {"serviceAccountToken": {"path": "b/token"}},
                    {"configMap": {"name": "all of it"}},
                    {"clusterTrustBundle": {"signerName": "x/y", "path": "a/pem"}},
                    {"podCertificate": {"keyPath": "k", "certificateChainPath": "k/chain"}},
                ]
            }
        },
        [
            "(Projected) has no sources provided",
            '(Projected): overlapping paths: "a" (Secret "s") with "a" (ConfigMap "m")',
            '(Projected): overlapping paths: "b/token" (ServiceAccountToken) with "b" (DownwardAPI)',
            '(Projected): overlapping paths: "a/pem" (ClusterTrustBundle "x/y") with "a" (ConfigMap "m")',
            '(Projected): overlapping paths: "a/pem" (ClusterTrustBundle "x/y") with "a" (Secret "s")',
            '(Projected): overlapping paths: "k" (PodCertificate key) with "k/chain" (PodCertificate chain)',
        ],
    ),
]


@pytest.mark.parametrize(("volume", "told"), OVERLAPS)
def test_files_that_take_each_others_place(volume: dict[str, Any], told: list[str]) -> None:
    assert pod_warnings({}, {"volumes": [{"name": "v", **volume}]}) == [f'volume "v" {text}' for text in told]


SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_C = "container.seccomp.security.alpha.kubernetes.io/c"
ARMOR = "container.apparmor.security.beta.kubernetes.io/c"
PROFILE = {"seccompProfile": {"type": "RuntimeDefault"}}


def armored(**profile: str) -> dict[str, Any]:
    return {"securityContext": {"appArmorProfile": profile}}


ANNOTATIONS: list[tuple[dict[str, str], dict[str, Any], list[str]]] = [
    ({"a": "b"}, {}, []),
    (
        {"scheduler.alpha.kubernetes.io/critical-pod": ""},
        {},
        [
            "scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; "
            'use the "priorityClassName" field instead'
        ],
    ),
    (
        {"security.alpha.kubernetes.io/sysctls": "", "security.alpha.kubernetes.io/unsafe-sysctls": ""},
        {},
        [
            f'security.alpha.kubernetes.io/{kind}]: non-functional in v1.11+; use the "sysctls" field instead'
            for kind in ("sysctls", "unsafe-sysctls")
        ],
    ),
    ({SECCOMP_POD: "x", SECCOMP_C: "x"}, container(), [f"{SECCOMP_POD}]: {SECCOMP}", f"{SECCOMP_C}]: {SECCOMP}"]),
    ({SECCOMP_POD: "x", SECCOMP_C: "x"}, {"securityContext": PROFILE, **container(securityContext=PROFILE)}, []),
    ({ARMOR: "x"}, container(), [f'{ARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead']),
    ({ARMOR: "x"}, container(**armored(type="Unconfined")), []),
    ({ARMOR: "unconfined"}, {**container(), **armored(type="Unconfined")}, []),
    ({ARMOR: "runtime/default"}, {**container(), **armored(type="RuntimeDefault")}, []),
    ({ARMOR: "localhost/p"}, {**container(), **armored(type="Localhost", localhostProfile="p")}, []),
    (
        {ARMOR: "localhost/"},
        {**container(), **armored(type="Localhost", localhostProfile="p")},
        [f'{ARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead'],
    ),
]


@pytest.mark.parametrize(("annotations", "spec", "told"), ANNOTATIONS)
def test_annotations(annotations: dict[str, str], spec: dict[str, Any], told: list[str]) -> None:
    found = pod_warnings({"annotations": annotations}, spec, "spec.template.")
    assert found == [f"spec.template.metadata.annotations[{text}" for text in told]
    of_pod = pod_warnings({"annotations": annotations}, spec)
    assert of_pod == [f"metadata.annotations[{text}" for text in told if not text.startswith(ARMOR)]


def test_what_does_not_change_is_not_told_again() -> None:
    old = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": -1}}}}
    assert len(template_warnings(old, None)) == 1
    assert template_warnings(old, old) == []
    assert len(template_warnings({"spec": {**old["spec"], "replicas": 2}}, old)) == 1
