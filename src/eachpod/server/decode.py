"""Bodies of requests into objects: JSON, YAML or protobuf, checked for what the endpoint expects."""

from collections.abc import Iterable
from typing import Any

import orjson

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.olderversions import still_read
from eachpod.model.shape import known
from eachpod.wire import manifest, protobuf
from eachpod.wire.http import Body, Request

from . import fieldcheck
from .context import Context

_JSON = ("application/json", "")
_YAML = "application/yaml"
_PARSE_ERROR = "couldn't get version/kind; json parse error"
_SHOWN = 30
# orjson writes 254 levels; lists, tables and watch events put some around an object.
DEEPEST = 200
_ACCEPTED = f"application/json, application/yaml, {protobuf.CONTENT_TYPE}"


def media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def parsed(body: Body, content_type: str) -> Any:
    """The value of a body, private to the caller."""
    if isinstance(body, dict | list):
        return orjson.loads(orjson.dumps(body))
    media = media_type(content_type)
    data = body or b""
    if media in _JSON or media.endswith("+json"):
        return _json(data)
    if media == protobuf.CONTENT_TYPE:
        return _protobuf(data)
    if media == _YAML or media.endswith("+yaml"):
        return _yaml(data)
    raise errors.UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {_ACCEPTED}"
    )


def shallow(value: Any, brackets: int = DEEPEST + 1) -> Any:
    """The value itself. BadRequest where it is nested more deeply than can be written again; a text with few
    `brackets` need not be looked at."""
    layer = [value] if brackets > DEEPEST and isinstance(value, dict | list) else []
    depth = 0
    while layer:
        depth += 1
        if depth > DEEPEST:
            raise errors.BadRequest(f"the object provided is nested more than {DEEPEST} levels deep")
        layer = [inner for outer in layer for inner in _inside(outer) if isinstance(inner, dict | list)]
    return value


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _protobuf(data: bytes) -> Any:
    try:
        return protobuf.decode(data)
    except (ValueError, KeyError, IndexError) as error:
        raise errors.BadRequest(str(error)) from None


def _json(data: bytes) -> Any:
    try:
        return shallow(orjson.loads(data), data.count(b"{") + data.count(b"["))
    except orjson.JSONDecodeError as error:
        if data.lstrip()[:1] not in (b"{", b"["):
            return _yaml(data)  # the real server takes YAML under the name of JSON, too
        raise errors.BadRequest(f"the object provided is unrecognized (must be of type {error})") from None


def _yaml(data: bytes) -> Any:
    try:
        return shallow(manifest.load(data))
    except manifest.Unreadable as error:
        raise errors.BadRequest(f"error converting YAML to JSON: {error}") from None


def object_of(kind: Kind, request: Request, context: Context) -> Object:
    """The object that a body holds, checked and with the kind's defaults."""
    chosen = fieldcheck.level(request.query)
    value = _recognized(kind, request)
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise errors.BadRequest(f"json: cannot unmarshal array into Go value of type {kind.resource.kind}")
    check_identity(kind, value)
    doubled: list[str] = []
    if chosen == fieldcheck.STRICT and isinstance(request.body, bytes) and media_type(request.content_type) in _JSON:
        doubled = fieldcheck.doubled_fields(request.body)
    return defaulted(kind, fieldcheck.check(kind, value, chosen, context, doubled))


def _recognized(kind: Kind, request: Request) -> Any:
    """The value of a body that has to be an object of a kind."""
    body = request.body
    if isinstance(body, bytes) and media_type(request.content_type) == protobuf.CONTENT_TYPE:
        return _unwrapped(kind, body)
    if not isinstance(body, bytes) or media_type(request.content_type) not in _JSON:
        return parsed(body, request.content_type)
    if not body:
        raise _unrecognized(kind, body, f"{_PARSE_ERROR}: unexpected end of JSON input")
    try:
        value = parsed(body, request.content_type)
    except errors.BadRequest:
        raise _unrecognized(kind, body, f"{_PARSE_ERROR}: {_json_fault(body)}") from None
    if isinstance(value, list):
        raise _unrecognized(kind, body, f"{_PARSE_ERROR}: json: cannot unmarshal array into Go value of type struct")
    if isinstance(value, dict) and str(value.get("apiVersion")).count("/") > 1:
        raise _unrecognized(kind, body, f"unexpected GroupVersion string: {value['apiVersion']}")
    return value


def _unwrapped(kind: Kind, body: bytes) -> Any:
    try:
        return protobuf.decode(body)
    except protobuf.NoEnvelope as error:
        raise _unrecognized(kind, body, str(error)) from None
    except protobuf.UnknownKind as error:
        return {"kind": error.kind, "apiVersion": error.version}  # which is refused for that
    except (ValueError, KeyError, IndexError) as error:
        raise fieldcheck.unreadable(kind, str(error)) from None


def _unrecognized(kind: Kind, body: bytes, why: str) -> errors.BadRequest:
    shown = body.decode(errors="replace") if body.startswith(b"{") else body.hex()
    shown = f"{shown[:_SHOWN]} ..." if len(shown) > _SHOWN else shown or "<empty>"
    return errors.BadRequest(
        f"the object provided is unrecognized (must be of type {kind.resource.kind}): {why} ({shown})"
    )


def _json_fault(body: bytes) -> str:
    """What is wrong with a JSON text, in the words that Go has for it."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        sign = body.decode(errors="replace")[error.pos : error.pos + 1]
        if not sign or "end of data" in error.msg:
            return "unexpected end of JSON input"
        where = "after top-level value" if "after document" in error.msg else "looking for beginning of value"
        return f"invalid character '{sign}' {where}"
    return "the value is no object"


def check_identity(kind: Kind, obj: Object) -> None:
    """Kind and apiVersion may be left out, but not be others."""
    resource = kind.resource
    version, name = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if name != resource.kind:
        group, _, bare = version.rpartition("/")
        internal = resource.group.partition(".")[0] or "core"
        text = f'{name} in version "{bare}" cannot be handled as a {resource.kind}: '
        if _registered(group, bare, name):
            text += f"converting ({bare}.{name}) to ({internal}.{resource.kind}): unknown conversion"
        else:
            text += f'no kind "{name}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        raise errors.BadRequest(text)
    if version != resource.api_version:
        if still_read(resource.group, name, version):
            raise errors.BadRequest(
                f"the API version in the data ({version}) does not match the expected API version "
                f"({resource.api_version})"
            )
        text = f'no kind "{name}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        bare = version.rpartition("/")[2]
        raise errors.BadRequest(f'{name} in version "{bare}" cannot be handled as a {resource.kind}: {text}')
    obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind


def _registered(group: str, version: str, name: str) -> bool:
    package = f"{group.removesuffix('.authorization.k8s.io').partition('.')[0] or 'core'}/{version}"
    return known(f"{package}.{name}") or known(f"{package}.{name.removesuffix('List')}")


def defaulted(kind: Kind, obj: Object) -> Object:
    """Defaults filled in. A value of the wrong type shows here, where nothing checked types before."""
    if not isinstance(obj.get("metadata") or {}, dict):
        raise fieldcheck.unreadable(kind, "metadata is not an object")
    obj["metadata"] = obj.get("metadata") or {}
    try:
        return kind.default(obj)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise fieldcheck.unreadable(kind, str(error)) from error
