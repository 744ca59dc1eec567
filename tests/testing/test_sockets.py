"""Sockets that share a port number."""

import errno
import socket

import pytest

from eachpod.testing.sockets import with_one_port

DATAGRAM, STREAM = ("127.0.0.1", socket.SOCK_DGRAM), ("127.0.0.1", socket.SOCK_STREAM)


def test_streams_listen_where_datagrams_come_in() -> None:
    datagram, stream = with_one_port(DATAGRAM, STREAM)
    with datagram, stream, socket.create_connection(stream.getsockname()):
        assert datagram.getsockname() == stream.getsockname()


def test_a_port_that_is_never_free_everywhere() -> None:
    with pytest.raises(OSError, match="in use") as refused:
        with_one_port(DATAGRAM, DATAGRAM)
    assert refused.value.errno == errno.EADDRINUSE
