"""StatefulSets: defaults, the form that revisions are hashed over, faults, and what may change."""

import json
from typing import Any

import pytest

TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


@pytest.fixture
def sets(of: Any) -> Any:
    return of("apps/v1", "StatefulSet")


def spec(**fields: Any) -> dict[str, Any]:
    base = {"serviceName": "w", "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    found: dict[str, Any] = json.loads(json.dumps({**base, **fields}))
    return found


def test_defaults(sets: Any) -> None:
    made = sets.make(spec(volumeClaimTemplates=[CLAIM]))
    del made["spec"]["template"]
    assert made["spec"] == {
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "podManagementPolicy": "OrderedReady",
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": "a"}},
        "serviceName": "w",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "partition": 0}},
        "volumeClaimTemplates": [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Gi"}},
                    "volumeMode": "Filesystem",
                },
                "status": {"phase": "Pending"},
            }
        ],
    }
    assert made["status"] == {"replicas": 0, "availableReplicas": 0}


def test_the_template_has_exactly_the_form_that_revisions_are_hashed_over(sets: Any) -> None:
    made = sets.make(spec())
    assert made["spec"]["template"] == {
        "metadata": {"labels": {"app": "a"}},
        "spec": {
            "containers": [
                {
                    "image": "nginx",
                    "imagePullPolicy": "Always",
                    "name": "c",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        },
    }


def test_a_written_strategy_stays_bare(sets: Any) -> None:
    assert sets.make(spec(updateStrategy={"type": "RollingUpdate"}))["spec"]["updateStrategy"] == {
        "type": "RollingUpdate"
    }


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({"selector": None}, ["spec.selector: Required value", "`selector` does not match template `labels`"]),
        ({"selector": {}}, ["empty selector is invalid for statefulset"]),
        ({"selector": {"matchLabels": {"app": "b"}}}, ["`selector` does not match template `labels`"]),
        (
            {"selector": {"matchLabels": {"Bad Key!": "v"}}},
            [
                "spec.selector.matchLabels: Invalid value",
                'spec.selector: Invalid value: {"matchLabels":{"Bad Key!":"v"}}',
            ],
        ),
        (
            {"template": {**TEMPLATE, "metadata": {"labels": {"app": "a"}, "annotations": {"Bad Key!": "v"}}}},
            ["spec.template.annotations: Invalid value"],
        ),
        (
            {
                "template": {
                    **TEMPLATE,
                    "spec": {**TEMPLATE["spec"], "resources": {"claims": [{}]}, "runtimeClassName": ""},
                }
            },
            [
                "spec.template.spec.runtimeClassName: Invalid value",
                "spec.template.spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level",
                "spec.template.spec.resources.claims[0]: Required value",
            ],
        ),
        ({"serviceName": "a.b"}, ['spec.serviceName: Invalid value: "a.b": must not contain dots']),
        ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ({"podManagementPolicy": "X"}, ["must be 'OrderedReady' or 'Parallel'"]),
        (
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
            ["only allowed for updateStrategy 'RollingUpdate'"],
        ),
        (
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "many"}}},
            ["a valid percent string must be a numeric string", "cannot be 0"],
        ),
        ({"volumeClaimTemplates": [{**CLAIM, "spec": {}}]}, ["accessModes: Required value", "[storage]: Required"]),
    ],
)
def test_faults(sets: Any, fields: dict[str, Any], texts: list[str]) -> None:
    found = sets.faults(spec(**fields))
    assert len(found) == len(texts), found
    assert all(text in error for text, error in zip(texts, found, strict=True)), found


def test_claims_may_be_mounted(sets: Any) -> None:
    template = json.loads(json.dumps(TEMPLATE))
    template["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/d"}]
    assert sets.faults(spec(template=template, volumeClaimTemplates=[CLAIM])) == []
    assert "Not found" in sets.faults(spec(template=template))[0]


@pytest.mark.parametrize("field", ["serviceName", "podManagementPolicy", "volumeClaimTemplates", "selector"])
def test_what_may_not_change(sets: Any, field: str) -> None:
    old = sets.make(spec())
    value = {
        "serviceName": "other",
        "podManagementPolicy": "Parallel",
        "volumeClaimTemplates": [CLAIM],
        "selector": {"matchLabels": {"app": "a", "x": "y"}},
    }[field]
    found = sets.change_faults(old, {**old, "spec": {**json.loads(json.dumps(old["spec"])), field: value}})
    assert any(error.startswith(f"spec.{field}") and error.endswith("field is immutable") for error in found)


def test_claims_are_volumes_of_the_template_also_when_they_change(sets: Any) -> None:
    old = sets.make(spec(volumeClaimTemplates=[CLAIM]))
    found = sets.change_faults(
        old, sets.make(spec(volumeClaimTemplates=[{**CLAIM, "metadata": {"name": "Bad_Name!"}}]))
    )
    assert [error.partition(":")[0] for error in found] == [
        "spec.template.spec.volumes[0].name",
        "spec.volumeClaimTemplates",
    ]


def test_what_may_change(sets: Any) -> None:
    old = sets.make(spec())
    new = json.loads(json.dumps(old))
    new["spec"] |= {"replicas": 3, "minReadySeconds": 5, "ordinals": {"start": 2}}
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:2"
    assert sets.change_faults(old, new) == []


def test_status_counters_agree(sets: Any) -> None:
    old = {**sets.make(spec()), "status": {"replicas": 1, "collisionCount": 2}}
    new = {**old, "status": {"replicas": 1, "readyReplicas": 2, "availableReplicas": 1, "collisionCount": 1}}
    assert [str(error) for error in sets.kind.validate_status_update(new, old)] == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.collisionCount: Invalid value: 1: cannot be decremented",
    ]


def test_a_negative_grace_stays_in_the_template_and_is_warned_of(sets: Any) -> None:
    made = sets.make(spec(template={**TEMPLATE, "spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": -1}}))
    assert made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == -1
    text = "must be >= 0; negative values are invalid and will be treated as 1"
    assert sets.kind.warnings(made, None) == [f"spec.template.spec.terminationGracePeriodSeconds: {text}"]


def test_warnings(sets: Any) -> None:
    made = sets.make(spec(revisionHistoryLimit=-1))
    assert sets.kind.warnings(made, None) == [
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
    ]


def test_counters_that_are_left_out_are_none(sets: Any) -> None:
    old = {**sets.make(spec()), "status": {"replicas": 1}}
    found = sets.kind.validate_status_update({**old, "status": {"replicas": -1, "collisionCount": -1}}, old)
    text = "Invalid value: 0: cannot be greater than status.replicas"
    assert f"status.currentReplicas: {text}" in [str(error) for error in found]
    assert not any("decremented" in str(error) for error in found)
