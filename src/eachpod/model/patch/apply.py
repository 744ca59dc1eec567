"""Server-side apply: each manager owns the fields that it applied; what it stops to apply goes, unless others own it.

Ownership is kept in metadata.managedFields as FieldsV1 trees (`f:name`, `k:{...}`, `v:...`). How lists and maps are
told apart in their items is in `structure`. Decides only; nothing here stores or asks the time.
"""

import json
from dataclasses import dataclass
from typing import Any

from eachpod.model.objects import Object
from eachpod.model.shape import fields, known
from eachpod.model.structure import UNKNOWN, Field, field_of, marks_of

Tree = dict[str, Any]
Path = tuple[str, ...]

# Members that belong to nobody: they say which object it is, or are the system's.
_UNOWNED = ("apiVersion", "kind")
_UNOWNED_META = (
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
)
# Keys that a client may leave out of a list item because the server fills them in.
_KEY_DEFAULTS = {"protocol": "TCP"}


class Unkeyed(ValueError):
    """An item of a list that is told apart by keys lacks one, or two have the same."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that another manager owns with another value."""

    manager: str
    subresource: str
    api_version: str
    operation: str
    path: Path


# What is owned


def owned(obj: Object, struct: str, *, dots: bool = False) -> Tree:
    """The tree of all fields that `obj` has. With `dots` maps are members of their own, as ordinary writes own them."""
    tree = _tree({key: value for key, value in obj.items() if key not in _UNOWNED}, struct, dots)
    meta = {key: value for key, value in tree.get("f:metadata", {}).items() if key[2:] not in _UNOWNED_META}
    if meta:
        tree["f:metadata"] = meta
    else:
        tree.pop("f:metadata", None)
    return tree


def _tree(obj: Object, struct: str, dots: bool) -> Tree:
    return {f"f:{key}": _value_tree(value, field_of(struct, key), dots) for key, value in obj.items()}


def _value_tree(value: Any, field: Field, dots: bool) -> Tree:
    if isinstance(value, dict) and field.map_type != "atomic":
        if field.keyed or not field.struct:
            inner = {f"f:{key}": _value_tree(item, Field(struct=field.struct), dots) for key, item in value.items()}
        else:
            inner = _tree(value, field.struct, dots)
        return {".": {}, **inner} if dots and inner and not field.fixed else inner
    if isinstance(value, list) and field.list_type == "map":
        try:
            items = {item_key(item, field): _item_tree(item, field, dots) for item in value}
        except Unkeyed:
            if dots:
                return {}  # an ordinary write may hold such items; the list is then owned as a whole
            raise
        return {".": {}, **items} if dots and items and not field.fixed else items
    if isinstance(value, list) and field.list_type == "set":
        return {f"v:{_json(item)}": {} for item in value}
    return {}


def _item_tree(item: Any, field: Field, dots: bool) -> Tree:
    if marks_of(field.struct).get("t") == "atomic":
        return {}
    return {".": {}, **_tree(item, field.struct, dots)}


def item_key(item: Any, field: Field) -> str:
    if not isinstance(item, dict):
        raise Unkeyed("an item of a keyed list is no object")
    keys = {}
    for key in field.list_keys:
        value = item.get(key)
        keys[key] = _key_default(field.struct, key) if value is None else value
    return f"k:{_json(keys)}"


def _key_default(struct: str, key: str) -> Any:
    """A key that is left out counts as its default; validation says what is wrong with it."""
    code = fields(struct).get(key, "s") if known(struct) else "s"
    return _KEY_DEFAULTS.get(key, 0 if code.startswith(("i", "j")) else "")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def leaves(tree: Tree, at: Path = ()) -> set[Path]:
    """The members of a tree: where it ends, and what it holds by a dot."""
    found: set[Path] = set()
    for key, inner in tree.items():
        if key == ".":
            found.add(at)
        elif inner:
            found |= leaves(inner, (*at, key))
        else:
            found.add((*at, key))
    return found


