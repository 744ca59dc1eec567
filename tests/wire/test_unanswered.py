"""Reasons for requests that nobody answered."""

import errno
import socket

import pytest

from eachpod.wire.unanswered import why


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)"), "connection refused"),
        (TimeoutError(), "i/o timeout"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (ConnectionResetError("the answer broke off"), "the answer broke off"),
        (ValueError(), "ValueError"),
    ],
)
def test_why(error: Exception, text: str) -> None:
    assert why(error) == text
