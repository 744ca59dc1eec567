"""PATCH bodies of every type, each made into a function from the present object to the next."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from eachpod.model import errors
from eachpod.model.fielderrors import invalid
from eachpod.model.objects import Object
from eachpod.model.patch import jsonpatch, merge, strategic
from eachpod.model.structure import struct_of
from eachpod.wire.http import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH

from . import decode
from .calls import Call

Patch = Callable[[Object], Object]


def patch_of(call: Call, struct: str = "") -> Patch:
    """`struct` is what a strategic merge follows, the kind's own where it is empty."""
    media = decode.media_type(call.request.content_type)
    body = _body(call, media)
    if media == JSON_PATCH:
        return lambda old: _private(_json_patched(call, old, body))
    if media == MERGE_PATCH:
        _must_be_map(body)
        return lambda old: _private(merge.merged(old, body))
    if media == STRATEGIC_PATCH:
        _must_be_map(body)
        followed = struct or struct_of(call.resource)
        return lambda old: _private(_strategic(old, body, followed))
    raise errors.UnsupportedMediaType("415: Unsupported Media Type")


def _body(call: Call, media: str) -> Any:
    if media not in (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH):
        return None
    try:
        return decode.parsed(call.request.body, media)
    except errors.BadRequest:
        raise errors.BadRequest("invalid JSON patch" if media == STRATEGIC_PATCH else "invalid patch") from None


def _must_be_map(body: Any) -> None:
    if not isinstance(body, dict):
        kind = "array" if isinstance(body, list) else type(body).__name__
        raise errors.BadRequest(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")


def _private(obj: Any) -> Object:
    """A copy that defaults may change."""
    copy: Object = decode.parsed(obj, "application/json")
    return copy


def _json_patched(call: Call, old: Object, body: Any) -> Object:
    if isinstance(body, list) and len(body) > jsonpatch.LIMIT:
        text = f"The allowed maximum operations in a JSON patch is {jsonpatch.LIMIT}, got {len(body)}"
        raise errors.TooLarge(text)
    try:
        made = jsonpatch.patched(old, body)
    except jsonpatch.BadPatch as error:
        raise errors.BadRequest(f"error decoding patch: {error}") from None
    except jsonpatch.Inapplicable:
        raise _Unprocessable("the server rejected our request due to an error in our request") from None
    if not isinstance(made, dict):
        raise errors.BadRequest("the patch leaves no object")
    return made


class _Unprocessable(errors.Invalid):
    """Without a word on what was wrong: its details are there, but empty."""

    def status(self) -> Object:
        return {**super().status(), "details": {}}


def _strategic(old: Object, body: Object, struct: str) -> Object:
    try:
        return strategic.merged(old, body, struct)
    except strategic.BadDirective as error:
        raise errors.InternalError(str(error), reason="") from None
    except (AttributeError, TypeError) as error:
        fault = invalid("patch", strategic.shown(body), f"cannot restore: {error}")
        raise errors.Invalid(f' "" is invalid: {fault}', details={"causes": [fault.cause()]}) from None


@contextmanager
def refused(call: Call, made: Object) -> Iterator[None]:
    """What is wrong with the outcome of a patch is the patch's fault. A strategic merge is shown itself, of the others
    the outcome."""
    try:
        yield
    except errors.BadRequest as error:
        if decode.media_type(call.request.content_type) == STRATEGIC_PATCH:
            shown = strategic.shown(decode.parsed(call.request.body, "application/json"))
            fault = invalid("patch", shown, _in_words_of_patches(error.message))
        else:
            shown = json.dumps(dict(sorted(made.items())), separators=(",", ":"), ensure_ascii=False)
            fault = invalid("patch", shown, _UNHANDLED.sub("", error.message))
        raise errors.Invalid(f' "" is invalid: {fault}', details={"causes": [fault.cause()]}) from None


_UNHANDLED = re.compile(r'^\w+ in version "[^"]*" cannot be handled as an? \w+: ')


def of_an_object(wrong: str) -> str:
    """What is wrong with a value that was no text when it was read."""
    return f"error decoding from json: {wrong}" if wrong.startswith("illegal base64") else wrong


_MISTYPED = re.compile(r"cannot unmarshal (\w+) into Go .* of type (\S+)$")


def _in_words_of_patches(message: str) -> str:
    strict = message.find("strict decoding error")
    if strict >= 0:
        return message[strict:]
    found = _MISTYPED.search(message)
    if not found:
        return of_an_object(_UNHANDLED.sub("", message))
    return f"cannot restore slice from {found[1]}" if found[2].startswith("[]") else f"unrecognized type: {found[2]}"
