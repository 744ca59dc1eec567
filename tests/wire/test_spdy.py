"""SPDY frames as the specification lays them out, however they arrive."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.wire import spdy
from eachpod.wire.spdy import Data, Decoder, Encoder, Frame, GoAway, Headers, Ping, RstStream, SynReply, SynStream

numbers = st.integers(0, 2**31 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
headers = st.dictionaries(texts, texts, max_size=4)
frames = st.one_of(
    st.builds(SynStream, numbers, headers, st.booleans()),
    st.builds(SynReply, numbers, headers, st.booleans()),
    st.builds(Headers, numbers, headers, st.booleans()),
    st.builds(Data, numbers, st.binary(max_size=50), st.booleans()),
    st.builds(RstStream, numbers, numbers),
    st.builds(Ping, numbers),
    st.builds(GoAway, numbers, numbers),
)


@given(st.lists(frames, max_size=8), st.integers(1, 40))
def test_frames_come_out_as_they_went_in_however_they_are_cut(sent: list[Frame], step: int) -> None:
    encoder, decoder = Encoder(), Decoder()
    raw = b"".join(encoder.encode(frame) for frame in sent)
    received = [frame for at in range(0, len(raw), step) for frame in decoder.feed(raw[at : at + step])]
    assert received == sent


def test_the_dictionary_is_the_one_of_the_specification() -> None:
    """Its checksum is what zlib writes into a stream that was made with it."""
    assert zlib.adler32(spdy.DICTIONARY) == 0xE3C6A7C2
    assert len(spdy.DICTIONARY) == 1423


def test_a_stream_is_opened_as_the_specification_lays_it_out() -> None:
    raw = Encoder().encode(SynStream(1, {"streamtype": "error"}, fin=True))
    assert raw[:4] == b"\x80\x03\x00\x01"
    assert raw[4] == 1
    assert raw[8:18] == b"\x00\x00\x00\x01" + b"\x00" * 6
    assert raw[18:20] == b"\x78\xf9"
    assert zlib.decompressobj(zdict=spdy.DICTIONARY).decompress(raw[18:]) == (
        b"\x00\x00\x00\x01\x00\x00\x00\x0astreamtype\x00\x00\x00\x05error"
    )


def test_data_longer_than_a_frame_is_cut_and_ends_once() -> None:
    data = bytes(spdy.MAX_LENGTH + 5)
    received = Decoder().feed(Encoder().encode(Data(3, data, fin=True)))
    assert [(len(frame.data), frame.fin) for frame in received if isinstance(frame, Data)] == [
        (spdy.MAX_LENGTH, False),
        (5, True),
    ]


def test_settings_and_window_updates_are_passed_over() -> None:
    settings = b"\x80\x03\x00\x04\x00\x00\x00\x04\x00\x00\x00\x00"
    window = b"\x80\x03\x00\x09\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x10\x00"
    assert Decoder().feed(settings + window + Encoder().encode(Ping(7))) == [Ping(7)]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80\x02\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01",
        b"\x80\x03\x00\x63\x00\x00\x00\x04\x00\x00\x00\x01",
        b"\x80\x03\x00\x06\x00\x00\x00\x01\x00",
        b"\x80\x03\x00\x01\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00xx",
    ],
)
def test_what_is_no_spdy_is_refused(raw: bytes) -> None:
    with pytest.raises(spdy.ProtocolError):
        Decoder().feed(raw)
