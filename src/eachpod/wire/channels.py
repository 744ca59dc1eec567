"""Kubernetes' streaming subprotocols: several byte streams over one WebSocket, each message led by its channel.

Versions differ in how a command's end is told: v1 sends only an error's text, v4 and v5 a Status; v5 can also close
one channel, which is how standard input ends. The base64 forms are for clients that can only send text.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eachpod.wire import websocket

V5, V4, V1 = "v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"
V4_BASE64, V1_BASE64 = "v4.base64.channel.k8s.io", "base64.channel.k8s.io"
PORT_FORWARD = "portforward.k8s.io"
TUNNEL = f"SPDY/3.1+{PORT_FORWARD}"
_BEARER = "base64url.bearer.authorization.k8s.io."

REMOTE_COMMAND = (V5, V4, V4_BASE64, V1, V1_BASE64)
# Port-forward knows no v5; a client that offers it beside v4 gets v4.
LEGACY_PORT_FORWARD = (V4, V4_BASE64)


class Channel(IntEnum):
    """The channels of exec and attach. CLOSE (v5 only) carries the number of a channel that ends."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    RESIZE = 4
    CLOSE = 255


@dataclass(frozen=True, slots=True)
class Framing:
    """How messages of an agreed subprotocol are written and read. "" is v1 in binary."""

    subprotocol: str

    @property
    def is_text(self) -> bool:
        return "base64" in self.subprotocol

    @property
    def tells_status(self) -> bool:
        """Whether the end is told by a Status object, success included."""
        return self.subprotocol.startswith(("v4.", "v5."))

    def encode(self, channel: int, data: bytes) -> bytes:
        """A whole WebSocket frame."""
        if self.is_text:
            return websocket.encode(websocket.TEXT, b"%d" % channel + base64.b64encode(data))
        return websocket.encode(websocket.BINARY, bytes((channel,)) + data)

    def decode(self, message: websocket.Message) -> tuple[int, bytes] | None:
        """The channel and data of a client's message; None for an empty one. ProtocolError where it is neither."""
        if not message.data:
            return None
        if not self.is_text:
            return message.data[0], message.data[1:]
        try:
            return int(message.data[:1]), base64.b64decode(message.data[1:], validate=True)
        except (ValueError, binascii.Error) as error:
            raise websocket.ProtocolError(f"a message is no channel digit with base64: {error}") from error


def offered(header: str) -> list[str]:
    """The subprotocols that a Sec-WebSocket-Protocol header offers, without the bearer tokens that some carry."""
    names = (name.strip() for name in header.split(","))
    return [name for name in names if name and not name.startswith(_BEARER)]


def agree(offers: Iterable[str], known: Sequence[str]) -> str | None:
    """The client's first offer that is known; "" where it offers nothing, None where nothing fits."""
    names = list(offers)
    if not names:
        return ""
    return next((name for name in names if name in known), None)


def bearer_token(header: str) -> str:
    """The token that browsers, which cannot set an Authorization header, send as a subprotocol; "" where none is."""
    for name in header.split(","):
        text = name.strip()
        if text.startswith(_BEARER):
            raw = text.removeprefix(_BEARER)
            try:
                return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode()
            except ValueError:
                return ""
    return ""


def without_bearer_token(header: str) -> str:
    """The offered subprotocols but for the token, which is for the API server alone."""
    return ", ".join(name.strip() for name in header.split(",") if not name.strip().startswith(_BEARER))


def failure(message: str) -> dict[str, Any]:
    """The Status for a command that could not be run or followed to its end."""
    return {"metadata": {}, "status": "Failure", "reason": "InternalError", "message": message, "code": 500}
