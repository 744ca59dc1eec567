"""Protobuf's encoding, without messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.wire.protofields import DELIMITED, Malformed, encoded, encoded_varint, fields, varint


@given(st.integers(0, 2**64 - 1))
def test_numbers_come_back(number: int) -> None:
    raw = encoded_varint(number)
    assert varint(memoryview(raw), 0) == (number, len(raw))


@given(st.lists(st.tuples(st.integers(1, 2000), st.binary(max_size=300)), max_size=5))
def test_fields_come_back(sent: list[tuple[int, bytes]]) -> None:
    raw = b"".join(encoded(*each) for each in sent)
    assert [(number, bytes(value)) for number, wire, value in fields(memoryview(raw)) if wire == DELIMITED] == sent


def test_the_other_wire_types() -> None:
    raw = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1d" + bytes(4)
    assert [(number, wire) for number, wire, _ in fields(memoryview(raw))] == [(1, 0), (2, 1), (3, 5)]
    assert next(fields(memoryview(raw)))[2] == 150


@pytest.mark.parametrize("raw", [b"\x0a\x05abc", b"\x08", b"\x0b", b"\x08" + b"\xff" * 11, b"\x0f"])
def test_what_is_no_message(raw: bytes) -> None:
    with pytest.raises(Malformed):
        list(fields(memoryview(raw)))
