"""Entries of metadata.managedFields: who owns what after an ordinary write, and in which order they stand."""

from eachpod.model.objects import Object

from .fieldset import Path, leaves, owned, tree_of, value_at

_UNRECORDED = "before-first-apply"
_MOST_UPDATERS = 10
_ANCIENT = "ancient-changes"


def unrecorded(live: Object, struct: str, who: Object) -> list[Object]:
    """The owner of everything in an object that nobody has been recorded to own. `who` says for which endpoint."""
    tree = owned(live, struct, dots=True)
    entry = {**who, "manager": _UNRECORDED, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": tree}
    return [entry] if tree else []


def tracked(old: Object, new: Object, struct: str, who: Object, *, status: bool = False) -> list[Object]:
    """The entries after an ordinary write: who changed a field owns it now, and alone.

    `status`: the write went to the status endpoint; only there the status has owners.
    """
    entries: list[Object] = (old.get("metadata") or {}).get("managedFields") or []
    before, after = (_owned_here(each, struct, status=status) for each in (old, new))
    changed = {path for path in after if path not in before or _differs(old, new, path, struct)}
    gone = before - after
    if not changed and not gone:
        return entries
    kept: list[Object] = []
    mine: set[Path] = set(changed)
    for entry in entries:
        have = leaves(entry.get("fieldsV1") or {}) - gone
        if same(entry, who):
            mine |= have
        elif have - changed:
            kept.append({**entry, "fieldsV1": tree_of(have - changed)})
    entry = {**who, "fieldsType": "FieldsV1", "fieldsV1": tree_of(mine)}
    return by_age(_capped([*kept, entry] if mine else kept))


def _capped(entries: list[Object]) -> list[Object]:
    """Of many ordinary writers the oldest are remembered as one for each version."""
    updaters = [entry for entry in entries if entry.get("operation") == "Update"]
    excess = len(updaters) - _MOST_UPDATERS
    if excess <= 0:
        return entries
    updaters.sort(key=lambda entry: (entry.get("time") or "", entry.get("manager") or ""))
    oldest = updaters[: excess + 1]
    kept = [entry for entry in entries if not any(entry is old for old in oldest)]
    buckets: dict[str, list[Object]] = {}
    for entry in oldest:
        buckets.setdefault(entry.get("apiVersion") or "", []).append(entry)
    return kept + [_ancient(version, members) for version, members in buckets.items()]


def _ancient(version: str, members: list[Object]) -> Object:
    paths: set[Path] = set()
    for entry in members:
        paths |= leaves(entry.get("fieldsV1") or {})
    return {
        "manager": _ANCIENT,
        "operation": "Update",
        "apiVersion": version,
        "time": max(entry.get("time") or "" for entry in members),
        "fieldsType": "FieldsV1",
        "fieldsV1": tree_of(paths),
    }


def by_age(entries: list[Object]) -> list[Object]:
    """Entries in the order in which managedFields has them."""
    keys = ("operation", "time", "manager", "apiVersion", "subresource")
    return sorted(entries, key=lambda entry: [entry.get(key) or "" for key in keys])


def _owned_here(obj: Object, struct: str, *, status: bool) -> set[Path]:
    """What a write to the status endpoint, or to the other, can own."""
    paths = leaves(owned(obj, struct, dots=True))
    return {path for path in paths if path[0] == "f:metadata" or (path[0] == "f:status") == status}


def _differs(old: Object, new: Object, path: Path, struct: str) -> bool:
    return bool(value_at(old, path, struct) != value_at(new, path, struct))


def same(entry: Object, who: Object) -> bool:
    """Whether an entry is that of this writer, by this way of writing."""
    keys = ("manager", "operation", "apiVersion", "subresource")
    return all((entry.get(key) or "") == (who.get(key) or "") for key in keys)
