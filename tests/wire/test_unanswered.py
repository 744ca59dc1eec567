"""Reasons for requests that nobody answered."""

import asyncio
import errno
import socket
import ssl

import aiohttp
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


async def test_who_is_asked_for_tls_and_has_none() -> None:
    """The number of such an error is that of another one of the system's."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(ssl.SSLError) as below:
            await asyncio.open_connection("127.0.0.1", port, ssl=ssl.create_default_context())
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError) as above:
                await session.get(f"https://127.0.0.1:{port}/")
    finally:
        server.close()
    for error in (below.value, above.value):
        assert why(error) == "tls: first record does not look like a TLS handshake"


def test_another_failure_of_tls() -> None:
    assert why(ssl.SSLError(1, "[SSL: TLSV1_ALERT_ACCESS_DENIED] no")).startswith("tls: ")
