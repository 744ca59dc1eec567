"""Reads what a client of exec, attach or port-forward asks to speak, and writes the heads that answer it.

Clients come in five forms: SPDY/3.1 (kubectl to 1.30, and later ones where WebSockets are refused), WebSocket v5 (Go
clients), WebSocket v4 and v1 (Python and browser clients), and SPDY tunnelled through a WebSocket (port-forward).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from eachpod.wire import channels, websocket

SPDY = "SPDY/3.1"
_STREAM_VERSION = "X-Stream-Protocol-Version"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an HTTP request; a header may occur several times, and its name's case does not matter."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]] = ()

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def joined(self, name: str) -> str:
        return ", ".join(self.all(name))


@dataclass(frozen=True, slots=True)
class Streams:
    """Which of a process' streams a client wants; with a terminal, stdout carries both outputs."""

    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    tty: bool = False


class Form(Enum):
    SPDY = "SPDY"
    WEBSOCKET = "WebSocket"
    TUNNEL = "SPDY in a WebSocket"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is agreed on: for a WebSocket its subprotocol, for a refusal the status and why."""

    form: Form
    subprotocol: str = ""
    status: int = 101
    reason: str = ""


def streams(query: Mapping[str, str | Sequence[str]]) -> Streams:
    """Reads the query of the API (stdin, stdout...) or of the kubelet (input, output...)."""

    def asked(*names: str) -> bool:
        values = (query.get(name, "") for name in names)
        return any((value if isinstance(value, str) else value[-1]) in ("1", "true", "True") for value in values)

    tty = asked("tty")
    return Streams(asked("stdin", "input"), asked("stdout", "output"), asked("stderr", "error") and not tty, tty)


def remote_command(head: Head) -> Answer:
    """For exec and attach."""
    if _upgrades_to(head, "websocket"):
        return _websocket(head, channels.REMOTE_COMMAND)
    return _spdy(head)


def port_forward(head: Head) -> Answer:
    if not _upgrades_to(head, "websocket"):
        return _spdy(head)
    if channels.TUNNEL in _offers(head):
        return Answer(Form.TUNNEL, channels.TUNNEL)
    return _websocket(head, channels.LEGACY_PORT_FORWARD)


def switching(head: Head, answer: Answer) -> bytes:
    """The 101 head for an agreed WebSocket."""
    lines = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {websocket.accept(head.joined('Sec-WebSocket-Key'))}",
    ]
    if answer.subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {answer.subprotocol}")
    return _head("HTTP/1.1 101 Switching Protocols", lines)


def refusal(status: int, reason: str) -> bytes:
    """A whole plain-text answer, after which the connection ends."""
    text = f"{reason}\n".encode()
    names = {400: "Bad Request", 403: "Forbidden", 500: "Internal Server Error", 502: "Bad Gateway"}
    lines = ["Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(text)}", "Connection: close"]
    return _head(f"HTTP/1.1 {status} {names.get(status, 'Error')}", lines) + text


def spdy_request(path: str, versions: Iterable[str]) -> bytes:
    """The head that asks a runtime's streaming server for SPDY."""
    lines = ["Host: localhost", "Connection: Upgrade", f"Upgrade: {SPDY}", "Content-Length: 0"]
    return _head(f"POST {path} HTTP/1.1", [*lines, *(f"{_STREAM_VERSION}: {version}" for version in versions)])


def stream_versions(head: Head) -> list[str]:
    """The versions that a SPDY client offers, each in a header of its own or several in one."""
    return [name.strip() for value in head.all(_STREAM_VERSION) for name in value.split(",") if name.strip()]


def _spdy(head: Head) -> Answer:
    if _upgrades_to(head, SPDY.lower()):
        return Answer(Form.SPDY)
    reason = f"unable to upgrade: the request's Upgrade header is {head.joined('Upgrade')!r}, not websocket or {SPDY}"
    return Answer(Form.REFUSED, status=400, reason=reason)


def _websocket(head: Head, known: Sequence[str]) -> Answer:
    if not head.joined("Sec-WebSocket-Key"):
        return Answer(Form.REFUSED, status=400, reason="unable to upgrade: there is no Sec-WebSocket-Key header")
    agreed = channels.agree(_offers(head), known)
    if agreed is None:
        offers = ", ".join(_offers(head))
        reason = f"unable to upgrade: the client speaks {offers}; the server speaks {', '.join(known)}"
        return Answer(Form.REFUSED, status=403, reason=reason)
    return Answer(Form.WEBSOCKET, agreed)


def _offers(head: Head) -> list[str]:
    return channels.offered(head.joined("Sec-WebSocket-Protocol"))


def _upgrades_to(head: Head, protocol: str) -> bool:
    connection = {token.strip() for token in head.joined("Connection").lower().split(",")}
    return "upgrade" in connection and head.joined("Upgrade").strip().lower() == protocol


def _head(first: str, lines: Iterable[str]) -> bytes:
    return "\r\n".join([first, *lines, "", ""]).encode("latin-1")
