"""The OpenAPI v2 document of all groups in one, as JSON and in the protobuf form that old clients insist on.

kubectl before 1.27 validates and merges by it and takes nothing but protobuf; newer ones fall back to it. It is made
from the v3 documents, so that the two cannot disagree. v2 has no defaults and no `oneOf`.
"""

import json
from typing import Any

from eachpod.model.objects import Object
from eachpod.wire import protofields

JSON = "application/json"
PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# These vary from path to path; the others are written once and referred to.
_OWN = ("dryRun", "fieldValidation", "name")
_METHODS = ("get", "put", "post", "delete", "patch")


def converted(documents: list[Object]) -> Object:
    """One v2 document from those of v3."""
    definitions: Object = {}
    paths: Object = {}
    shared: Object = {}
    for document in documents:
        for name, schema in document["components"]["schemas"].items():
            definitions[name] = _schema(schema)
        for path, item in document["paths"].items():
            paths[path] = _path_item(item, shared)
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": documents[0]["info"]["version"]},
        "paths": paths,
        "definitions": definitions,
        "parameters": shared,
    }


def wants_protobuf(accept: str) -> bool:
    """Clients of different ages write the type with `@` or a dot."""
    return "proto-openapi.spec.v2" in accept


# From v3 to v2


def _schema(schema: Object) -> Object:
    made: Object = {}
    for key, value in schema.items():
        if key == "$ref":
            made[key] = _pointer(value)
        elif key == "allOf":
            made["$ref"] = _pointer(value[0]["$ref"])
        elif key == "oneOf":
            made["type"] = "string"
        elif key in ("items", "additionalProperties"):
            made[key] = _schema(value)
        elif key == "properties":
            made[key] = {name: _schema(each) for name, each in value.items()}
        elif key != "default":
            made[key] = value
    return made


def _pointer(reference: str) -> str:
    return reference.replace("#/components/schemas/", "#/definitions/")


def _path_item(item: Object, shared: Object) -> Object:
    made: Object = {method: _operation(item[method], shared) for method in _METHODS if method in item}
    if item.get("parameters"):
        made["parameters"] = [_parameter(each, shared) for each in item["parameters"]]
    return made


def _operation(operation: Object, shared: Object) -> Object:
    made = {key: value for key, value in operation.items() if key not in ("parameters", "requestBody")}
    parameters = [_parameter(each, shared) for each in operation.get("parameters", ())]
    content = operation.get("requestBody", {}).get("content", {})
    made["consumes"] = list(content) or ["*/*"]
    if content:
        schema = _schema(next(iter(content.values()))["schema"])
        body: Object = {"in": "body", "name": "body", "required": True, "schema": schema}
        action = operation["x-kubernetes-action"]
        parameters.insert(0, body if action in ("post", "put") else _shared(f"body-{action}", body, shared))
    return {**made, "parameters": parameters}


def _parameter(parameter: Object, shared: Object) -> Object:
    plain = {key: value for key, value in parameter.items() if key != "schema"}
    plain = {**plain, **parameter["schema"]}
    name: str = plain["name"]
    if name in _OWN:
        return plain
    return _shared(f"{name}-{plain['in']}", plain, shared)


def _shared(key: str, parameter: Object, shared: Object) -> Object:
    shared[key] = parameter
    return {"$ref": f"#/parameters/{key}"}


# The protobuf form: field numbers of openapi.v2.Document and what is in it


def encoded(document: Object) -> bytes:
    info = document["info"]
    return b"".join(
        (
            _text(1, document["swagger"]),
            protofields.encoded(2, _text(1, info["title"]) + _text(2, info["version"])),
            protofields.encoded(
                8, b"".join(_named(2, path, _item_message(item)) for path, item in document["paths"].items())
            ),
            protofields.encoded(9, _schemas(1, document["definitions"])),
            protofields.encoded(
                10, b"".join(_named(1, key, _plain(each)) for key, each in document["parameters"].items())
            ),
        )
    )


def _text(number: int, text: str) -> bytes:
    return protofields.encoded(number, text.encode()) if text else b""


def _named(number: int, name: str, data: bytes) -> bytes:
    return protofields.encoded(number, _text(1, name) + protofields.encoded(2, data))


def _extensions(number: int, values: Object) -> bytes:
    """Extensions are carried as the text of their YAML, and JSON is YAML."""
    found = ((key, value) for key, value in values.items() if key.startswith("x-"))
    return b"".join(_named(number, key, _text(2, json.dumps(value, separators=(",", ":")))) for key, value in found)


def _schemas(number: int, schemas: Object) -> bytes:
    return b"".join(_named(number, name, _schema_message(schema)) for name, schema in schemas.items())


def _schema_message(schema: Object) -> bytes:
    parts = [_text(1, schema.get("$ref", "")), _text(2, schema.get("format", ""))]
    parts += [_text(19, name) for name in schema.get("required", ())]
    parts += [protofields.encoded(20, _text(2, json.dumps(value))) for value in schema.get("enum", ())]
    if "additionalProperties" in schema:
        parts.append(protofields.encoded(21, protofields.encoded(1, _schema_message(schema["additionalProperties"]))))
    if "type" in schema:
        parts.append(protofields.encoded(22, _text(1, schema["type"])))
    if "items" in schema:
        parts.append(protofields.encoded(23, protofields.encoded(1, _schema_message(schema["items"]))))
    if "properties" in schema:
        parts.append(protofields.encoded(25, _schemas(1, schema["properties"])))
    return b"".join(parts) + _extensions(31, schema)


_METHOD_NUMBERS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def _item_message(item: Object) -> bytes:
    methods = (
        protofields.encoded(_METHOD_NUMBERS[name], _operation_message(item[name])) for name in _METHODS if name in item
    )
    shared = (protofields.encoded(9, _parameters_item(each)) for each in item.get("parameters", ()))
    return b"".join((*methods, *shared))


def _operation_message(operation: Object) -> bytes:
    answers = b"".join(
        _named(1, code, protofields.encoded(1, _text(1, answer["description"])))
        for code, answer in operation["responses"].items()
    )
    consumed = b"".join(_text(7, media) for media in operation["consumes"])
    parameters = b"".join(protofields.encoded(8, _parameters_item(each)) for each in operation["parameters"])
    return consumed + parameters + protofields.encoded(9, answers) + _extensions(13, operation)


def _parameters_item(parameter: Object) -> bytes:
    if "$ref" in parameter:
        return protofields.encoded(2, _text(1, parameter["$ref"]))
    return protofields.encoded(1, _plain(parameter))


def _plain(parameter: Object) -> bytes:
    """openapi.v2.Parameter: in the body, the query or the path; the three number their fields in their own ways."""
    required = b"\x01" if parameter.get("required") else b"\x00"
    place, name = parameter["in"], parameter["name"]
    if place == "body":
        body = (
            _text(2, name)
            + _text(3, place)
            + b"\x20"
            + required
            + protofields.encoded(5, _schema_message(parameter["schema"]))
        )
        return protofields.encoded(1, body)
    kind: Any = parameter.get("type", "")
    front = b"\x08" + required + _text(2, place)
    if place == "path":
        return protofields.encoded(2, protofields.encoded(4, front + _text(4, name) + _text(5, kind)))
    return protofields.encoded(2, protofields.encoded(3, front + _text(4, name) + _text(6, kind)))
