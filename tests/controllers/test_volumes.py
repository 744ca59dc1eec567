"""Claims and volumes: binding step by step until nothing is left to do, protection, provisioning, reclaiming."""

from typing import Any

import pytest

from eachpod.client.cache import Cache
from eachpod.client.correlate import Note
from eachpod.controllers import persistentvolume, protection, provisioner
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.plan import ConfirmAbsent, ConfirmNone, Create, Delete, Emit, Update
from eachpod.controllers.view import Controller, Key, View, key_of
from eachpod.model import wellknown
from eachpod.model.objects import Object, annotations, dig, finalizers, name, put
from eachpod.model.resources import NODE, PERSISTENTVOLUME, PERSISTENTVOLUMECLAIM, POD, STORAGECLASS
from eachpod.model.wellknown import DEFAULT_CLASS

RESOURCES = (PERSISTENTVOLUMECLAIM, PERSISTENTVOLUME, STORAGECLASS, POD, NODE)
SELECTED = {"volume.kubernetes.io/selected-node": "n"}


class World:
    """Caches that plans are applied to at once, as if the server did."""

    def __init__(self, **objects: list[Object]) -> None:
        self.caches = {resource: Cache() for resource in RESOURCES}
        self.view = View(self.caches, ControllersConfig())
        self.told: list[str] = []
        for resource, cache in self.caches.items():
            for one in objects.get(resource.plural, []):
                cache.put(one)

    def settle(self, *controllers: Controller) -> "World":
        """Reconcile everything until nothing changes."""
        for _ in range(20):
            if not sum(self._pass(controller) for controller in controllers):
                return self
        raise AssertionError("it never settles")

    def _pass(self, controller: Controller) -> int:
        keys = [key_of(one) for resource in RESOURCES[:2] for one in list(self.caches[resource].items())]
        return sum(self._apply(controller, key) for key in keys)

    def _apply(self, controller: Controller, key: Key) -> int:
        written = 0
        for change in controller.reconcile(self.view, key, 0.0).changes:
            match change:
                case Update(resource, obj) | Create(resource, obj):
                    self.caches[resource].put(obj)
                    written += 1
                case Delete(resource, namespace, gone):
                    obj = self.caches[resource].get(gone, namespace)
                    assert obj
                    self.caches[resource].put({**obj, "metadata": {**obj["metadata"], "deletionTimestamp": "t"}})
                    written += 1
                case Emit(note):
                    self.told.append(note.reason)
                case ConfirmAbsent(resource, namespace, gone):
                    assert self.caches[resource].get(gone, namespace) is None
                case ConfirmNone(resource, _, hinders):
                    assert not any(map(hinders, self.caches[resource].items()))
        return written

    def claim(self) -> Object:
        return next(self.caches[PERSISTENTVOLUMECLAIM].items())

    def volume(self) -> Object:
        return next(self.caches[PERSISTENTVOLUME].items())


def claim(class_name: str | None = "", **more: Any) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **more.pop("spec", {})}
    if class_name is not None:
        spec["storageClassName"] = class_name
    metadata = {"name": "c", "namespace": "d", "uid": "claim", **more.pop("metadata", {})}
    return {"metadata": metadata, "spec": spec, "status": {"phase": "Pending"}, **more}


def volume(volume_name: str = "v", size: str = "2Gi", class_name: str = "", **spec: Any) -> Object:
    return {
        "metadata": {"name": volume_name, "uid": volume_name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": class_name,
            **spec,
        },
        "status": {"phase": "Available"},
    }


def storage_class(class_name: str, mode: str = "Immediate", provisioned_by: str = "x.dev/p", **marks: str) -> Object:
    return {
        "metadata": {"name": class_name, "annotations": marks},
        "provisioner": provisioned_by,
        "volumeBindingMode": mode,
    }


def pod(node: str = "", **more: Any) -> Object:
    return {
        "metadata": {"name": "p", "namespace": "d", "uid": "p"},
        "spec": {"nodeName": node, "volumes": [{"name": "x", "persistentVolumeClaim": {"claimName": "c"}}]},
        "status": {"phase": "Running"},
        **more,
    }