def tree_of(paths: set[Path]) -> Tree:
    tree: Tree = {}
    holders = {path[:end] for path in paths for end in range(1, len(path))}
    for path in sorted(paths):
        here = tree
        for key in (*path, ".") if path in holders else path:
            here = here.setdefault(key, {})
    return tree


# What it makes of the object


def merged(live: Any, wanted: Any, struct: str) -> Any:
    """`live` with everything that `wanted` says."""
    result = dict(live)
    for key, value in wanted.items():
        result[key] = _merged_value(result.get(key), value, field_of(struct, key))
    return result


def _merged_value(old: Any, new: Any, field: Field) -> Any:
    if new is None and isinstance(old, dict | list):
        return old
    if isinstance(new, dict) and isinstance(old, dict) and field.map_type != "atomic":
        if field.keyed or not field.struct:
            inner = Field(struct=field.struct) if field.struct else UNKNOWN
            return {**old, **{key: _merged_value(old.get(key), value, inner) for key, value in new.items()}}
        return merged(old, new, field.struct)
    if isinstance(new, list) and isinstance(old, list) and field.list_type == "map":
        return _merged_items(old, new, field)
    if isinstance(new, list) and isinstance(old, list) and field.list_type == "set":
        return [*old, *(item for item in new if item not in old)]
    return new


def _merged_items(old: list[Any], new: list[Any], field: Field) -> list[Any]:
    held = {item_key(item, field): item for item in old}
    told: dict[str, Any] = {}
    for item in new:
        key = item_key(item, field)
        if key in told:
            raise Unkeyed(f"duplicate entries for key [{key[2:]}]")
        told[key] = merged(held[key], item, field.struct) if key in held else item
    # Items of both keep their place; new ones come in the order in which they were applied.
    return [told.pop(key, item) for key, item in held.items()] + list(told.values())


def without(obj: Any, paths: set[Path], struct: str) -> Any:
    """`obj` without the fields at the given leaves; holders that become empty by it go, too."""
    return _without_map(obj, tree_of(paths), lambda key: field_of(struct, key))


def _without_map(obj: Object, tree: Tree, field: Any) -> Object:
    result = dict(obj)
    for key, inner in tree.items():
        name = key[2:]
        if key == "." or name not in result:
            continue
        rest = _without_value(result[name], inner, field(name))
        if rest is None:
            del result[name]
        else:
            result[name] = rest
    return result


def _without_value(value: Any, tree: Tree, field: Field) -> Any:
    """None: nothing remains."""
    if not tree:
        return None
    if isinstance(value, dict):
        child = (lambda key: Field(struct=field.struct)) if field.keyed else (lambda key: field_of(field.struct, key))
        rest = _without_map(value, tree, child)
        return rest or None
    if isinstance(value, list) and field.list_type == "map":
        return _without_items(value, tree, field) or None
    if isinstance(value, list) and field.list_type == "set":
        return [item for item in value if f"v:{_json(item)}" not in tree] or None
    return value


def _without_items(items: list[Any], tree: Tree, field: Field) -> list[Any]:
    kept = []
    for item in items:
        inner = tree.get(item_key(item, field))
        if inner is None:
            kept.append(item)
        elif inner and "." not in inner:
            kept.append(_without_map(item, inner, lambda key: field_of(field.struct, key)))
    return kept


def value_at(obj: Any, path: Path, struct: str) -> Any:
    """The value at a member, None where there is none; what has members of its own is just there."""
    here, field = obj, Field(struct=struct)
    for key in path:
        if key.startswith("k:"):
            here = next((item for item in here or [] if _has_key(item, field, key)), None)
            field = Field(struct=field.struct)
        elif key.startswith("v:"):
            return json.loads(key[2:]) if json.loads(key[2:]) in (here or []) else None
        else:
            name = key[2:]
            if not isinstance(here, dict):
                return None
            field = Field(struct=field.struct) if field.keyed else field_of(field.struct, name)
            here = here.get(name)
        if here is None:
            return None
    return True if _divided(here, field) else here


