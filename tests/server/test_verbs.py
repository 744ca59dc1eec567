"""The verbs as a client in the same process sees them."""

import asyncio
from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import AlreadyExists, BadRequest, Conflict, Expired, Forbidden, Invalid, NotFound
from eachpod.model.objects import Object, dig, name, put, revision
from eachpod.model.resources import (
    CONFIGMAP,
    ENDPOINTS,
    LEASE,
    LIMITRANGE,
    NAMESPACE,
    POD,
    RESOURCEQUOTA,
    SERVICE,
    SERVICEACCOUNT,
    STATEFULSET,
)
from eachpod.server.app import ApiServer
from eachpod.store.memory import MemoryStore
from eachpod.wire.http import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Request


def config(name_: str, **data: str) -> Object:
    return {"metadata": {"name": name_, "namespace": "x"}, "data": data}


def pod(name_: str, **spec: Any) -> Object:
    return {
        "metadata": {"name": name_, "namespace": "x", "labels": {"app": name_}},
        "spec": {"containers": [{"name": "c", "image": "i"}], **spec},
    }


async def test_what_the_system_sets_on_creation(client: Client) -> None:
    sent = config("a", k="v")
    sent["metadata"] |= {
        "uid": "mine",
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "deletionTimestamp": "2001-01-01T00:00:00Z",
    }
    made = await client.create(CONFIGMAP, sent)
    assert made["metadata"]["uid"] != "mine"
    assert not made["metadata"]["creationTimestamp"].startswith("2001")
    assert "deletionTimestamp" not in made["metadata"]
    assert list(made)[:2] == ["kind", "apiVersion"]
    assert await client.get(CONFIGMAP, "a", "x") == made
    assert sent["metadata"]["uid"] == "mine"


async def test_create_refuses(client: Client) -> None:
    await client.create(CONFIGMAP, config("a"))
    with pytest.raises(AlreadyExists, match='configmaps "a" already exists'):
        await client.create(CONFIGMAP, config("a"))
    with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
        await client.create(CONFIGMAP, {"metadata": {"name": "a", "namespace": "nowhere"}})
    with pytest.raises(BadRequest, match="does not match the namespace"):
        await client.create(CONFIGMAP, config("b"), "y")
    with pytest.raises(Invalid, match=r"metadata\.name"):
        await client.create(CONFIGMAP, config("Not_A_Name"))
    with pytest.raises(BadRequest, match="cannot be handled as a ConfigMap"):
        await client.create(CONFIGMAP, {**config("c"), "kind": "Secret"})
    with pytest.raises(BadRequest, match="cannot unmarshal"):
        await client.create(POD, pod("p", hostname=5))


async def test_generated_names_differ(client: Client) -> None:
    made = [await client.create(CONFIGMAP, {"metadata": {"generateName": "g-", "namespace": "x"}}) for _ in range(3)]
    assert len({name(each) for each in made}) == 3
    assert all(name(each).startswith("g-") and len(name(each)) == 7 for each in made)


async def test_updates_need_the_version_that_they_name(client: Client) -> None:
    first = await client.create(CONFIGMAP, config("a", k="1"))
    second = await client.update(CONFIGMAP, put(first, ("data", "k"), "2"))
    assert revision(second) != revision(first)
    with pytest.raises(Conflict, match="the object has been modified"):
        await client.update(CONFIGMAP, put(first, ("data", "k"), "3"))
    assert (await client.update(CONFIGMAP, config("a", k="4")))["data"] == {"k": "4"}


async def test_an_update_that_changes_nothing_writes_nothing(client: Client, store: MemoryStore) -> None:
    made = await client.create(CONFIGMAP, config("a", k="1"))
    before = store.revision
    assert await client.update(CONFIGMAP, made) == made
    assert store.revision == before


async def test_spec_and_status_do_not_touch_each_other(client: Client) -> None:
    made = await client.create(STATEFULSET, stateful())
    assert made["metadata"]["generation"] == 1
    sent = put(put(made, ("status", "replicas"), 7), ("spec", "replicas"), 5)
    scaled = await client.update(STATEFULSET, sent)
    assert (scaled["spec"]["replicas"], scaled["status"]["replicas"], scaled["metadata"]["generation"]) == (5, 0, 2)
    sent = put(put(scaled, ("status", "replicas"), 7), ("spec", "replicas"), 9)
    told = await client.update(STATEFULSET, sent, "status")
    assert (told["spec"]["replicas"], told["status"]["replicas"], told["metadata"]["generation"]) == (5, 7, 2)


