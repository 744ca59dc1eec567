"""The ReplicaSets of a Deployment: which one is for the present template, and what their annotations remember."""

from collections.abc import Iterable

from eachpod.controllers.ownership import controller_reference
from eachpod.model import objects
from eachpod.model.gohash import pod_template_hash
from eachpod.model.objects import Object, dig, drop, put
from eachpod.model.timestamps import parse
from eachpod.model.wellknown import LAST_APPLIED

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = frozenset(
    {
        LAST_APPLIED,
        REVISION,
        HISTORY,
        DESIRED,
        MAXIMUM,
        "deprecated.deployment.rollback.to",
    }
)
_NAME_LIMIT = 253


def replicas(obj: Object) -> int:
    return int(dig(obj, "spec", "replicas", default=1))


def is_rolling(deployment: Object) -> bool:
    return bool(dig(deployment, "spec", "strategy", "type", default="RollingUpdate") == "RollingUpdate")


def _amount(value: object, total: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total
        return -(-share // 100) if up else share // 100
    return int(value) if isinstance(value, int | str) else 0


def limits(deployment: Object) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in pods. One of them is at least 1, or nothing could ever move."""
    if not is_rolling(deployment):
        return 0, 0
    rolling = dig(deployment, "spec", "strategy", "rollingUpdate", default={})
    total = replicas(deployment)
    surge = _amount(rolling.get("maxSurge", "25%"), total, up=True)
    unavailable = _amount(rolling.get("maxUnavailable", "25%"), total, up=False)
    if not surge and not unavailable:
        unavailable = 1
    return surge, min(unavailable, total)


def _plain(template: Object) -> Object:
    return drop(template, ("metadata", "labels", HASH_LABEL))


def ordered(sets: Iterable[Object]) -> list[Object]:
    """Oldest first."""
    return sorted(sets, key=lambda s: (parse(objects.meta(s).get("creationTimestamp")) or 0.0, objects.name(s)))


def newest(deployment: Object, sets: Iterable[Object]) -> Object | None:
    """The set for the present template; of several the oldest."""
    wanted = _plain(dig(deployment, "spec", "template", default={}))
    return next((s for s in ordered(sets) if _plain(dig(s, "spec", "template", default={})) == wanted), None)


def revision(obj: Object) -> int:
    text = objects.annotations(obj).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def annotated(deployment: Object, set_: Object, number: int) -> Object:
    """The newest set with the Deployment's annotations and, if it moved to the front, its new revision."""
    old = objects.annotations(set_)
    merged = {**old, **{k: v for k, v in objects.annotations(deployment).items() if k not in _NOT_COPIED}}
    if revision(set_) < number:
        if old.get(REVISION):
            merged[HISTORY] = ",".join(filter(None, (old.get(HISTORY), old[REVISION])))
        merged[REVISION] = str(number)
    return put(set_, ("metadata", "annotations"), merged) if merged != old else set_


def _sizes(deployment: Object) -> dict[str, str]:
    total = replicas(deployment)
    return {DESIRED: str(total), MAXIMUM: str(total + limits(deployment)[0])}


def sized(set_: Object, deployment: Object) -> Object:
    """The set with the annotations that say for which size of the Deployment its own was chosen."""
    return put(set_, ("metadata", "annotations"), {**objects.annotations(set_), **_sizes(deployment)})


def build(deployment: Object, number: int, taken: dict[str, Object]) -> tuple[Object, int]:
    """A set for the present template, without pods, and the collision count that its name took."""
    template = dig(deployment, "spec", "template", default={})
    counted = dig(deployment, "status", "collisionCount") is not None
    collisions = int(dig(deployment, "status", "collisionCount", default=0))
    while True:
        digest = pod_template_hash(template, collisions if counted or collisions else None)
        name = f"{objects.name(deployment)[: _NAME_LIMIT - 1 - len(digest)]}-{digest}"
        if name not in taken:
            break
        collisions += 1
    labelled = put(template, ("metadata", "labels"), {**objects.labels(template), HASH_LABEL: digest})
    selector = dig(deployment, "spec", "selector", default={})
    spec: Object = {
        "replicas": 0,
        "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}},
        "template": labelled,
    }
    if dig(deployment, "spec", "minReadySeconds"):
        spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
    metadata = {
        "name": name,
        "namespace": objects.namespace(deployment),
        "labels": objects.labels(labelled),
        "ownerReferences": [controller_reference(deployment)],
    }
    made = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}
    return sized(annotated(deployment, made, number), deployment), collisions
