"""Answers as HTTP: headers that every answer has, warnings, when to come back."""

import uuid
from typing import Any

import orjson
from aiohttp import web

from eachpod.model.objects import Object
from eachpod.wire.http import Response


def headers_of(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}


def as_http(response: Response) -> web.Response:
    body: Any = response.body
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {**headers_of(response.content_type), **response.headers}
    made = web.Response(status=response.status, body=data, headers=headers)
    for text in response.warnings:
        made.headers.add("Warning", f'299 - "{_quoted(text)}"')
    retry = _retry_after(body) if response.status >= 400 else None
    if retry:
        made.headers["Retry-After"] = str(retry)
    return made


def _retry_after(body: object) -> int | None:
    details: Object = body.get("details") or {} if isinstance(body, dict) else {}
    return details.get("retryAfterSeconds")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
