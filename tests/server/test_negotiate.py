"""Which form an Accept header asks for."""

import pytest

from eachpod.model.errors import BadRequest, NotAcceptable
from eachpod.server.negotiate import PLAIN, Form, check, negotiate, wants_yaml

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/plain,*/*", PLAIN),
        ("application/json;pretty=1", PLAIN),
        ("application/json;q=0", PLAIN),
        ("application/yaml", Form(yaml=True)),
        ("application/json;q=0.5,application/yaml", Form(yaml=True)),
        (TABLE, Form("Table")),
        (f"{TABLE},application/json", Form("Table")),
        (TABLE.replace("v1", "v1beta1"), Form("Table", version="v1beta1")),
        (f"application/vnd.kubernetes.protobuf;{METADATA},application/json;{METADATA}", Form("PartialObjectMetadata")),
        (f"application/vnd.kubernetes.protobuf;{METADATA}", Form("PartialObjectMetadata")),
        ("application/json;as=Banana,application/json", PLAIN),
        ("application/vnd.kubernetes.protobuf", PLAIN),
    ],
)
def test_what_can_be_given(accept: str, form: Form) -> None:
    check(accept)
    assert negotiate(accept, {}) == form
    assert wants_yaml(accept) == form.yaml


@pytest.mark.parametrize(
    "accept", ["application/json;as=Banana", TABLE.replace("=v1", "=v9"), "application/json;as=Table", f"{TABLE}x"]
)
def test_forms_that_are_not_there(accept: str) -> None:
    check(accept)
    with pytest.raises(NotAcceptable, match=r"^only the following media types are accepted: application/json, "):
        negotiate(accept, {})
    assert not wants_yaml(accept)


@pytest.mark.parametrize("accept", ["text/html", "application/*", "application/cbor", "garbage"])
def test_media_that_are_not_there(accept: str) -> None:
    with pytest.raises(NotAcceptable, match=r"Available representations: application/json, .*protobuf$") as raised:
        check(accept)
    assert raised.value.status()["details"] == {}
    with pytest.raises(NotAcceptable, match="application/json;stream=watch"):
        check(accept, streams=True)


def test_what_rows_carry() -> None:
    assert negotiate(TABLE, {"includeObject": "None"}).include == "None"
    with pytest.raises(BadRequest, match="includeObject"):
        negotiate(TABLE, {"includeObject": "Zap"})
