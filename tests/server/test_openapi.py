"""OpenAPI v3: what clients and schemas rely on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from eachpod.server.openapi import Documents


def parsed(documents: Documents, path: str) -> Any:
    found = documents.document(path)
    assert found is not None
    return json.loads(found[0])


def test_every_reference_leads_to_a_schema_of_the_same_document(
    documents: Documents, references: Callable[[Any], set[str]]
) -> None:
    for path in documents.paths():
        document = parsed(documents, path)
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert references(document) <= known, path


def test_clients_find_what_they_decide_by(documents: Documents) -> None:
    document = parsed(documents, "apis/apps/v1")
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "kind": "StatefulSet", "version": "v1"}
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    assert {"dryRun", "fieldManager", "fieldValidation"} <= {parameter["name"] for parameter in patch["parameters"]}


@pytest.mark.parametrize(
    ("document", "schema", "name", "expected"),
    [
        ("apis/apps/v1", "apps.v1.StatefulSetSpec", "serviceName", {"type": "string", "default": ""}),
        (
            "apis/apps/v1",
            "apps.v1.StatefulSetSpec",
            "podManagementPolicy",
            {"type": "string", "enum": ["OrderedReady", "Parallel"]},
        ),
        ("apis/apps/v1", "apps.v1.StatefulSetStatus", "observedGeneration", {"type": "integer", "format": "int64"}),
        (
            "api/v1",
            "core.v1.ContainerPort",
            "protocol",
            {"type": "string", "default": "TCP", "enum": ["SCTP", "TCP", "UDP"]},
        ),
    ],
)
def test_fields_as_published(documents: Documents, document: str, schema: str, name: str, expected: Any) -> None:
    schemas = parsed(documents, document)["components"]["schemas"]
    assert schemas[f"io.k8s.api.{schema}"]["properties"][name] == expected


def test_lists_say_how_they_merge(documents: Documents) -> None:
    schemas = parsed(documents, "api/v1")["components"]["schemas"]
    ports = schemas["io.k8s.api.core.v1.ServiceSpec"]["properties"]["ports"]
    assert ports["x-kubernetes-list-map-keys"] == ["port", "protocol"]
    assert (ports["x-kubernetes-patch-merge-key"], ports["x-kubernetes-patch-strategy"]) == ("port", "merge")
    assert schemas["io.k8s.api.core.v1.ServicePort"]["required"] == ["port"]


def test_the_index_carries_the_hash_of_each_document(documents: Documents) -> None:
    index = json.loads(documents.index())["paths"]
    assert set(index) == set(documents.paths())
    found = documents.document("api/v1")
    assert found is not None
    assert index["api/v1"]["serverRelativeURL"] == f"/openapi/v3/api/v1?hash={found[1]}"
    assert documents.document("apis/nope/v1") is None
