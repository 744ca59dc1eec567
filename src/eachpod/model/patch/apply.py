"""Server-side apply: each manager owns the fields that it applied; what it stops to apply goes, unless others own it.

Decides only; nothing here stores or asks the time.
"""

from dataclasses import dataclass
from typing import Any

from eachpod.model.objects import Object
from eachpod.model.structure import UNKNOWN, Field, field_of

from .fieldset import Path, Tree, Unkeyed, item_key, leaves, member, owned, tree_of, value_at
from .managers import by_age, same


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that another manager owns with another value."""

    manager: str
    subresource: str
    api_version: str
    operation: str
    path: Path


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
    mine = next((entry for entry in entries if same(entry, who)), None)
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
        return [item for item in value if f"v:{member(item)}" not in tree] or None
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