def stateful() -> Object:
    template = {
        "metadata": {"labels": {"app": "w"}},
        "spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]},
    }
    spec = {"serviceName": "w", "selector": {"matchLabels": {"app": "w"}}, "template": template}
    return {"metadata": {"name": "w", "namespace": "x"}, "spec": spec}


async def test_patches(client: Client) -> None:
    await client.create(STATEFULSET, stateful())
    change = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "b:2"}]}}}}
    made = await client.patch(STATEFULSET, "w", "x", change, content_type=STRATEGIC_PATCH)
    assert {c["name"]: c["image"] for c in made["spec"]["template"]["spec"]["containers"]} == {"a": "a:1", "b": "b:2"}
    made = await client.patch(STATEFULSET, "w", "x", {"metadata": {"labels": {"l": "1"}}})
    assert made["metadata"]["labels"] == {"l": "1"}
    operations = [{"op": "test", "path": "/spec/replicas", "value": 1}, {"op": "remove", "path": "/metadata/labels/l"}]
    made = await client.patch(STATEFULSET, "w", "x", operations, content_type=JSON_PATCH)
    assert "labels" not in made["metadata"]
    with pytest.raises(Invalid):
        await client.patch(STATEFULSET, "w", "x", operations, content_type=JSON_PATCH)
    scale = await client.patch(STATEFULSET, "w", "x", {"spec": {"replicas": 4}}, subresource="scale")
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 4}, "app=w")
    path, accept = f"{STATEFULSET.path('x', 'w')}/scale", "application/json;as=Table;g=meta.k8s.io;v=v1"
    shown: Any = (await client.transport.send(Request("GET", path, accept=accept))).body
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert shown["rows"][0]["cells"][:3] == ["w", 4, 0]


@pytest.mark.parametrize(
    ("patch", "media"),
    [
        ({"data": {"k": 1}}, MERGE_PATCH),
        ({"kind": "Secret"}, MERGE_PATCH),
        ([{"op": "replace", "path": "/apiVersion", "value": "v2"}], JSON_PATCH),
    ],
)
async def test_a_patch_is_to_blame_for_what_it_makes(client: Client, patch: Any, media: str) -> None:
    await client.create(CONFIGMAP, config("a"))
    with pytest.raises(Invalid, match=r'^ "" is invalid: patch: Invalid value: "\{') as raised:
        await client.patch(CONFIGMAP, "a", "x", patch, content_type=media)
    assert "cannot be handled" not in raised.value.message


async def test_patches_at_once_are_all_kept(client: Client) -> None:
    await client.create(CONFIGMAP, config("a"))
    await asyncio.gather(*(client.patch(CONFIGMAP, "a", "x", {"data": {str(n): "1"}}) for n in range(10)))
    assert len((await client.get(CONFIGMAP, "a", "x"))["data"]) == 10


async def test_deletion_waits_for_finalizers(client: Client) -> None:
    made = config("a")
    made["metadata"]["finalizers"] = ["example.com/hold"]
    await client.create(CONFIGMAP, made)
    marked = await client.delete(CONFIGMAP, "a", "x")
    assert marked["metadata"]["deletionTimestamp"]
    with pytest.raises(AlreadyExists, match="object is being deleted"):
        await client.create(CONFIGMAP, config("a"))
    await client.patch(CONFIGMAP, "a", "x", {"metadata": {"finalizers": None}})
    with pytest.raises(NotFound):
        await client.get(CONFIGMAP, "a", "x")


async def test_propagation_becomes_a_finalizer(client: Client) -> None:
    for policy, finalizer in (("Orphan", "orphan"), ("Foreground", "foregroundDeletion")):
        await client.create(CONFIGMAP, config(policy.lower()))
        marked = await client.delete(CONFIGMAP, policy.lower(), "x", propagation=policy)
        assert marked["metadata"]["finalizers"] == [finalizer]


async def test_a_pod_on_a_node_gets_its_grace_and_a_free_one_does_not(client: Client) -> None:
    for each, spec in (("free", {}), ("held", {"nodeName": "n"})):
        await client.create(POD, pod(each, **spec))
        await client.delete(POD, each, "x", grace_seconds=20)
    with pytest.raises(NotFound):
        await client.get(POD, "free", "x")
    held = await client.get(POD, "held", "x")
    assert (held["metadata"]["deletionGracePeriodSeconds"], held["metadata"]["generation"]) == (20, 2)
    assert await client.delete(POD, "held", "x", grace_seconds=60) == held
    shorter = await client.delete(POD, "held", "x", grace_seconds=5)
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 5
    with pytest.raises(Conflict):
        await client.delete(POD, "held", "x", grace_seconds=0, uid="other")
    await client.delete(POD, "held", "x", grace_seconds=0, uid=held["metadata"]["uid"])
    with pytest.raises(NotFound):
        await client.get(POD, "held", "x")


