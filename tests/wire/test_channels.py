"""Channels of one WebSocket: what is agreed on, and how data is framed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.wire import channels, websocket
from eachpod.wire.channels import Framing

TOKEN = "base64url.bearer.authorization.k8s.io." + base64.urlsafe_b64encode(b"secret-token").decode().rstrip("=")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("v5.channel.k8s.io", channels.V5),
        ("v5.channel.k8s.io,v4.channel.k8s.io", channels.V5),
        ("v4.channel.k8s.io", channels.V4),
        (f"{TOKEN}, v4.base64.channel.k8s.io", channels.V4_BASE64),
        ("v9.channel.k8s.io, channel.k8s.io", channels.V1),
        ("", ""),
        (TOKEN, ""),
        ("v9.channel.k8s.io", None),
    ],
)
def test_the_clients_first_known_offer_is_agreed_on(header: str, expected: str | None) -> None:
    assert channels.agree(channels.offered(header), channels.REMOTE_COMMAND) == expected


def test_a_bearer_token_is_not_passed_on() -> None:
    assert channels.without_bearer_token(f"{TOKEN}, v5.channel.k8s.io") == "v5.channel.k8s.io"
    assert channels.without_bearer_token("v5.channel.k8s.io,v4") == "v5.channel.k8s.io, v4"


def test_a_bearer_token_is_read_out_of_the_offers() -> None:
    assert channels.bearer_token(f"v4.channel.k8s.io, {TOKEN}") == "secret-token"
    assert channels.bearer_token("v4.channel.k8s.io") == ""
    assert channels.bearer_token("base64url.bearer.authorization.k8s.io.\xff") == ""


@given(st.sampled_from(["", *channels.REMOTE_COMMAND]), st.integers(0, 4), st.binary(max_size=40))
def test_a_channel_and_its_data_survive_every_framing(subprotocol: str, channel: int, data: bytes) -> None:
    framing = Framing(subprotocol)
    frame = framing.encode(channel, data)
    kind, payload = frame[0] & 0x0F, frame[2:]
    assert kind == (websocket.TEXT if "base64" in subprotocol else websocket.BINARY)
    assert framing.decode(websocket.Message(kind, payload)) == (channel, data)


def test_an_empty_message_means_nothing_and_bad_base64_is_refused() -> None:
    assert Framing(channels.V4).decode(websocket.Message(websocket.BINARY, b"")) is None
    for text in (b"x", b"0===", b"0\xff"):
        with pytest.raises(websocket.ProtocolError):
            Framing(channels.V4_BASE64).decode(websocket.Message(websocket.TEXT, text))


@pytest.mark.parametrize(
    ("subprotocol", "tells"),
    [(channels.V5, True), (channels.V4, True), (channels.V4_BASE64, True), (channels.V1, False), ("", False)],
)
def test_versions_that_tell_the_end_by_a_status(subprotocol: str, tells: bool) -> None:
    assert Framing(subprotocol).tells_status is tells
