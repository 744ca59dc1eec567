"""Which other objects a pod needs."""

from eachpod.model.podspec.references import references


def test_everything_that_a_pod_needs() -> None:
    variables = [
        {"name": "a", "valueFrom": {"secretKeyRef": {"name": "env-secret", "key": "k"}}},
        {"name": "b", "valueFrom": {"configMapKeyRef": {"name": "env-map", "key": "k"}}},
        {"name": "c", "value": "v"},
    ]
    sources = [{"secret": {"name": "part"}}, {"configMap": {"name": "part"}}, {"serviceAccountToken": {"path": "t"}}]
    pod = {
        "metadata": {"name": "p"},
        "spec": {
            "serviceAccountName": "sa",
            "imagePullSecrets": [{"name": "pull"}],
            "initContainers": [{"envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "all"}}]}],
            "containers": [{"env": variables}],
            "volumes": [
                {"name": "s", "secret": {"secretName": "volume"}},
                {"name": "c", "configMap": {"name": "volume"}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "e", "ephemeral": {}},
                {"name": "f", "projected": {"sources": sources}},
                {"name": "g", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "driver"}}},
                {"name": "h", "emptyDir": {}},
            ],
        },
    }
    found = references(pod)
    secrets = {"pull", "env-secret", "all", "volume", "part", "driver"}
    assert {name for plural, name in found if plural == "secrets"} == secrets
    assert {name for plural, name in found if plural == "configmaps"} == {"env-map", "all", "volume", "part"}
    assert {name for plural, name in found if plural == "persistentvolumeclaims"} == {"data", "p-e"}
    assert {name for plural, name in found if plural == "serviceaccounts"} == {"sa"}


def test_a_pod_that_needs_nothing() -> None:
    assert references({"spec": {"containers": [{"name": "c"}], "volumes": [{"name": "v", "emptyDir": {}}]}}) == set()
