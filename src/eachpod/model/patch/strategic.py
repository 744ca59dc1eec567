"""Strategic merge patch: a merge patch whose lists merge by key, with directives.

Directives: `$patch` (delete, replace, merge), `$retainKeys`, `$deleteFromPrimitiveList/F`, `$setElementOrder/F`. Which
lists merge and by which key is in `structure`.
"""

from collections.abc import Callable
from typing import Any

from eachpod.model.structure import Field, field_of

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"

Map = dict[str, Any]


class BadDirective(ValueError):
    """A directive, or an item of a list that merges by key, is not what it has to be."""


def merged(target: Map, patch: Map, struct: str) -> Map:
    """What `patch` makes of `target`. Neither is changed; parts that stay are shared."""
    directive = patch.get(_PATCH)
    if directive == "replace":
        return _clean({key: value for key, value in patch.items() if key != _PATCH}, struct)
    if directive == "delete":
        return {}
    if _PATCH in patch and directive != "merge":
        raise BadDirective(f"unknown patch type: {directive} in map: {_shown(patch)}")
    result, orders = _kept(target, patch), _named(patch, _ORDER)
    for name, order in orders.items():
        _check_order(patch.get(name) or [], order, field_of(struct, name).merge_key)
    for key, value in patch.items():
        if key in (_PATCH, _RETAIN) or key.startswith((_DELETE, _ORDER)):
            continue
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged_value(result.get(key), value, field_of(struct, key))
    for name, order in orders.items():
        if isinstance(result.get(name), list):
            live, key = target.get(name) or [], field_of(struct, name).merge_key
            result[name] = _ordered(result[name], order, live, key)
    return result


def _named(patch: Map, directive: str) -> Map:
    """What a directive says, by the names of the fields that it is about."""
    return {key.removeprefix(directive): value for key, value in patch.items() if key.startswith(directive)}


def _kept(target: Map, patch: Map) -> Map:
    """What the directives leave of `target` before anything is merged into it."""
    retained = patch.get(_RETAIN)
    result = {key: value for key, value in target.items() if retained is None or key in retained}
    for name, gone in _named(patch, _DELETE).items():
        if isinstance(result.get(name), list):
            result[name] = [item for item in result[name] if item not in gone]
    return result


def _merged_value(old: Any, new: Any, field: Field) -> Any:
    if isinstance(new, dict):
        if field.keyed:
            return _merged_map(old, new, field)
        if not isinstance(old, dict) or field.replace:
            return merged({}, new, field.struct)
        return merged(old, new, field.struct)
    if isinstance(new, list) and field.merge:
        return _merged_list(old, new, field) if isinstance(old, list) else _fresh_list(new, field)
    return new


def _fresh_list(new: list[Any], field: Field) -> list[Any]:
    """A list where there was none: nothing to merge with, so nobody asks for keys."""
    kept = [item for item in new if not (isinstance(item, dict) and item.get(_PATCH) in ("delete", "replace"))]
    return [_clean(item, field.struct) if isinstance(item, dict) else item for item in kept]


def _merged_map(old: Any, new: Map, field: Field) -> Map:
    """A map of structs: its keys are names, its values have the struct."""
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value, field.struct)
        else:
            result[key] = value
    return result


def _clean(value: Map, struct: str) -> Map:
    return merged({}, value, struct)


def _merged_list(old: list[Any], new: list[Any], field: Field) -> list[Any]:
    if not field.merge_key:
        result = list(old)
        for item in new:
            if item not in result:
                result.append(item)
        return _ordered(result, new, old, "")
    if any(isinstance(item, dict) and item.get(_PATCH) == "replace" for item in new):
        rest = [item for item in new if item.get(_PATCH) != "replace" or len(item) > 1]
        return [_clean({k: v for k, v in item.items() if k != _PATCH}, field.struct) for item in rest]
    result = list(old)
    kept = []
    for item in new:
        if not isinstance(item, dict):
            raise BadDirective(f"expected a map in a list that merges by {field.merge_key}")
        place = _place(result, item, field.merge_key)
        if item.get(_PATCH) == "delete":
            if place is not None:
                del result[place]
            continue
        if item.get(_PATCH) not in (None, "merge"):
            raise BadDirective(f"unknown patch type: {item[_PATCH]} in map: {_shown(item)}")
        kept.append(item)
        if place is None:
            result.append(_clean(item, field.struct))
        else:
            result[place] = merged(result[place], item, field.struct)
    return _ordered(result, kept, old, field.merge_key)


def _place(items: list[Any], wanted: Map, key: str) -> int | None:
    if key not in wanted:
        raise BadDirective(f"map: {_shown(wanted)} does not contain declared merge key: {key}")
    return next((at for at, item in enumerate(items) if isinstance(item, dict) and item.get(key) == wanted[key]), None)


def _ordered(items: list[Any], patch: list[Any], live: list[Any], key: str) -> list[Any]:
    """Items of the patch in its order, the others in that of the live list, interleaved as the live list was."""

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [identity(item) for item in patch]
    before = [identity(item) for item in live]
    rank = _rank(wanted)
    left = sorted((i for i in items if identity(i) not in wanted), key=lambda i: _rank(before)(identity(i)))
    right = sorted((i for i in items if identity(i) in wanted), key=lambda i: rank(identity(i)))
    result = []
    while left and right:
        mine, theirs = identity(left[0]), identity(right[0])
        first = mine in before and theirs in before and before.index(mine) < before.index(theirs)
        result.append(left.pop(0) if first else right.pop(0))
    return result + left + right


def _check_order(items: list[Any], order: list[Any], key: str) -> None:
    """Items of a patch must come in the order that the patch asks for."""
    kept = [item for item in items if not (isinstance(item, dict) and item.get(_PATCH) == "delete")]
    wanted = [item.get(key) if key and isinstance(item, dict) else item for item in order]
    given = [item.get(key) if key and isinstance(item, dict) else item for item in kept]
    ahead = iter(wanted)
    if not all(each in ahead for each in given):
        lists = f"The order in patch list:\n{_shown(items)}\n doesn't match $setElementOrder list:\n{_shown(order)}\n"
        raise BadDirective(lists)


def _rank(order: list[Any]) -> Callable[[Any], int]:
    return lambda value: order.index(value) if value in order else len(order)


def _shown(value: Any) -> str:
    """A value as Go prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_shown(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(_shown(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)


shown = _shown
