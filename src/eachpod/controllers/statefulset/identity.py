"""Who a pod of a StatefulSet is: its name, ordinal, labels and volumes, and the pod to create for an ordinal."""

import re
from typing import Any

from eachpod.controllers.ownership import controller_reference
from eachpod.model import objects
from eachpod.model.objects import Object, dig, put

REVISION_LABEL = "controller-revision-hash"
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"

_NAME = re.compile(r"(.*)-([0-9]+)")
_MAX_ORDINAL = 2**31 - 1


def parent_and_ordinal(pod_name: str) -> tuple[str, int]:
    """("web", 3) for web-3; ("", -1) for a name that no StatefulSet gives."""
    match = _NAME.fullmatch(pod_name)
    if match is None:
        return "", -1
    ordinal = int(match[2])
    return match[1], ordinal if ordinal <= _MAX_ORDINAL else -1


def ordinal(pod: Object) -> int:
    return parent_and_ordinal(objects.name(pod))[1]


def pod_name(set_: Object, number: int) -> str:
    return f"{objects.name(set_)}-{number}"


def replicas(set_: Object) -> int:
    return int(dig(set_, "spec", "replicas", default=1))


def start(set_: Object) -> int:
    return int(dig(set_, "spec", "ordinals", "start", default=0))


def wanted(set_: Object) -> range:
    """The ordinals that the set shall have."""
    return range(start(set_), start(set_) + replicas(set_))


def revision_of(pod: Object) -> str:
    return objects.labels(pod).get(REVISION_LABEL, "")


def claim_templates(set_: Object) -> list[Object]:
    return list(dig(set_, "spec", "volumeClaimTemplates", default=[]))


def claim_name(set_: Object, template: Object, number: int) -> str:
    return f"{objects.name(template)}-{objects.name(set_)}-{number}"


def identity_matches(pod: Object) -> bool:
    """Membership by name is settled before; what is left to check is the label."""
    return objects.labels(pod).get(POD_NAME_LABEL) == objects.name(pod)


def storage_matches(set_: Object, pod: Object) -> bool:
    templates = claim_templates(set_)
    if not templates:
        return True
    number = ordinal(pod)
    claims = {
        volume.get("name"): dig(volume, "persistentVolumeClaim", "claimName")
        for volume in dig(pod, "spec", "volumes", default=[])
    }
    return all(claims.get(objects.name(template)) == claim_name(set_, template, number) for template in templates)


def repaired(set_: Object, pod: Object) -> Object:
    """The pod with the labels and volumes of its identity."""
    labels = {**objects.labels(pod), **_identity_labels(objects.name(pod), ordinal(pod))}
    pod = put(pod, ("metadata", "labels"), labels)
    return (
        pod if storage_matches(set_, pod) else put(pod, ("spec", "volumes"), _volumes(set_, pod["spec"], ordinal(pod)))
    )


def new_pod(set_: Object, template: Object, revision: str, number: int) -> Object:
    """The pod of this ordinal, made from the template of the revision."""
    name = pod_name(set_, number)
    meta = objects.meta(template)
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": objects.namespace(set_),
        "generateName": f"{objects.name(set_)}-",
        "labels": {**objects.labels(template), **_identity_labels(name, number), REVISION_LABEL: revision},
        "ownerReferences": [controller_reference(set_)],
    }
    if meta.get("annotations"):
        metadata["annotations"] = meta["annotations"]
    if meta.get("finalizers"):
        metadata["finalizers"] = meta["finalizers"]
    spec = {**(template.get("spec") or {}), "hostname": name}
    spec.pop("subdomain", None)
    service = dig(set_, "spec", "serviceName", default="")
    if service:
        spec["subdomain"] = service
    volumes = _volumes(set_, spec, number)
    if volumes:
        spec["volumes"] = volumes
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _identity_labels(name: str, number: int) -> dict[str, str]:
    return {POD_NAME_LABEL: name, POD_INDEX_LABEL: str(number)}


def _volumes(set_: Object, spec: Object, number: int) -> list[Object]:
    """Volumes for the claims first, then the template's own that no claim takes the name of."""
    templates = claim_templates(set_)
    names = {objects.name(template) for template in templates}
    claims = [
        {"name": objects.name(t), "persistentVolumeClaim": {"claimName": claim_name(set_, t, number)}}
        for t in templates
    ]
    return claims + [volume for volume in spec.get("volumes") or [] if volume.get("name") not in names]
