"""Which fields of an object somebody owns: as trees, the FieldsV1 of metadata.managedFields, and as paths.

A member of a tree is `f:NAME` (a field), `k:{...}` (an item of a list, by its keys) or `v:...` (an item of a set). How
the items of lists and maps are told apart is in `structure`.
"""

import json
from typing import Any

from eachpod.model.objects import Object
from eachpod.model.shape import fields, known
from eachpod.model.structure import Field, field_of, marks_of

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
        return {f"v:{member(item)}": {} for item in value}
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
    return f"k:{member(keys)}"


def _key_default(struct: str, key: str) -> Any:
    """A key that is left out counts as its default; validation says what is wrong with it."""
    code = fields(struct).get(key, "s") if known(struct) else "s"
    return _KEY_DEFAULTS.get(key, 0 if code.startswith(("i", "j")) else "")


def member(value: Any) -> str:
    """Keys, or an item of a set, as they stand in a tree."""
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
