"""Bodies as Go clients write them, made here by a small encoder, and bodies that are none."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.wire import protobuf


def varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def body(version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, version) + field(2, kind)) + field(2, raw) + field(3, "") + field(4, "")


def test_a_secret_with_the_zeros_that_go_writes() -> None:
    meta = (
        field(1, "s")
        + field(2, "")
        + field(3, "ns")
        + field(7, 0)
        + field(8, b"")
        + field(11, field(1, "l") + field(2, "v"))
    )
    raw = field(1, meta) + field(2, field(1, "k") + field(2, b"\x00\xff")) + field(3, "Opaque")
    assert protobuf.decode(body("v1", "Secret", raw)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "ns", "labels": {"l": "v"}},
        "data": {"k": base64.b64encode(b"\x00\xff").decode()},
        "type": "Opaque",
    }


def test_lists_with_a_name_of_their_own_are_lists() -> None:
    extra = field(5, field(1, "scopes") + field(2, field(1, "a") + field(1, "b"))) + field(5, field(1, "none"))
    found = protobuf.decode(body("authorization.k8s.io/v1", "SubjectAccessReview", field(2, field(3, "jane") + extra)))
    assert found["spec"]["extra"] == {"scopes": ["a", "b"], "none": []}


def test_a_zero_by_pointer_stays() -> None:
    scale = field(1, field(1, "web")) + field(2, field(1, 0))
    found = protobuf.decode(body("apps/v1", "StatefulSet", scale))
    assert found["spec"]["replicas"] == 0


def test_delete_options_of_any_group() -> None:
    found = protobuf.decode(body("policy/v1", "DeleteOptions", field(1, 0) + field(4, "Background")))
    assert found == {
        "apiVersion": "policy/v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "propagationPolicy": "Background",
    }


def test_a_port_by_name_or_number() -> None:
    def port(target: bytes) -> Any:
        spec = field(2, field(1, field(1, "p") + field(2, "TCP") + field(3, 80) + field(4, target) + field(5, 0)))
        return protobuf.decode(body("v1", "Service", spec))["spec"]["ports"][0]["targetPort"]

    assert port(field(1, 0) + field(2, 8080) + field(3, "")) == 8080
    assert port(field(1, 1) + field(2, 0) + field(3, "http")) == "http"


def test_microseconds_are_kept() -> None:
    lease = field(2, field(3, field(1, 1_764_046_800) + field(2, 123_457_000)) + field(2, 15))
    spec = protobuf.decode(body("coordination.k8s.io/v1", "Lease", lease))["spec"]
    assert spec == {"acquireTime": "2025-11-25T05:00:00.123457Z", "leaseDurationSeconds": 15}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"k8s\x00",
        body("v1", "Nothing", b""),
        body("v1", "Pod", b"\x0a\xff"),
        body("v1", "Pod", field(1, 1 << 62)),  # a number where a message has to be
        body("v1", "Pod", field(1, field(1, 1 << 40))),  # and where a text has to be
        body("v1", "Pod", field(1, field(1, b"\xff\xfe"))),
        body("v1", "Pod", field(1, field(8, field(1, 1 << 62)))),  # a time far outside of the calendar
    ],
)
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(protobuf.Malformed):
        protobuf.decode(data)


MESSAGES = st.sampled_from(
    [("v1", "Pod"), ("v1", "Service"), ("apps/v1", "StatefulSet"), ("discovery.k8s.io/v1", "EndpointSlice")]
)
WIRE = st.recursive(
    st.integers(0, 2**64 - 1) | st.binary(max_size=12),
    lambda inner: st.lists(st.tuples(st.integers(1, 40), inner), max_size=5).map(
        lambda parts: b"".join(field(number, value) for number, value in parts)
    ),
    max_leaves=20,
)


@given(MESSAGES, st.lists(st.tuples(st.integers(1, 20), WIRE), max_size=8))
def test_anything_decodes_to_json_or_is_malformed(
    message: tuple[str, str], parts: list[tuple[int, int | bytes]]
) -> None:
    raw = b"".join(field(number, value) for number, value in parts)
    try:
        found = protobuf.decode(body(*message, raw))
    except protobuf.Malformed:
        return
    assert (found["apiVersion"], found["kind"]) == message
    assert json.loads(json.dumps(found)) == found


@given(st.binary(max_size=60))
def test_garbage_is_malformed_or_an_object(data: bytes) -> None:
    with contextlib.suppress(protobuf.Malformed):
        assert isinstance(protobuf.decode(b"k8s\x00" + data), dict)
