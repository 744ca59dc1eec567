"""Bodies that are read, and those that are refused before anything is done with them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.errors import BadRequest
from eachpod.model.kinds import builtin
from eachpod.server.context import Context
from eachpod.server.decode import DEEPEST, check_identity, object_of, parsed, shallow
from eachpod.wire import protobuf
from eachpod.wire.http import Request


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> bytes:
    return (opening * depth + "0" + closing * depth).encode()


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_nesting_has_an_end(opening: str, closing: str) -> None:
    kept = parsed(nested(DEEPEST - 1, opening, closing), "application/json")
    assert orjson.dumps({"items": [{"object": kept}]})
    for depth in (DEEPEST + 1, 900):
        with pytest.raises(BadRequest, match=f"nested more than {DEEPEST} levels"):
            parsed(nested(depth, opening, closing), "application/json")


def test_many_brackets_side_by_side_are_no_depth() -> None:
    wide = b'{"a":[' + b",".join([b"{}"] * 5000) + b"]}"
    assert len(parsed(wide, "application/json")["a"]) == 5000


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)))
def test_what_is_shallow_stays_what_it_is(value: object) -> None:
    assert shallow(value) is value


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)"),
        (b"k8s\0", "the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)"),
        (
            b"k8s\0\xff\xff",
            "the object provided is unrecognized (must be of type ConfigMap): unexpected EOF (6b387300ffff)",
        ),
        (
            bytes(4),
            "the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a "
            "protobuf message, expected prefix [107 56 115 0] (00000000)",
        ),
        (
            b"k8s\0\n\x09\n\x02v1\x12\x03Zap",
            'Zap in version "v1" cannot be handled as a ConfigMap: no kind "Zap" is registered for version "v1" '
            'in scheme "pkg/runtime/scheme.go:111"',
        ),
        (
            b"k8s\0\n\x0f\n\x02v1\x12\x09ConfigMap\x12\x03\xff\xff\xff",
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF',
        ),
    ],
)
def test_protobuf_that_cannot_be_read(body: bytes, text: str) -> None:
    kind = builtin().by_kind("v1", "ConfigMap")
    assert kind is not None
    with pytest.raises(BadRequest) as raised:
        object_of(kind, Request("POST", "", body=body, content_type=protobuf.CONTENT_TYPE), Context())
    assert raised.value.message == text


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (
            "apps/v1beta1",
            "the API version in the data (apps/v1beta1) does not match the expected API version (apps/v1)",
        ),
        (
            "extensions/v1beta1",
            "the API version in the data (extensions/v1beta1) does not match the expected API version (apps/v1)",
        ),
        (
            "apps/v9",
            'Deployment in version "v9" cannot be handled as a Deployment: no kind "Deployment" is registered for '
            'version "apps/v9" in scheme "pkg/runtime/scheme.go:111"',
        ),
        (
            "v1",
            'Deployment in version "v1" cannot be handled as a Deployment: no kind "Deployment" is registered for '
            'version "v1" in scheme "pkg/runtime/scheme.go:111"',
        ),
    ],
)
def test_versions_of_another_time(version: str, text: str) -> None:
    kind = builtin().by_kind("apps/v1", "Deployment")
    assert kind is not None
    with pytest.raises(BadRequest) as raised:
        check_identity(kind, {"apiVersion": version, "kind": "Deployment"})
    assert raised.value.message == text
