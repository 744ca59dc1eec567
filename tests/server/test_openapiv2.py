"""OpenAPI v2: one document, as JSON and as protobuf."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eachpod.server.openapi import Documents


@pytest.fixture(scope="module")
def whole(documents: Documents) -> Any:
    return json.loads(documents.everything(as_protobuf=False))


def test_every_reference_resolves(whole: Any, references: Callable[[Any], set[str]]) -> None:
    known = {f"#/definitions/{name}" for name in whole["definitions"]}
    known |= {f"#/parameters/{name}" for name in whole["parameters"]}
    assert references(whole) <= known


def test_schemas_are_those_of_v2(whole: Any) -> None:
    definitions = whole["definitions"]
    assert definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] == {
        "type": "string",
        "format": "int-or-string",
    }
    template = definitions["io.k8s.api.apps.v1.StatefulSetSpec"]["properties"]["template"]
    assert template == {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}
    assert '"oneOf"' not in json.dumps(whole)


def test_a_patch_can_run_dry(whole: Any) -> None:
    patch = whole["paths"]["/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"]["patch"]
    assert {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True} in patch["parameters"]
    assert "application/strategic-merge-patch+json" in patch["consumes"]


def fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 0x80:
                return value, at

    at = 0
    while at < len(data):
        tag, at = varint(at)
        size, at = varint(at)
        if tag & 7 == 0:
            yield tag >> 3, size
        else:
            yield tag >> 3, data[at : at + size]
            at += size


def members(data: bytes | int, number: int) -> list[Any]:
    assert isinstance(data, bytes)
    return [value for each, value in fields(data) if each == number]


def test_the_protobuf_form_says_the_same(documents: Documents, whole: Any) -> None:
    data = documents.everything(as_protobuf=True)
    assert members(data, 1) == [b"2.0"]
    definitions = {members(each, 1)[0].decode(): members(each, 2)[0] for each in members(members(data, 9)[0], 1)}
    assert set(definitions) == set(whole["definitions"])
    spec = definitions["io.k8s.api.apps.v1.StatefulSetSpec"]
    properties = [members(each, 1)[0].decode() for each in members(members(spec, 25)[0], 1)]
    assert set(properties) == set(whole["definitions"]["io.k8s.api.apps.v1.StatefulSetSpec"]["properties"])
    assert members(spec, 19) == [b"selector", b"template"]
    paths = [members(each, 1)[0].decode() for each in members(members(data, 8)[0], 2)]
    assert set(paths) == set(whole["paths"])
