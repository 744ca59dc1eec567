"""Connections of clients, and what they hear where a request cannot even be read.

aiohttp's parser refuses what is no HTTP, and also methods that it does not know, with texts of its own. The real server
answers the first with a bare 400, and knows that a resource lacks the second.
"""

import re

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod
from aiohttp.web_protocol import RequestHandler

from eachpod.wire.http import Response

from .answers import as_http
from .calls import not_allowed

# The parser says of a method that it does not know where it met it.
_REQUEST_LINE = re.compile(r"b['\"][!#$%&'*+.^_`|~0-9A-Za-z-]+ /\S* HTTP/1\.[01]")
_UNREADABLE = Response(400, b"400 Bad Request", "text/plain; charset=utf-8")


def refusal(fault: BaseException | None) -> Response:
    """The answer to a request that cannot be read."""
    if isinstance(fault, BadHttpMethod) and _REQUEST_LINE.search(fault.message):
        missing = not_allowed()
        return Response(missing.status_code, missing.status())
    return _UNREADABLE


class Connection(RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status != 400 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        made = as_http(refusal(exc))
        made.force_close()
        return made


class Connections(web.Server):
    """aiohttp's server with these connections."""

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)