async def test_deletecollection_takes_what_is_selected_in_its_namespace_only(client: Client) -> None:
    await client.create(NAMESPACE, {"metadata": {"name": "y"}})
    for space in ("x", "y"):
        await client.create(CONFIGMAP, {"metadata": {"name": "a", "namespace": space, "labels": {"l": "1"}}})
    await client.create(CONFIGMAP, config("b"))
    query = {"labelSelector": "l=1"}
    await client.transport.send(Request("DELETE", CONFIGMAP.path("x"), query))
    listed = await client.list(CONFIGMAP)
    assert [(each["metadata"]["namespace"], name(each)) for each in listed.items if name(each) in "ab"] == [
        ("x", "b"),
        ("y", "a"),
    ]
    with pytest.raises(Exception, match="does not allow this method"):
        await client.transport.send(Request("DELETE", CONFIGMAP.path(), query))


async def test_selectors(client: Client) -> None:
    for each in "abc":
        await client.create(POD, pod(each, **({"nodeName": "n"} if each == "b" else {})))

    async def names(labels: str = "", fields: str = "") -> str:
        found = await client.list(POD, "x", label_selector=labels, field_selector=fields)
        return "".join(map(name, found.items))

    assert await names("app in (a, c)") == "ac"
    assert await names("app notin (a),app!=b") == "c"
    assert (await names("app"), await names("!app")) == ("abc", "")
    assert (await names(fields="spec.nodeName=n"), await names(fields="spec.nodeName=")) == ("b", "ac")
    assert await names(fields="metadata.name=a,metadata.name=a") == "a"
    with pytest.raises(BadRequest):
        await names("a b")
    with pytest.raises(BadRequest):
        await names(fields="spec.nothing=1")


async def test_pages_are_of_one_revision_until_it_is_compacted(client: Client, store: MemoryStore) -> None:
    for each in "abcde":
        await client.create(CONFIGMAP, config(each))

    async def page(token: str) -> Object:
        query = {"limit": "2", **({"continue": token} if token else {})}
        body = (await client.transport.send(Request("GET", CONFIGMAP.path("x"), query))).body
        assert isinstance(body, dict)
        return body

    first = await page("")
    assert first["metadata"]["remainingItemCount"] == 3
    await client.delete(CONFIGMAP, "c", "x")
    second = await page(first["metadata"]["continue"])
    assert [name(each) for each in second["items"]] == ["c", "d"]
    assert revision(second) == revision(first)
    store.compact(store.revision)
    with pytest.raises(Expired) as caught:
        await page(second["metadata"]["continue"])
    assert caught.value.status()["metadata"]["continue"]


async def test_services_get_addresses_and_give_them_back(client: Client) -> None:
    def service(name_: str, **spec: Any) -> Object:
        return {"metadata": {"name": name_, "namespace": "x"}, "spec": {"ports": [{"port": 80}], **spec}}

    a = await client.create(SERVICE, service("a"))
    address = a["spec"]["clusterIP"]
    assert address.startswith("10.247.")
    with pytest.raises(Invalid, match="provided IP is already allocated"):
        await client.create(SERVICE, service("b", clusterIP=address))
    headless = await client.create(SERVICE, service("h", clusterIP="None", selector={"a": "b"}))
    assert headless["spec"]["clusterIPs"] == ["None"]
    await client.create(ENDPOINTS, {"metadata": {"name": "a", "namespace": "x"}})
    await client.delete(SERVICE, "a", "x")
    with pytest.raises(NotFound):
        await client.get(ENDPOINTS, "a", "x")
    taken = await client.create(SERVICE, service("b", clusterIP=address, type="NodePort"))
    assert 30000 <= taken["spec"]["ports"][0]["nodePort"] <= 32767


async def test_dry_runs_leave_nothing_behind(client: Client, store: MemoryStore) -> None:
    before = store.revision
    request = Request(
        "POST", SERVICE.path("x"), {"dryRun": "All"}, {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 1}]}}
    )
    made = (await client.transport.send(request)).body
    assert isinstance(made, dict)
    assert store.revision == before
    again = await client.create(SERVICE, {**made, "metadata": {"name": "s", "namespace": "x"}})
    assert again["spec"]["clusterIP"] == made["spec"]["clusterIP"]


