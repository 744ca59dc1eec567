"""ServiceAccount: every pod runs as an account, and its containers find a token of it."""

from eachpod.kit.ids import suffix
from eachpod.model import errors
from eachpod.model.objects import Object, annotations, put
from eachpod.model.resources import POD, SERVICEACCOUNT
from eachpod.model.wellknown import MIRROR_POD

from .chain import Attributes

_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_SECONDS = 3607  # a little more than an hour, which says that the default was taken


def service_account(pod: Object, at: Attributes) -> Object:
    if at.kind.resource != POD or at.operation != "CREATE" or at.subresource or MIRROR_POD in annotations(pod):
        return pod
    spec = pod.get("spec") or {}
    wanted = spec.get("serviceAccountName") or "default"
    account = at.view.get(SERVICEACCOUNT, wanted, at.namespace)
    if account is None:
        text = f'error looking up service account {at.namespace}/{wanted}: serviceaccount "{wanted}" not found'
        raise errors.forbidden(POD, at.name, text)
    pod = put(pod, ("spec", "serviceAccountName"), wanted)
    pod = put(pod, ("spec", "serviceAccount"), wanted)
    if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        pod = put(pod, ("spec", "imagePullSecrets"), account["imagePullSecrets"])
    return _with_token(pod, at) if _mounts_token(spec, account) else pod


def _mounts_token(spec: Object, account: Object) -> bool:
    for holder in (spec, account):
        if holder.get("automountServiceAccountToken") is not None:
            return bool(holder["automountServiceAccountToken"])
    return True


def _with_token(pod: Object, at: Attributes) -> Object:
    spec = pod["spec"]
    volumes = spec.get("volumes") or []
    held = next((v for v in volumes if (v.get("name") or "").startswith("kube-api-access-")), None)
    volume = f"kube-api-access-{suffix(at.context.entropy[32:])}" if held is None else held["name"]
    mounted = False
    for kind in ("containers", "initContainers"):
        containers = []
        for container in spec.get(kind) or ():
            mounts = container.get("volumeMounts") or []
            if not any(mount.get("mountPath") == _MOUNT for mount in mounts):
                mount = {"mountPath": _MOUNT, "name": volume, "readOnly": True}
                container, mounted = {**container, "volumeMounts": [*mounts, mount]}, True
            containers.append(container)
        if containers:
            spec = {**spec, kind: containers}
    if mounted and held is None:
        spec = {**spec, "volumes": [*volumes, _volume(volume)]}
    return {**pod, "spec": spec}


def _volume(volume: str) -> Object:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": volume, "projected": {"defaultMode": 420, "sources": sources}}
