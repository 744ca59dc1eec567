"""What a pod as a whole asks for and is limited to."""

from fractions import Fraction
from typing import Any

import pytest

from eachpod.model.podspec.totals import limits_of, requests_of


def container(cpu: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}, **more}


SIDECAR = container("50m", restartPolicy="Always")


@pytest.mark.parametrize(
    ("inits", "expected"),
    [
        ([], "300m"),
        ([container("200m")], "300m"),
        ([container("400m")], "400m"),
        ([SIDECAR], "350m"),
        ([SIDECAR, container("400m")], "450m"),  # it runs beside the sidecar that was started before it
        ([container("400m"), SIDECAR], "400m"),  # and not beside one that comes later
        ([SIDECAR, SIDECAR, container("10m")], "400m"),
    ],
)
def test_containers_and_init_containers(inits: list[dict[str, Any]], expected: str) -> None:
    pod = {"spec": {"containers": [container("100m"), container("200m")], "initContainers": inits}}
    assert requests_of(pod) == limits_of(pod) == {"cpu": Fraction(int(expected.removesuffix("m")), 1000)}


def test_figures_of_the_pod_replace_those_of_its_containers() -> None:
    own = {"requests": {"cpu": "1", "example.com/gpu": "7"}, "limits": {"memory": "1Ki"}}
    pod = {"spec": {"containers": [container("2")], "resources": own}}
    assert requests_of(pod) == {"cpu": 1}
    assert limits_of(pod) == {"cpu": 2, "memory": 1024}


def test_overhead_is_asked_for_always_and_limits_only_what_is_limited() -> None:
    pod = {"spec": {"containers": [container("2")], "overhead": {"cpu": "1", "memory": "1"}}}
    assert requests_of(pod) == {"cpu": 3, "memory": 1}
    assert limits_of(pod) == {"cpu": 3}


def test_what_a_container_does_not_say_is_taken_for_it() -> None:
    pod = {"spec": {"containers": [container("2"), {"name": "silent"}]}}
    assert requests_of(pod, {"cpu": Fraction(1, 10), "memory": Fraction(5)}) == {"cpu": Fraction(21, 10), "memory": 10}