async def test_namespaces_that_end_take_nothing_new(client: Client) -> None:
    marked = await client.delete(NAMESPACE, "x")
    assert marked["status"]["phase"] == "Terminating"
    assert "deletionGracePeriodSeconds" not in marked["metadata"]
    with pytest.raises(Forbidden, match="because it is being terminated"):
        await client.create(CONFIGMAP, config("a"))
    with pytest.raises(Forbidden, match="may not be deleted"):
        await client.delete(NAMESPACE, "default")
    bad = {**marked, "spec": {"finalizers": ["nope"]}}
    with pytest.raises(Invalid, match="neither a standard finalizer name"):
        await client.update(NAMESPACE, bad, "finalize")
    await client.update(NAMESPACE, {**marked, "spec": {}}, "finalize")
    with pytest.raises(NotFound):
        await client.get(NAMESPACE, "x")


async def test_binding_and_eviction(client: Client) -> None:
    await client.create(POD, pod("a"))
    target = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n"}}
    await client.create(POD, target, "x", name="a", subresource="binding")
    bound = await client.get(POD, "a", "x")
    assert bound["spec"]["nodeName"] == "n"
    assert dig(bound, "status", "conditions")[0]["type"] == "PodScheduled"
    with pytest.raises(Conflict, match="already assigned"):
        await client.create(POD, target, "x", name="a", subresource="binding")
    await client.create(POD, {"metadata": {"name": "a"}}, "x", name="a", subresource="eviction")
    assert (await client.get(POD, "a", "x"))["metadata"]["deletionTimestamp"]


async def test_limits_and_quotas(client: Client) -> None:
    limits = [{"type": "Container", "default": {"cpu": "200m"}, "max": {"cpu": "1"}}]
    await client.create(LIMITRANGE, {"metadata": {"name": "l", "namespace": "x"}, "spec": {"limits": limits}})
    made = await client.create(POD, pod("a"))
    assert made["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "200m"}
    big = {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": "2"}}}]}
    with pytest.raises(Forbidden, match="maximum cpu usage per Container is 1, but limit is 2"):
        await client.create(POD, pod("b", **big))
    hard = {"pods": "2", "requests.cpu": "300m"}
    await client.create(RESOURCEQUOTA, {"metadata": {"name": "q", "namespace": "x"}, "spec": {"hard": hard}})
    told = "exceeded quota: q, requested: requests.cpu=200m, used: requests.cpu=200m, limited: requests.cpu=300m"
    with pytest.raises(Forbidden, match=told):
        await client.create(POD, pod("b"))
    await client.delete(POD, "a", "x")
    await client.create(POD, pod("b"))


async def test_what_is_refused_holds_no_address(client: Client, server: ApiServer) -> None:
    before = {kind: dict(pool.used) for kind, pool in server.services._addresses.items()}
    ports = [{"port": 80, "nodePort": 5}]
    with pytest.raises(Invalid):
        await client.create(
            SERVICE, {"metadata": {"name": "s", "namespace": "x"}, "spec": {"type": "NodePort", "ports": ports}}
        )
    assert {kind: dict(pool.used) for kind, pool in server.services._addresses.items()} == before


async def test_some_kinds_have_to_be_told_which_version_is_changed(client: Client) -> None:
    lease = {"metadata": {"name": "l", "namespace": "x", "finalizers": ["short"]}}
    await client.create(LEASE, lease)
    with pytest.raises(
        Invalid, match=r'^leases\.coordination\.k8s\.io "l" is invalid: metadata\.resourceVersion: Invalid'
    ):
        await client.update(LEASE, lease)


async def test_owners_are_told_once(client: Client) -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    await client.create(CONFIGMAP, config("a"))
    made = await client.patch(CONFIGMAP, "a", "x", {"metadata": {"ownerReferences": [owner, owner]}})
    assert made["metadata"]["ownerReferences"] == [owner]


async def test_finalizers_of_a_new_namespace(client: Client) -> None:
    with pytest.raises(Invalid, match=r"spec\.finalizers: Invalid value: \"nope\": name is neither a standard"):
        await client.create(NAMESPACE, {"metadata": {"name": "y"}, "spec": {"finalizers": ["nope"]}})


async def test_an_account_keeps_the_names_of_its_secrets(client: Client) -> None:
    sent = {"metadata": {"name": "a", "namespace": "x"}, "secrets": [{"name": "s", "fieldPath": "p", "uid": "u"}]}
    assert (await client.create(SERVICEACCOUNT, sent))["secrets"] == [{"name": "s"}]
