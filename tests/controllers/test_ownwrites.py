"""A key rests until the caches show what was written for it, and no longer."""

import pytest

from eachpod.client.cache import Cache, Key
from eachpod.controllers.ownwrites import OwnWrites
from eachpod.model.objects import Object
from eachpod.model.resources import CONFIGMAP, POD, SECRET

KEY, OTHER = Key("d", "web"), Key("d", "db")


def pod(uid: str = "1", revision: str = "5", **meta: str) -> Object:
    return {"metadata": {"name": "web-0", "namespace": "d", "uid": uid, "resourceVersion": revision, **meta}}


@pytest.fixture(name="caches")
def _caches() -> dict[str, Cache]:
    caches = {POD.group_resource: Cache(), SECRET.group_resource: Cache()}
    for cache in caches.values():
        cache.advance("4")
    return caches


def test_a_write_is_visible_when_the_cache_has_reached_its_revision(caches: dict[str, Cache]) -> None:
    writes = OwnWrites()
    writes.wrote(KEY, POD, pod(revision="10"))
    writes.wrote(KEY, POD, pod(revision="9"))
    assert not writes.visible(KEY, caches.get)
    assert writes.visible(OTHER, caches.get)
    caches[POD.group_resource].advance("9")
    assert not writes.visible(KEY, caches.get)
    caches[POD.group_resource].put(pod(revision="12"))  # somebody else's later change tells as much
    assert writes.visible(KEY, caches.get)


def test_every_resource_that_was_written_counts(caches: dict[str, Cache]) -> None:
    writes = OwnWrites()
    writes.wrote(KEY, POD, pod(revision="10"))
    writes.wrote(KEY, SECRET, pod(revision="11"))
    caches[SECRET.group_resource].advance("11")
    assert not writes.visible(KEY, caches.get)
    caches[POD.group_resource].advance("10")
    assert writes.visible(KEY, caches.get)


def test_what_is_not_cached_is_not_waited_for(caches: dict[str, Cache]) -> None:
    writes = OwnWrites()
    writes.wrote(KEY, CONFIGMAP, pod(revision="10"))
    writes.deleted(KEY, CONFIGMAP, "d", "web-0", "1")
    assert writes.visible(KEY, caches.get)


@pytest.mark.parametrize(
    ("shown", "visible"),
    [
        (None, True),
        (pod(), False),
        (pod(deletionTimestamp="2026-01-01T00:00:00Z"), True),
        (pod(uid="2"), True),  # the next one of that name
    ],
)
def test_a_deletion_is_visible_when_the_object_is_gone_or_leaving(
    caches: dict[str, Cache], shown: Object | None, visible: bool
) -> None:
    writes = OwnWrites()
    if shown is not None:
        caches[POD.group_resource].put(shown)
    writes.deleted(KEY, POD, "d", "web-0", "1")
    assert writes.visible(KEY, caches.get) is visible
    caches[POD.group_resource].remove(pod())
    assert writes.visible(KEY, caches.get)
