"""How requests reach an API server: over HTTP (`client/http.py`) or in process (`server/inprocess.py`)."""

from collections.abc import AsyncIterator
from typing import Protocol

from eachpod.wire.http import Request, Response, WatchEvent


class Transport(Protocol):
    """Carries requests. Both methods raise `model.errors.StatusError` for an answer of 400 and above, and
    `ConnectionError` where no answer came."""

    async def send(self, request: Request) -> Response: ...

    def watch(self, request: Request) -> AsyncIterator[WatchEvent]:
        """Events until the server ends the watch (then the iterator ends) or the connection breaks (ConnectionError).
        An ERROR event is raised as its StatusError."""
        ...

    async def close(self) -> None: ...
