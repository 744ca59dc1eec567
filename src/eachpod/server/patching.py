"""PATCH bodies of every type, each made into a function from the present object to the next."""

from collections.abc import Callable
from typing import Any

from eachpod.model import errors
from eachpod.model.objects import Object
from eachpod.wire.http import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH

from . import decode
from .calls import Call

Patch = Callable[[Object], Object]


def patch_of(call: Call, strategic: str = "") -> Patch:
    """`strategic` names the struct that a strategic merge follows, the kind's own where it is empty."""
    media = decode.media_type(call.request.content_type)
    if media not in (MERGE_PATCH, JSON_PATCH, STRATEGIC_PATCH, APPLY_PATCH):
        raise errors.UnsupportedMediaType("415: Unsupported Media Type")
    body = decode.parsed(call.request.body, media)
    return lambda old: decode.parsed(_merged(old, body), "application/json")


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
