"""What one schedule plays in: one StatefulSet with its headless Service, drawn by the seed."""

from dataclasses import dataclass
from random import Random

from eachpod.model.objects import Object

NAMESPACE, SET, NODES = "d", "web", ("n1", "n2")


@dataclass(frozen=True, slots=True)
class Setting:
    """`calm` leaves out what breaks pods that were Ready, so that order can be checked against the truth and not only
    against what the controller saw."""

    ordered: bool
    when_deleted: str
    when_scaled: str
    min_ready: int
    calm: bool
    max_unavailable: int
    slice_size: int

    @property
    def claims(self) -> tuple[str, str]:
        """The retention policy: whenDeleted, whenScaled."""
        return self.when_deleted, self.when_scaled


def draw(chance: Random) -> Setting:
    policies = ("Retain", "Delete")
    return Setting(
        ordered=chance.random() < 0.6,
        when_deleted=chance.choice(policies),
        when_scaled=chance.choice(policies),
        min_ready=chance.choice((0, 0, 0, 3)),
        calm=chance.random() < 0.5,
        max_unavailable=chance.choice((1, 1, 2)),
        slice_size=chance.choice((100, 100, 2)),
    )


def service() -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SET, "namespace": NAMESPACE},
        "spec": {"clusterIP": "None", "selector": {"app": SET}, "ports": ports, "ipFamilies": ["IPv4"]},
    }


def template(version: str) -> Object:
    return {"metadata": {"labels": {"app": SET}}, "spec": {"containers": [{"name": "app", "image": version}]}}


def stateful_set(setting: Setting, replicas: int, version: str) -> Object:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": SET, "namespace": NAMESPACE},
        "spec": {
            "serviceName": SET,
            "replicas": replicas,
            "minReadySeconds": setting.min_ready,
            "podManagementPolicy": "OrderedReady" if setting.ordered else "Parallel",
            "selector": {"matchLabels": {"app": SET}},
            "template": template(version),
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"partition": 0, "maxUnavailable": setting.max_unavailable},
            },
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": setting.when_deleted,
                "whenScaled": setting.when_scaled,
            },
            "volumeClaimTemplates": [claim],
        },
    }
