"""What clients of streams ask to speak, and the heads that answer them."""

import pytest

from eachpod.node.streams import upgrade
from eachpod.node.streams.upgrade import Form, Head, Streams

WEBSOCKET = (("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket"), ("Sec-WebSocket-Key", "abc"))
SPDY = (("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"))


def head(*headers: tuple[str, str], method: str = "GET") -> Head:
    return Head(method, "/exec", headers)


def offering(*subprotocols: str) -> Head:
    return head(*WEBSOCKET, *(("Sec-WebSocket-Protocol", each) for each in subprotocols))


@pytest.mark.parametrize(
    ("request_head", "form", "detail"),
    [
        (head(*SPDY, method="POST"), Form.SPDY, ""),
        (offering("v5.channel.k8s.io"), Form.WEBSOCKET, "v5.channel.k8s.io"),
        (offering("v9.channel.k8s.io", "v4.channel.k8s.io"), Form.WEBSOCKET, "v4.channel.k8s.io"),
        (offering(), Form.WEBSOCKET, ""),
        (offering("v9.channel.k8s.io"), Form.REFUSED, "403"),
        (head(*WEBSOCKET[:2]), Form.REFUSED, "400"),
        (head(), Form.REFUSED, "400"),
        (head(("Connection", "close"), ("Upgrade", "websocket")), Form.REFUSED, "400"),
    ],
)
def test_what_a_command_stream_speaks(request_head: Head, form: Form, detail: str) -> None:
    answer = upgrade.remote_command(request_head)
    assert answer.form is form
    assert (str(answer.status) if form is Form.REFUSED else answer.subprotocol) == detail


@pytest.mark.parametrize(
    ("request_head", "form", "subprotocol"),
    [
        (head(*SPDY, method="POST"), Form.SPDY, ""),
        (offering("SPDY/3.1+portforward.k8s.io"), Form.TUNNEL, "SPDY/3.1+portforward.k8s.io"),
        (offering("v5.channel.k8s.io,v4.channel.k8s.io"), Form.WEBSOCKET, "v4.channel.k8s.io"),
        (offering(), Form.WEBSOCKET, ""),
        (offering("v5.channel.k8s.io"), Form.REFUSED, ""),
    ],
)
def test_what_a_port_forward_speaks(request_head: Head, form: Form, subprotocol: str) -> None:
    answer = upgrade.port_forward(request_head)
    assert (answer.form, answer.subprotocol) == (form, subprotocol)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"stdin": "true", "stdout": "true", "tty": "true", "stderr": "true"}, Streams(True, True, False, True)),
        ({"input": "1", "output": "1", "error": "1"}, Streams(True, True, True, False)),
        ({"stdout": ["1"], "stderr": ("0",)}, Streams(False, True, False, False)),
        ({}, Streams(False, False, False, False)),
    ],
)
def test_streams_are_read_in_both_spellings(query: dict[str, str], expected: Streams) -> None:
    assert upgrade.streams(query) == expected


def test_heads_are_written_whole() -> None:
    request_head = offering("v4.channel.k8s.io")
    said = upgrade.switching(request_head, upgrade.remote_command(request_head)).decode()
    assert said.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert "\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n" in said
    assert said.endswith("\r\n\r\n")
    assert "Sec-WebSocket-Protocol" not in upgrade.switching(offering(), upgrade.remote_command(offering())).decode()
    asked = upgrade.spdy_request("/exec/token", ["v4.channel.k8s.io", "channel.k8s.io"]).decode()
    assert asked.startswith("POST /exec/token HTTP/1.1\r\n")
    assert asked.count("X-Stream-Protocol-Version: ") == 2
    refused = upgrade.refusal(403, "no").decode()
    assert refused.startswith("HTTP/1.1 403 Forbidden\r\n")
    assert refused.endswith("Content-Length: 3\r\nConnection: close\r\n\r\nno\n")


def test_spdy_versions_come_in_one_header_or_several() -> None:
    versions = upgrade.stream_versions(head(("x-stream-protocol-version", "a, b"), ("X-Stream-Protocol-Version", "c")))
    assert versions == ["a", "b", "c"]
