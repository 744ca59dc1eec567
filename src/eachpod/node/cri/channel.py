"""The connection to a runtime's socket: one call per method of the CRI.

gRPC mends a broken connection by itself; its pauses between attempts are kept short because a runtime that restarts
is back within a fraction of a second.
"""

from typing import Any

import grpc

from eachpod.node.runtime import RuntimeFault
from eachpod.wire import cri

from .faults import code_name, fault

_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.max_receive_message_length", 64 << 20),
    # A unix socket has no host name; without this the path would be sent as one, which some servers refuse.
    ("grpc.default_authority", "localhost"),
    ("grpc.enable_http_proxy", 0),
)
_IMAGE_METHODS = frozenset(("ImageStatus", "PullImage"))


class Channel:
    def __init__(self, socket: str) -> None:
        self._channel = grpc.aio.insecure_channel(f"unix:{socket}", options=_OPTIONS)
        self._socket = socket
        self._calls: dict[str, Any] = {}

    async def call(self, method: str, limit: float | None, /, **fields: Any) -> Any:
        """Calls a method of the CRI with its request's fields; raises RuntimeFault. `limit` is in seconds, None waits
        for ever."""
        request = getattr(cri, f"{method}Request")(**fields)
        try:
            return await self._method(method)(request, timeout=limit)
        except grpc.aio.AioRpcError as error:
            raise self._fault(method, error) from None

    def stream(self, path: str, request: bytes) -> Any:
        """A server's stream of raw messages, for services that there are no message classes for."""
        return self._channel.unary_stream(path, bytes, bytes)(request)

    async def close(self) -> None:
        await self._channel.close(grace=None)

    def _method(self, method: str) -> Any:
        found = self._calls.get(method)
        if found is None:
            service = "ImageService" if method in _IMAGE_METHODS else "RuntimeService"
            found = self._calls[method] = self._channel.unary_unary(
                f"/runtime.v1.{service}/{method}",
                request_serializer=getattr(cri, f"{method}Request").SerializeToString,
                response_deserializer=getattr(cri, f"{method}Response").FromString,
            )
        return found

    def _fault(self, method: str, error: grpc.aio.AioRpcError) -> RuntimeFault:
        code, details = code_name(error.code().value[0]), error.details() or ""
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return RuntimeFault(f"the container runtime at {self._socket} does not answer: {details}")
        return fault(method, code, details)
