"""What is answered about groups that are not served."""

import pytest

from eachpod.server.endpoints import outside
from eachpod.server.requestinfo import parse

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_there_are_no_custom_resources() -> None:
    answer = outside(parse("GET", CRDS, {}))
    assert isinstance(answer.body, dict)
    assert (answer.status, answer.body["kind"], answer.body["items"]) == (200, "CustomResourceDefinitionList", [])


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", f"{CRDS}/widgets.example.com", {}),
        ("GET", CRDS, {"watch": "true"}),
        ("POST", CRDS, {}),
        ("GET", "/apis/example.com/v1/widgets", {}),
    ],
)
def test_everything_else_is_not_found(method: str, path: str, query: dict[str, str]) -> None:
    assert outside(parse(method, path, query)).status == 404
