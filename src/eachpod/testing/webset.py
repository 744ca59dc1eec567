"""The StatefulSet `web` behind its headless Service, with a claim per pod: what tests of whole clusters create."""

from eachpod.model.objects import Object

CLASS = "given"
SHOP = "shop"
ZONE = "web.shop.svc.cluster.local."
# The name that kube-controller-manager gives to the revision of `statefulset` with claims.
REVISION = "web-7dd7bc58"


def service() -> Object:
    ports = [{"name": "http", "port": 80}]
    return {"metadata": {"name": "web"}, "spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": ports}}


def statefulset(replicas: int, *, claims: bool = False) -> Object:
    container: Object = {
        "name": "app",
        "image": "app:v1",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 80, "name": "http"}],
    }
    spec: Object = {"serviceName": "web", "replicas": replicas, "selector": {"matchLabels": {"app": "web"}}}
    if claims:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        wanted = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": CLASS,
            "resources": {"requests": {"storage": "1Gi"}},
        }
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": wanted}]
    pod = {"containers": [container], "terminationGracePeriodSeconds": 1}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod}
    return {"metadata": {"name": "web"}, "spec": {**spec, "template": template}}


def storage_class() -> Object:
    """Volumes are made by hand and chosen with the node."""
    provisioner = "kubernetes.io/no-provisioner"
    return {"metadata": {"name": CLASS}, "provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer"}


def volume(number: int) -> Object:
    """A volume that any Linux node has."""
    linux = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
    return {
        "metadata": {"name": f"volume-{number}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": "/data"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [linux]}]}},
        },
    }


def endpoints(*addresses: str) -> Object:
    """The slice that a controller writes for ready pods web-0, web-1... with these addresses."""
    ready = {"ready": True, "serving": True, "terminating": False}
    return {
        "metadata": {
            "name": "web-1",
            "labels": {"kubernetes.io/service-name": "web", "service.kubernetes.io/headless": ""},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [address], "conditions": ready, "hostname": f"web-{number}"}
            for number, address in enumerate(addresses)
        ],
    }
