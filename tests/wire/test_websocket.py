"""WebSocket frames: the examples of RFC 6455, every length, however they arrive."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.wire import websocket
from eachpod.wire.websocket import BINARY, CLOSE, PING, TEXT, Decoder, Message, ProtocolError

MASK = b"\x01\x02\x03\x04"


def from_client(kind: int, data: bytes, final: bool = True) -> bytes:
    """A masked frame as clients send it, built independently of the code under test."""
    length = len(data)
    first = (0x80 if final else 0) | kind
    if length < 126:
        head = struct.pack(">BB", first, 0x80 | length)
    elif length < 65536:
        head = struct.pack(">BBH", first, 0xFE, length)
    else:
        head = struct.pack(">BBQ", first, 0xFF, length)
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data))


def test_the_accept_key_of_the_rfc() -> None:
    assert websocket.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@given(st.lists(st.tuples(st.sampled_from([TEXT, BINARY, PING]), st.binary(max_size=125))), st.integers(1, 30))
def test_messages_come_out_however_they_are_cut(sent: list[tuple[int, bytes]], step: int) -> None:
    raw = b"".join(from_client(kind, data) for kind, data in sent)
    decoder = Decoder()
    received = [message for at in range(0, len(raw), step) for message in decoder.feed(raw[at : at + step])]
    assert received == [Message(kind, data) for kind, data in sent]


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536, 70000])
def test_every_form_of_length_both_ways(length: int) -> None:
    data = bytes(number % 251 for number in range(length))
    assert Decoder().feed(from_client(BINARY, data)) == [Message(BINARY, data)]
    frame = websocket.encode(BINARY, data)
    assert frame.endswith(data)
    assert frame[0] == 0x82
    assert not frame[1] & 0x80


def test_fragments_are_joined_and_control_frames_may_lie_between() -> None:
    raw = from_client(TEXT, b"he", final=False) + from_client(PING, b"p") + from_client(0, b"llo")
    assert Decoder().feed(raw) == [Message(PING, b"p"), Message(TEXT, b"hello")]


def test_a_close_frame_has_code_and_reason() -> None:
    assert websocket.close(1000, "bye") == b"\x88\x05\x03\xe8bye"
    assert Decoder().feed(from_client(CLOSE, b"\x03\xe8")) == [Message(CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\x82\x01x", websocket.PROTOCOL_ERROR),
        (b"\xc2\x80" + MASK, websocket.PROTOCOL_ERROR),
        (from_client(0, b"x"), websocket.PROTOCOL_ERROR),
        (from_client(TEXT, b"x", final=False) + from_client(TEXT, b"y"), websocket.PROTOCOL_ERROR),
        (from_client(PING, b"x", final=False), websocket.PROTOCOL_ERROR),
        (from_client(PING, b"x" * 126), websocket.PROTOCOL_ERROR),
        (from_client(BINARY, b"x" * 201), websocket.TOO_BIG),
        (from_client(BINARY, b"x" * 120, final=False) + from_client(0, b"x" * 120), websocket.TOO_BIG),
    ],
)
def test_what_is_no_websocket_is_refused_with_its_code(raw: bytes, code: int) -> None:
    with pytest.raises(ProtocolError) as refused:
        Decoder(limit=200).feed(raw)
    assert refused.value.code == code