def _divided(value: Any, field: Field) -> bool:
    """Whether the members of a value have owners of their own."""
    if isinstance(value, dict):
        return field.map_type != "atomic" and bool(value)
    return isinstance(value, list) and field.list_type in ("map", "set") and bool(value)


def _has_key(item: Any, field: Field, key: str) -> bool:
    try:
        return item_key(item, field) == key
    except Unkeyed:
        return False


def shown(path: Path) -> str:
    """A path as in messages about conflicts: `.spec.ports[port=80,protocol="TCP"].name`."""
    text = ""
    for key in path:
        if key.startswith("f:"):
            text += f".{key[2:]}"
        elif key.startswith("k:"):
            pairs = json.loads(key[2:])
            text += f"[{','.join(f'{name}={json.dumps(value)}' for name, value in pairs.items())}]"
        elif key.startswith("v:"):
            text += f"[={key[2:]}]"
    return text


@dataclass(frozen=True, slots=True)
class Applied:
    """The new object with its managedFields entries but for times, or the clashes that forbid it."""

    obj: Object
    entries: list[Object]
    clashes: list[Clash]


def applied(live: Object, wanted: Object, struct: str, who: Object, *, force: bool, heir_of: str = "") -> Applied:
    """`who` has manager, apiVersion and subresource of the entry to write. Fields of the manager `heir_of` are taken
    over without asking."""
    entries: list[Object] = (live.get("metadata") or {}).get("managedFields") or []
    mine = next((entry for entry in entries if _same(entry, who)), None)
    others = [entry for entry in entries if entry is not mine]
    tree = owned(wanted, struct)
    new = leaves(tree)
    clashes: list[Clash] = []
    kept: list[Object] = []
    theirs: set[Path] = set()
    for entry in others:
        have = leaves(entry.get("fieldsV1") or {})
        lost = {path for path in have & new if value_at(live, path, struct) != value_at(wanted, path, struct)}
        taken = force or entry.get("manager") == heir_of
        if not taken:
            parts = (entry.get(key) or "" for key in ("manager", "subresource", "apiVersion", "operation"))
            said = tuple(parts)
            clashes += [Clash(said[0], said[1], said[2], said[3], path) for path in sorted(lost)]
        left = have - lost if taken else have
        theirs |= left
        if left:
            kept.append({**entry, "fieldsV1": tree_of(left)} if lost and taken else entry)
    if clashes:
        return Applied(live, entries, clashes)
    held = {path[:end] for path in new | theirs for end in range(1, len(path) + 1)}
    gone = leaves((mine or {}).get("fieldsV1") or {}) - held
    result = merged(without(live, gone, struct), wanted, struct)
    entry = {**who, "fieldsType": "FieldsV1", "fieldsV1": tree}
    if result == live:  # nothing came of it: the entry keeps its time, or has none
        entry["time"] = (mine or {}).get("time")
        entry = {key: value for key, value in entry.items() if value is not None}
    return Applied(result, by_age([*kept, entry] if tree else kept), [])


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
        if _same(entry, who):
            mine |= have
        elif have - changed:
            kept.append({**entry, "fieldsV1": tree_of(have - changed)})
    entry = {**who, "fieldsType": "FieldsV1", "fieldsV1": tree_of(mine)}
    return by_age(_capped([*kept, entry] if mine else kept))


_UNRECORDED = "before-first-apply"
_MOST_UPDATERS = 10
_ANCIENT = "ancient-changes"


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


def _same(entry: Object, who: Object) -> bool:
    keys = ("manager", "operation", "apiVersion", "subresource")
    return all((entry.get(key) or "") == (who.get(key) or "") for key in keys)
