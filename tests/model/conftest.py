"""Making objects of a kind the way the server does."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from eachpod.model.kind import Kind
from eachpod.model.kinds import builtin

Object = dict[str, Any]

REGISTRY = builtin()


class Bench:
    """Defaults and prepares objects of one kind, and lists what is wrong with them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def make(self, spec: Object | None = None, **more: Any) -> Object:
        metadata = {"name": "x", "namespace": "n", "uid": "u", "creationTimestamp": "2020-01-01T00:00:00Z"}
        body: Object = {"metadata": {**metadata, **more.pop("metadata", {})}, **more}
        if spec is not None:
            body["spec"] = spec
        return self.kind.prepare_create(self.kind.default(body))

    def faults(self, spec: Object | None = None, **more: Any) -> list[str]:
        return [str(error) for error in self.kind.validate(self.make(spec, **more))]

    def change_faults(self, old: Object, new: Object) -> list[str]:
        new = self.kind.prepare_update(self.kind.default(new), old)
        return [str(error) for error in self.kind.validate_update(new, old)]


@pytest.fixture
def of() -> Callable[[str, str], Bench]:
    def find(api_version: str, kind: str) -> Bench:
        found = REGISTRY.by_kind(api_version, kind)
        assert found is not None
        return Bench(found)

    return find


@pytest.fixture
def refuse(of: Callable[[str, str], Bench]) -> Callable[[str, str, Object, list[str]], None]:
    """Checks that an object is refused with faults that begin as told, and with no others."""

    def check(api_version: str, kind: str, body: Object, expected: list[str]) -> None:
        found = of(api_version, kind).faults(**copy.deepcopy(body))
        assert [text[: len(head)] for text, head in zip(found, expected, strict=False)] == expected
        assert len(found) == len(expected), found

    return check
