"""Hashes of pod templates as clusters of today have them in names."""

from typing import Any

import pytest

from eachpod.model.gohash import dump, pod_template_hash


def template(**container: Any) -> dict[str, Any]:
    app = {
        "image": "app:v1",
        "imagePullPolicy": "IfNotPresent",
        "name": "app",
        "ports": [{"containerPort": 80, "name": "http", "protocol": "TCP"}],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        **container,
    }
    spec = {
        "containers": [app],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    return {"metadata": {"labels": {"app": "web"}}, "spec": spec}


def test_a_hash_of_kubernetes() -> None:
    assert pod_template_hash(template(), None) == "749b757878"


def test_collisions_change_it() -> None:
    hashes = {pod_template_hash(template(), count) for count in (None, 0, 1, 256)}
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("container", "shown"),
    [
        ({"command": ["a", "b"]}, "Command:([]string)[a b] Args:([]string)<nil>"),
        ({"stdin": True}, "Stdin:(bool)true StdinOnce:(bool)false"),
        (
            {"resources": {"limits": {"cpu": "600m"}}},
            "Limits:(v1.ResourceList)map[cpu:{i:(resource.int64Amount){value:(int64)600 scale:(resource.Scale)-3} "
            "d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)600m Format:(resource.Format)DecimalSI}]",
        ),
        (
            {"resources": {"limits": {"memory": "1Gi"}}},
            "map[memory:{i:(resource.int64Amount){value:(int64)1073741824 scale:(resource.Scale)0} "
            "d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)1Gi Format:(resource.Format)BinarySI}]",
        ),
        (
            {"readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5}},
            "Path:(string)/ Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)http} "
            "Host:(string) Scheme:(v1.URIScheme) HTTPHeaders:([]v1.HTTPHeader)<nil>",
        ),
        (
            {"livenessProbe": {"tcpSocket": {"port": 80}}},
            "Port:(intstr.IntOrString){Type:(intstr.Type)0 IntVal:(int32)80 StrVal:(string)} Host:(string)",
        ),
    ],
)
def test_the_dump_is_that_of_go(container: dict[str, Any], shown: str) -> None:
    assert shown in dump(template(**container))
