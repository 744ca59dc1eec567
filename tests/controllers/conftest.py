"""A view for deciding code, made from plain objects."""

from collections.abc import Callable

import pytest

from eachpod.client.cache import Cache
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.view import Controller, View
from eachpod.model.objects import Object
from eachpod.model.resource import Resource

MakeView = Callable[..., View]


def make_view(controller: Controller, config: ControllersConfig | None = None, **listed: list[Object]) -> View:
    """Objects by plural: make_view(CONTROLLER, pods=[...])."""
    caches: dict[Resource, Cache] = {resource: Cache() for resource in controller.resources}
    for resource, cache in caches.items():
        for obj in listed.pop(resource.plural, []):
            cache.put({"apiVersion": resource.api_version, "kind": resource.kind, **obj})
    assert not listed, f"the controller has no cache of {sorted(listed)}"
    for index in controller.indexes:
        caches[index.resource].add_index(index.name, index.function)
    return View(caches, config or ControllersConfig())


@pytest.fixture(name="view_of")
def _view_of() -> MakeView:
    return make_view
