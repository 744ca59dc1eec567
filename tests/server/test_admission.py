"""What admission refuses or adds, as a client sees it."""

from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import Forbidden, Invalid
from eachpod.model.objects import Object
from eachpod.model.resources import (
    LIMITRANGE,
    PERSISTENTVOLUMECLAIM,
    POD,
    PRIORITYCLASS,
    RESOURCEQUOTA,
    RUNTIMECLASS,
    STORAGECLASS,
)


def pod(**spec: Any) -> Object:
    return {"metadata": {"name": "p", "namespace": "x"}, "spec": {"containers": [{"name": "c", "image": "i"}], **spec}}


async def test_of_an_amount_the_first_fault_is_told(client: Client) -> None:
    limit = {"type": "Container", "max": {"cpu": "1"}}
    await client.create(LIMITRANGE, {"metadata": {"name": "l", "namespace": "x"}, "spec": {"limits": [limit]}})
    sent = pod()
    sent["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "2"}, "requests": {"cpu": "2"}}
    with pytest.raises(Forbidden) as raised:
        await client.create(POD, sent)
    assert raised.value.message == 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2'


async def test_what_is_invalid_is_no_matter_of_quotas_and_limits(client: Client) -> None:
    limit = {"type": "Container", "max": {"cpu": "1"}, "default": {"cpu": "1"}}
    await client.create(LIMITRANGE, {"metadata": {"name": "l", "namespace": "x"}, "spec": {"limits": [limit]}})
    await client.create(RESOURCEQUOTA, {"metadata": {"name": "q", "namespace": "x"}, "spec": {"hard": {"pods": "0"}}})
    sent = pod(restartPolicy="Zap")
    sent["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "2"}}
    with pytest.raises(Invalid, match="restartPolicy"):
        await client.create(POD, sent)
    with pytest.raises(Forbidden, match="exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"):
        await client.create(POD, pod())
    named = {"metadata": {"generateName": "g-", "namespace": "x"}, "spec": pod()["spec"]}
    with pytest.raises(Forbidden, match=r'^pods "g-.*" is forbidden: exceeded quota'):
        await client.create(POD, named)


async def test_a_class_of_runtime_says_where_pods_run(client: Client) -> None:
    scheduling = {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "k", "operator": "Exists"}]}
    overhead = {"podFixed": {"cpu": "1"}}
    body = {"metadata": {"name": "r"}, "handler": "h", "scheduling": scheduling, "overhead": overhead}
    await client.create(RUNTIMECLASS, body)
    made = await client.create(POD, pod(runtimeClassName="r", nodeSelector={"c": "d"}))
    assert made["spec"]["nodeSelector"] == {"a": "b", "c": "d"}
    assert {"key": "k", "operator": "Exists"} in made["spec"]["tolerations"]
    assert made["spec"]["overhead"] == {"cpu": "1"}
    with pytest.raises(Forbidden, match=r"nodeSelector\[a\] = b; pod.spec.nodeSelector\[a\] = z"):
        await client.create(POD, pod(runtimeClassName="r", nodeSelector={"a": "z"}))
    with pytest.raises(Forbidden, match="doesn't match RuntimeClass's defined Overhead"):
        await client.create(POD, pod(runtimeClassName="r", overhead={"cpu": "2"}))


async def test_one_class_of_priority_is_the_default(client: Client) -> None:
    await client.create(PRIORITYCLASS, {"metadata": {"name": "a"}, "value": 1, "globalDefault": True})
    await client.create(PRIORITYCLASS, {"metadata": {"name": "b"}, "value": 1})
    with pytest.raises(Forbidden, match="PriorityClass a is already marked as default"):
        await client.patch(PRIORITYCLASS, "b", "", {"globalDefault": True})
    assert (await client.patch(PRIORITYCLASS, "a", "", {"description": "d"}))["description"] == "d"


@pytest.mark.parametrize(
    ("class_", "phase", "refusal"),
    [
        ("grows", "Bound", ""),
        ("stays", "Bound", "the storageclass that provisions the pvc must support resize"),
        ("grows", "Pending", "spec is immutable after creation except"),
    ],
)
async def test_claims_grow_where_their_class_lets_them(client: Client, class_: str, phase: str, refusal: str) -> None:
    for name, grows in (("grows", True), ("stays", False)):
        body = {"metadata": {"name": name}, "provisioner": "p.example.com", "allowVolumeExpansion": grows}
        await client.create(STORAGECLASS, body)
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": class_, "volumeName": "v", **size}
    await client.create(PERSISTENTVOLUMECLAIM, {"metadata": {"name": "c", "namespace": "x"}, "spec": spec})
    status = {"status": {"phase": phase, "capacity": {"storage": "1Gi"}}}
    await client.patch(PERSISTENTVOLUMECLAIM, "c", "x", status, subresource="status")
    more = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    if refusal:
        with pytest.raises((Forbidden, Invalid), match=refusal):
            await client.patch(PERSISTENTVOLUMECLAIM, "c", "x", more)
    else:
        made = await client.patch(PERSISTENTVOLUMECLAIM, "c", "x", more)
        assert made["spec"]["resources"]["requests"]["storage"] == "2Gi"
