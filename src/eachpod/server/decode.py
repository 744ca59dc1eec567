"""Bodies of requests into objects: JSON, YAML or protobuf, checked for what the endpoint expects."""

from typing import Any

import orjson
import yaml

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.wire import protobuf
from eachpod.wire.http import Body

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


def object_of(kind: Kind, body: Body, content_type: str) -> Object:
    """The object that a body holds, with the kind's defaults."""
    value = parsed(body, content_type)
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise errors.BadRequest(f"json: cannot unmarshal array into Go value of type {kind.resource.kind}")
    check_identity(kind, value)
    return defaulted(kind, value)


def check_identity(kind: Kind, obj: Object) -> None:
    """Kind and apiVersion may be left out, but not be others."""
    resource = kind.resource
    version, name = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if name != resource.kind:
        group, _, bare = version.rpartition("/")
        expected = f"{resource.api_version}, Kind={resource.kind}"
        text = f'{name} in version "{bare}" cannot be handled as a {resource.kind}: '
        text += f"converting ({group or 'v1'}.{name}) to "
        text += f"({expected}): unknown conversion"
        raise errors.BadRequest(text)
    if version != resource.api_version:
        raise errors.BadRequest(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )
    obj["apiVersion"], obj["kind"] = resource.api_version, resource.kind


def defaulted(kind: Kind, obj: Object) -> Object:
    """Defaults filled in. A value of the wrong type shows here, where nothing checked types before."""
    if not isinstance(obj.get("metadata") or {}, dict):
        raise _unreadable(kind, "metadata is not an object")
    obj["metadata"] = obj.get("metadata") or {}
    try:
        return kind.default(obj)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise _unreadable(kind, str(error)) from error


def _unreadable(kind: Kind, why: str) -> errors.BadRequest:
    resource = kind.resource
    return errors.BadRequest(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'
    )
