"""Sockets of a test that share one port number, though nobody can ask for one that is free in several places."""

import contextlib
import errno
import socket


def with_one_port(*wanted: tuple[str, socket.SocketKind], tries: int = 100) -> list[socket.socket]:
    """A socket for each address and kind, all at one port; streams listen. Where somebody has the first one's port at
    another of the addresses, others are tried."""
    with contextlib.ExitStack() as undo:
        made: list[socket.socket] = []
        for address, kind in wanted:
            sock = undo.enter_context(socket.socket(socket.AF_INET, kind))
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((address, made[0].getsockname()[1] if made else 0))
                if kind == socket.SOCK_STREAM:
                    sock.listen()
            except OSError as error:
                if error.errno != errno.EADDRINUSE or tries == 1:
                    raise
                return with_one_port(*wanted, tries=tries - 1)  # this port stays taken meanwhile
            made.append(sock)
        undo.pop_all()
        return made
