"""Defaults of a pod spec, filled in place.

The order of work does not matter for the result; every default looks only at what the user wrote. The same function
serves Pods and templates, because a controller's revisions are hashed over exactly this shape.
"""

import re
from typing import Any

from eachpod.model.objects import Object

_REFERENCE = re.compile(
    r"([A-Za-z0-9.-]+(:[0-9]+)?/|\[[0-9a-fA-F:]+\](:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]*)?(@.*)?"
)
_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
# Sources of a projected volume that carry files named by fields of the pod.
_FILE_MODE = 0o644


def default_pod_spec(spec: Object) -> None:
    for volume in spec.get("volumes") or ():
        _default_volume(volume)
    for kind in _CONTAINER_LISTS:
        for container in spec.get(kind) or ():
            _default_container(container)
    for key, value in (
        ("dnsPolicy", "ClusterFirst"),
        ("restartPolicy", "Always"),
        ("schedulerName", "default-scheduler"),
    ):
        if not spec.get(key):
            spec[key] = value
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    # The old name of the field is kept in step with the new one for clients that still read it.
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    if spec.get("hostNetwork"):
        _default_host_ports(spec)


def _default_host_ports(spec: Object) -> None:
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or ():
            for port in container.get("ports") or ():
                if not port.get("hostPort") and port.get("containerPort"):
                    port["hostPort"] = port["containerPort"]


def image_tag(reference: str) -> str:
    """The tag of an image reference; "latest" where it has neither tag nor digest, "" where it has only a digest or
    cannot be read."""
    if not _REFERENCE.fullmatch(reference):
        return ""
    name, at, _ = reference.partition("@")
    last = name.rpartition("/")[2]
    _, colon, tag = last.partition(":")
    if colon:
        return tag
    return "" if at else "latest"


def pull_policy(image: str) -> str:
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"


def _default_container(container: Object) -> None:
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    if container.get("resources") is None:
        container["resources"] = {}
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if source:
            _default_value_source(source)
    for name in _PROBES:
        probe = container.get(name)
        if probe is not None:
            _default_probe(probe)
    for name in _HOOKS:
        hook = (container.get("lifecycle") or {}).get(name)
        if hook:
            _default_http_get(hook)


def _default_value_source(source: Object) -> None:
    field = source.get("fieldRef")
    if field is not None and not field.get("apiVersion"):
        field["apiVersion"] = "v1"
    resource = source.get("resourceFieldRef")
    if resource is not None and resource.get("divisor") is None:
        resource["divisor"] = "0"
    file_key = source.get("fileKeyRef")
    if file_key is not None and file_key.get("optional") is None:
        file_key["optional"] = False


def _default_probe(probe: Object) -> None:
    for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        if not probe.get(key):
            probe[key] = value
    _default_http_get(probe)
    grpc = probe.get("grpc")
    if grpc is not None and grpc.get("service") is None:
        grpc["service"] = ""


def _default_http_get(handler: Object) -> None:
    request = handler.get("httpGet")
    if request is None:
        return
    if not request.get("path"):
        request["path"] = "/"
    if not request.get("scheme"):
        request["scheme"] = "HTTP"


def _default_volume(volume: Object) -> None:
    if len(volume) <= 1:
        volume["emptyDir"] = {}
        return
    for kind in ("secret", "configMap", "downwardAPI", "projected"):
        source = volume.get(kind)
        if source is not None and source.get("defaultMode") is None:
            source["defaultMode"] = _FILE_MODE
    if volume.get("hostPath") is not None:
        volume["hostPath"].setdefault("type", "")
    downward = volume.get("downwardAPI")
    if downward:
        _default_downward_items(downward)
    for source in (volume.get("projected") or {}).get("sources") or ():
        _default_projection(source)
    special = _SPECIAL_VOLUMES.keys() & volume.keys()
    for kind in special:
        if volume[kind] is not None:
            _fill(volume[kind], _SPECIAL_VOLUMES[kind])
    image = volume.get("image")
    if image is not None and not image.get("pullPolicy"):
        image["pullPolicy"] = pull_policy(image.get("reference") or "")
    ephemeral = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if ephemeral and ephemeral.get("spec") is not None:
        default_claim_spec(ephemeral["spec"])


# Volume kinds of other systems whose defaults are plain values.
_SPECIAL_VOLUMES: dict[str, Object] = {
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}


def _fill(target: Object, values: Object) -> None:
    for key, value in values.items():
        if target.get(key) in (None, ""):
            target[key] = value


def _default_projection(source: Object) -> None:
    token = source.get("serviceAccountToken")
    if token is not None and token.get("expirationSeconds") is None:
        token["expirationSeconds"] = 3600
    downward = source.get("downwardAPI")
    if downward:
        _default_downward_items(downward)


def _default_downward_items(downward: Object) -> None:
    for item in downward.get("items") or ():
        _default_value_source(item)


def default_claim_spec(spec: Object) -> None:
    if spec.get("volumeMode") is None:
        spec["volumeMode"] = "Filesystem"


def default_pod_requests(spec: Object) -> None:
    """A limit without a request is also the request. Only Pods get this; a template keeps what the user wrote."""
    for kind in ("containers", "initContainers"):
        for container in spec.get(kind) or ():
            resources = container.get("resources") or {}
            limits: dict[str, Any] = resources.get("limits") or {}
            if limits:
                resources["requests"] = {**limits, **(resources.get("requests") or {})}
