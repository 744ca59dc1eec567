"""What a cache tells of changes, and what its indexes find."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eachpod.client.cache import Cache, Change, by_namespace, by_owner, newer


def obj(name: str, revision: int, namespace: str = "d", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": str(revision), "uid": name, **more}}


def test_changes_tell_old_and_new() -> None:
    cache = Cache()
    first, second = obj("a", 1), obj("a", 2)
    assert cache.put(first) == Change(None, first)
    assert cache.put(second) == Change(first, second)
    assert cache.get("a", "d") is second
    last = obj("a", 3)
    assert cache.remove(last) == Change(last, None)
    assert cache.remove(last) == Change(None, None)
    assert cache.get("a", "d") is None
    assert cache.revision == "3"


def test_replace_tells_only_what_differs() -> None:
    cache = Cache()
    for one in (obj("kept", 1), obj("gone", 2), obj("changed", 3)):
        cache.put(one)
    changed, new = obj("changed", 7), obj("new", 8)
    changes = cache.replace([obj("kept", 1), changed, new], "9")
    assert {(c.old or c.new or {})["metadata"]["name"] for c in changes} == {"gone", "changed", "new"}
    assert cache.revision == "9"
    assert len(cache) == 3


def test_a_namesake_that_took_the_place_is_a_change() -> None:
    cache = Cache()
    cache.put(obj("a", 1))
    anew = obj("a", 1)
    anew["metadata"]["uid"] = "other"
    assert cache.replace([anew], "2") != []


def test_index_added_late_covers_what_is_there() -> None:
    cache = Cache()
    owned = obj("a", 1, ownerReferences=[{"uid": "o", "controller": True}])
    cache.put(owned)
    cache.put(obj("b", 2))
    cache.add_index("owner", by_owner)
    assert cache.by_index("owner", "o") == [owned]
    assert [o["metadata"]["name"] for o in cache.by_index("owner", "")] == ["b"]


def test_has_seen_compares_as_numbers() -> None:
    cache = Cache()
    cache.advance("10")
    assert cache.has_seen("9")
    assert not cache.has_seen("11")
    assert newer("9", "10") == "10"


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from("xy"))))
def test_index_equals_a_scan(steps: list[tuple[bool, str, str]]) -> None:
    cache = Cache()
    cache.add_index("namespace", by_namespace)
    for revision, (put, name, namespace) in enumerate(steps, 1):
        one = obj(name, revision, namespace)
        if put:
            cache.put(one)
        else:
            cache.remove(one)
    for namespace in "xy":
        scan = [o for o in cache.items() if o["metadata"]["namespace"] == namespace]
        assert sorted(map(str, cache.by_index("namespace", namespace))) == sorted(map(str, scan))
