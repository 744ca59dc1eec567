"""Protobuf bodies as Go's encoders write them: empty strings and structs included."""

from typing import Any

import pytest

from eachpod.wire.protobuf import MAGIC, Malformed, decode


def field(number: int, value: Any) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def envelope(version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, version) + field(2, kind)) + field(2, raw) + field(3, "") + field(4, "")


def test_zeros_by_value_are_absent_and_zeros_by_pointer_are_there() -> None:
    meta = field(1, "w") + field(2, "") + field(3, "") + field(7, 0) + field(8, b"")
    template = field(1, b"") + field(2, b"")
    spec = field(1, 0) + field(2, b"") + field(3, template) + field(5, "")
    made = decode(envelope("apps/v1", "StatefulSet", field(1, meta) + field(2, spec) + field(3, field(1, 0))))
    assert made["metadata"] == {"name": "w"}
    assert made["spec"]["replicas"] == 0
    assert "serviceName" not in made["spec"]
    assert (made["kind"], made["apiVersion"]) == ("StatefulSet", "apps/v1")


def test_maps_bytes_and_embedded_structs() -> None:
    secret = field(2, field(1, "k") + field(2, b"\x00\xff")) + field(3, "Opaque")
    assert decode(envelope("v1", "Secret", secret))["data"] == {"k": "AP8="}
    source = field(1, "v") + field(2, field(2, b""))
    pod = field(2, field(1, source))
    assert decode(envelope("v1", "Pod", pod))["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]


def test_quantities_times_and_numbers_or_strings() -> None:
    port = field(3, 80) + field(4, field(1, 1) + field(2, 0) + field(3, "http"))
    service = decode(envelope("v1", "Service", field(2, field(1, port))))
    assert service["spec"]["ports"] == [{"port": 80, "targetPort": "http"}]
    lease = field(2, field(4, field(1, 1_700_000_000) + field(2, 5000)))
    made = decode(envelope("coordination.k8s.io/v1", "Lease", lease))
    assert made["spec"]["renewTime"] == "2023-11-14T22:13:20.000005Z"
    delete = decode(envelope("v1", "DeleteOptions", field(1, -1) + field(4, "Background")))
    assert delete["gracePeriodSeconds"] == -1


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", MAGIC + b"\xff\xff", envelope("v1", "Nothing", b""), envelope("v1", "Secret", b"\x12\x7f")],
)
def test_what_is_no_object(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)