def node() -> Object:
    return {"metadata": {"name": "n", "labels": {"kubernetes.io/hostname": "host"}}}


BINDER = persistentvolume.CONTROLLER
LOCAL = provisioner.CONTROLLER


def test_a_claim_takes_the_smallest_volume_that_holds_it() -> None:
    world = World(
        persistentvolumeclaims=[claim()],
        persistentvolumes=[volume("big", "9Gi"), volume("fits", "1Gi"), volume("small", "1Mi")],
    ).settle(BINDER)
    bound = world.claim()
    assert (bound["spec"]["volumeName"], bound["status"]["phase"]) == ("fits", "Bound")
    assert bound["status"]["capacity"] == {"storage": "1Gi"}
    assert annotations(bound) == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
    }
    phases = {name(one): one["status"]["phase"] for one in world.caches[PERSISTENTVOLUME].items()}
    assert phases == {"big": "Available", "fits": "Bound", "small": "Available"}


def test_a_volume_reserved_for_the_claim_comes_first() -> None:
    reserved = volume("mine", "9Gi", claimRef={"name": "c", "namespace": "d"})
    world = World(persistentvolumeclaims=[claim()], persistentvolumes=[volume("other"), reserved]).settle(BINDER)
    assert world.claim()["spec"]["volumeName"] == "mine"


def test_a_named_volume_of_somebody_else_is_refused() -> None:
    taken = volume("v", claimRef={"name": "other", "namespace": "d", "uid": "other"})
    taken["status"]["phase"] = "Bound"
    wanted = claim(spec={"volumeName": "v"})
    other = claim(spec={"volumeName": "v"}, metadata={"name": "other", "uid": "other"})
    world = World(persistentvolumeclaims=[wanted, other], persistentvolumes=[taken])
    assert BINDER.reconcile(world.view, Key("d", "c"), 0.0).changes == (
        Emit(world_note(wanted, 'volume "v" already bound to a different claim.')),
    )


def world_note(about: Object, text: str) -> Any:
    return Note(about, "FailedBinding", text, "Warning")


@pytest.mark.parametrize(
    ("classes", "wanted", "reason"),
    [
        ([], claim(), "FailedBinding"),
        ([], claim("gone"), "ProvisioningFailed"),
        ([storage_class("later", "WaitForFirstConsumer")], claim("later"), "WaitForFirstConsumer"),
        ([storage_class("none", provisioned_by="kubernetes.io/no-provisioner")], claim("none"), "ProvisioningFailed"),
        ([storage_class("now")], claim("now"), "ExternalProvisioning"),
    ],
)
def test_what_a_claim_waits_for(classes: list[Object], wanted: Object, reason: str) -> None:
    world = World(persistentvolumeclaims=[wanted], storageclasses=classes).settle(BINDER)
    assert set(world.told) == {reason}


def test_a_claim_without_class_gets_the_default_one_later() -> None:
    default = storage_class("std", **{DEFAULT_CLASS: "true"})
    world = World(persistentvolumeclaims=[claim(None)], storageclasses=[default]).settle(BINDER)
    assert world.claim()["spec"]["storageClassName"] == "std"


