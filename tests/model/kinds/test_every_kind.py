"""What holds for each kind, whatever it is."""

from typing import Any

import pytest

from eachpod.model.kind import Kind
from eachpod.model.kinds import builtin

KINDS = [pytest.param(kind, id=kind.resource.group_resource) for kind in builtin()]


def made(kind: Kind, body: dict[str, Any] | None = None) -> dict[str, Any]:
    metadata = {"name": "x", "uid": "u", "creationTimestamp": "2020-01-01T00:00:00Z"}
    resource = kind.resource
    obj = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **(body or {})}
    return kind.prepare_create(kind.default(obj))


@pytest.mark.parametrize("kind", KINDS)
def test_an_almost_empty_object_is_defaulted_and_judged(kind: Kind) -> None:
    obj = made(kind)
    errors = kind.validate(obj)
    assert all(error.field and error.text for error in errors)


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_stable(kind: Kind) -> None:
    once = kind.default(made(kind))
    again = kind.default(_copy(once))
    assert again == once


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_fills_its_columns(kind: Kind) -> None:
    if kind.row is None:
        assert not kind.columns
        return
    assert len(kind.row(made(kind), 0.0)) == len(kind.columns)


@pytest.mark.parametrize("kind", KINDS)
def test_offered_fields_are_there(kind: Kind) -> None:
    found = kind.fields(made(kind))
    assert set(kind.field_names) <= {*found, "name"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_unchanged_object_may_be_written_again(kind: Kind) -> None:
    obj = made(kind)
    if kind.validate(obj):
        pytest.skip("the almost empty object is not valid for this kind")
    assert kind.validate_update(kind.prepare_update(obj, obj), obj) == []
    assert kind.warnings(obj, obj) == []
