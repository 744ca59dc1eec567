"""Protobuf's encoding without messages: numbers of variable length and numbered fields, read and written.

For what needs no message classes: bodies whose fields stand in a table of ours, and messages of which one field counts.
"""

from collections.abc import Iterator
from typing import Any

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """Not a protobuf message."""


def fields(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value of each field: a number, or the bytes of what has a length."""
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == VARINT:
            value, at = varint(data, at)
        elif wire == DELIMITED:
            length, at = varint(data, at)
            if at + length > end:
                raise Malformed("unexpected EOF")
            value, at = data[at : at + length], at + length
        elif wire == FIXED64:
            value, at = data[at : at + 8], at + 8  # who uses one minds its length
        elif wire == FIXED32:
            value, at = data[at : at + 4], at + 4
        else:
            raise Malformed(f"wire type {wire} is not known")
        yield number, wire, value


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("unexpected EOF" if at >= len(data) else "proto: integer overflow")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def encoded(number: int, data: bytes) -> bytes:
    """A field that holds bytes, a text or a message."""
    return encoded_varint(number << 3 | DELIMITED) + encoded_varint(len(data)) + data


def encoded_varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
