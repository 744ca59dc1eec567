"""Bodies of requests into objects: JSON, YAML or protobuf, checked for what the endpoint expects."""

from typing import Any

import orjson
import yaml

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.wire import protobuf
from eachpod.wire.http import Body, Request

from . import fieldcheck
from .context import Context

_JSON = ("application/json", "")
_YAML = "application/yaml"
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


def _protobuf(data: bytes) -> Any:
    try:
        return protobuf.decode(data)
    except (ValueError, KeyError, IndexError) as error:
        raise errors.BadRequest(str(error)) from None


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if data.lstrip()[:1] not in (b"{", b"["):
            return _yaml(data)  # the real server takes YAML under the name of JSON, too
        raise errors.BadRequest(f"the object provided is unrecognized (must be of type {error})") from None


def _yaml(data: bytes) -> Any:
    try:
        return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise errors.BadRequest(f"error converting YAML to JSON: {error}") from None


def object_of(kind: Kind, request: Request, context: Context) -> Object:
    """The object that a body holds, checked and with the kind's defaults."""
    chosen = fieldcheck.level(request.query)
    value = parsed(request.body, request.content_type)
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise errors.BadRequest(f"json: cannot unmarshal array into Go value of type {kind.resource.kind}")
    check_identity(kind, value)
    doubled: list[str] = []
    if chosen == fieldcheck.STRICT and isinstance(request.body, bytes) and media_type(request.content_type) in _JSON:
        doubled = fieldcheck.doubled_fields(request.body)
    return defaulted(kind, fieldcheck.check(kind, value, chosen, context, doubled))


def check_identity(kind: Kind, obj: Object) -> None:
    """Kind and apiVersion may be left out, but not be others."""
    resource = kind.resource
    version, name = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if name != resource.kind:
        group, _, bare = version.rpartition("/")
        internal = resource.group.partition(".")[0] or "core"
        text = f'{name} in version "{bare}" cannot be handled as a {resource.kind}: '
        text += f"converting ({group or 'v1'}.{name}) to ({internal}.{resource.kind}): unknown conversion"
        raise errors.BadRequest(text)
    if version != resource.api_version:
        if not _same_group(version, resource.api_version):
            raise errors.BadRequest(
                f"the API version in the data ({version}) does not match the expected API version "
                f"({resource.api_version})"
            )
        text = f'no kind "{name}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        raise errors.BadRequest(f'{name} in version "{version}" cannot be handled as a {resource.kind}: {text}')
    obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind


def _same_group(version: str, expected: str) -> bool:
    return version.rpartition("/")[0] == expected.rpartition("/")[0]


def defaulted(kind: Kind, obj: Object) -> Object:
    """Defaults filled in. A value of the wrong type shows here, where nothing checked types before."""
    if not isinstance(obj.get("metadata") or {}, dict):
        raise fieldcheck.unreadable(kind, "metadata is not an object")
    obj["metadata"] = obj.get("metadata") or {}
    try:
        return kind.default(obj)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise fieldcheck.unreadable(kind, str(error)) from error