def test_a_bound_claim_that_loses_its_volume_is_lost() -> None:
    bound = claim(spec={"volumeName": "v"}, metadata={"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}) | {
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    }
    world = World(persistentvolumeclaims=[bound]).settle(BINDER)
    assert world.claim()["status"] == {"phase": "Lost"}
    assert world.told == ["ClaimLost"]


def test_a_volume_whose_claim_is_gone_is_released_and_kept() -> None:
    left = volume("v", claimRef={"name": "c", "namespace": "d", "uid": "gone"}, persistentVolumeReclaimPolicy="Retain")
    world = World(persistentvolumes=[left]).settle(BINDER, LOCAL)
    assert world.volume()["status"]["phase"] == "Released"


def local_world(**objects: list[Object]) -> World:
    std = storage_class("standard", "WaitForFirstConsumer", provisioner.PROVISIONER)
    return World(storageclasses=[std], nodes=[node()], **objects)


def test_a_local_volume_is_made_on_the_selected_node_and_bound() -> None:
    wanted = claim("standard", metadata={"annotations": SELECTED})
    world = local_world(persistentvolumeclaims=[wanted]).settle(BINDER, LOCAL)
    made = world.volume()
    assert made["spec"]["local"] == {"path": "/var/lib/eachpod/volumes/pvc-claim"}
    assert provisioner.hostname_of(made) == "host"
    assert (made["status"]["phase"], world.claim()["status"]["phase"]) == ("Bound", "Bound")


def test_a_pod_bound_by_hand_gets_its_volume_too() -> None:
    world = local_world(persistentvolumeclaims=[claim("standard")], pods=[pod("n")]).settle(BINDER, LOCAL)
    assert world.claim()["status"]["phase"] == "Bound"


def test_nothing_is_made_before_there_is_a_pod() -> None:
    world = local_world(persistentvolumeclaims=[claim("standard")]).settle(BINDER, LOCAL)
    assert list(world.caches[PERSISTENTVOLUME].items()) == []


def test_what_local_volumes_cannot_do_is_said() -> None:
    wanted = claim("standard", metadata={"annotations": SELECTED}, spec={"accessModes": ["ReadWriteMany"]})
    world = local_world(persistentvolumeclaims=[wanted]).settle(BINDER, LOCAL)
    assert "ProvisioningFailed" in world.told


def test_a_released_local_volume_waits_for_its_node_to_clean_up() -> None:
    wanted = claim("standard", metadata={"annotations": SELECTED})
    world = local_world(persistentvolumeclaims=[wanted]).settle(BINDER, LOCAL)
    world.caches[PERSISTENTVOLUMECLAIM].remove(world.claim())
    world.settle(BINDER, LOCAL)
    assert dig(world.volume(), "metadata", "deletionTimestamp")
    assert finalizers(world.volume()) == [wellknown.LOCAL_VOLUME]
    world.caches[NODE].remove(node())
    world.settle(BINDER, LOCAL)
    assert finalizers(world.volume()) == []


GOING = {"deletionTimestamp": "t", "finalizers": [wellknown.CLAIM_PROTECTION]}


@pytest.mark.parametrize(
    ("users", "kept"),
    [
        ([], False),
        ([pod()], False),
        ([pod("n")], True),
        ([pod("n", status={"phase": "Succeeded"})], True),
        ([put(pod("n"), ("metadata", "deletionTimestamp"), "t")], True),
        # Only finalizers keep the pod, and one of them may wait for the claim.
        (
            [put(pod("n"), ("metadata",), {"name": "p", "deletionTimestamp": "t", "deletionGracePeriodSeconds": 0})],
            False,
        ),
    ],
)
def test_a_claim_stays_while_a_scheduled_pod_has_it(users: list[Object], kept: bool) -> None:
    world = World(persistentvolumeclaims=[claim(metadata=GOING)], pods=users).settle(protection.CONTROLLERS[0])
    assert (wellknown.CLAIM_PROTECTION in finalizers(world.claim())) is kept


@pytest.mark.parametrize(
    ("users", "unused"), [([], "True"), ([pod()], "False"), ([pod(status={"phase": "Failed"})], "True")]
)
def test_a_bound_claim_tells_whether_it_is_used(users: list[Object], unused: str) -> None:
    bound = claim(metadata={"finalizers": [wellknown.CLAIM_PROTECTION]}) | {"status": {"phase": "Bound"}}
    world = World(persistentvolumeclaims=[bound], pods=users).settle(protection.CONTROLLERS[0])
    (condition,) = world.claim()["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("Unused", unused)


@pytest.mark.parametrize(("phase", "kept"), [("Bound", True), ("Released", False), ("Available", False)])
def test_a_volume_stays_while_it_is_bound(phase: str, kept: bool) -> None:
    going = volume()
    going["metadata"] |= {"deletionTimestamp": "t", "finalizers": [wellknown.VOLUME_PROTECTION]}
    going["status"]["phase"] = phase
    world = World(persistentvolumes=[going]).settle(protection.CONTROLLERS[1])
    assert (wellknown.VOLUME_PROTECTION in finalizers(world.volume())) is kept
