"""Server-side printing: Tables and PartialObjectMetadata out of whole objects.

Pure functions over objects and the columns of their kind. Cells of wide columns are always sent; the client hides them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from . import timestamps
from .kind import Cell, Column, Kind
from .objects import Object, dig, meta, name

NAME = Column("Name", format="name")
GENERIC_COLUMNS = (NAME, Column("Created At", type="date"))
NONE = "<none>"
UNSET = "<unset>"


def columns(*titles: str) -> tuple[Column, ...]:
    """Columns from short forms: `Ready`, `Desired:integer`, and a star in front for those of `-o wide`.

    The first one is Name unless the titles say otherwise by naming it themselves.
    """
    made = []
    for title in titles:
        text, _, kind = title.partition(":")
        wide = text.startswith("*")
        text = text.lstrip("*")
        made.append(Column(text, kind or "string", format="name" if text == "Name" else "", priority=1 if wide else 0))
    return tuple(made) if any(column.name == "Name" for column in made) else (NAME, *made)


def age(obj: Object, now: float) -> str:
    return timestamps.since(meta(obj).get("creationTimestamp"), now)


def generic_row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), meta(obj).get("creationTimestamp") or ""]


def table(
    kind: Kind | None,
    objects: Iterable[Object],
    now: float,
    *,
    include: str = "Metadata",
    list_meta: Object | None = None,
    headers: bool = True,
) -> Object:
    """A meta.k8s.io/v1 Table. `include` is None, Metadata or Object; later events of a watch have no `headers`."""
    shown = kind.columns if kind and kind.columns else GENERIC_COLUMNS
    row = kind.row if kind and kind.columns and kind.row else generic_row
    conditions = kind.extra.get("row_conditions") if kind else None
    rows: list[Object] = []
    for obj in objects:
        entry: Object = {"cells": row(obj, now), "object": _included(kind, obj, include)}
        found = conditions(obj) if conditions else None
        if found:
            entry["conditions"] = found
        rows.append(entry)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_meta or {},
        "columnDefinitions": [_definition(column) for column in shown] if headers else [],
        "rows": rows,
    }


def _definition(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _included(kind: Kind | None, obj: Object, include: str) -> Object | None:
    if include == "None":
        return None
    return obj if include == "Object" else partial(obj, kind)


def partial(obj: Object, kind: Kind | None = None) -> Object:
    """Only the metadata of `obj`, as it is before a kind writes some of its fields as annotations."""
    shown = meta(obj)
    written = kind.extra.get("written_annotations", ()) if kind else ()
    if written and (held := shown.get("annotations")):
        rest = {key: value for key, value in held.items() if key not in written}
        shown = {key: value for key, value in shown.items() if key != "annotations"}
        shown |= {"annotations": rest} if rest else {}
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": shown}


def partial_list(objects: Iterable[Object], list_meta: Object, kind: Kind | None = None) -> Object:
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_meta,
        "items": [partial(obj, kind) for obj in objects],
    }


def in_version(body: Object, version: str) -> Object:
    """A Table, an object's metadata or a list of those in another version of meta.k8s.io; they differ in name only."""
    if version == "v1":
        return body
    made = {**body, "apiVersion": f"meta.k8s.io/{version}"}
    if "rows" in made:
        made["rows"] = [{**row, "object": _renamed(row["object"], version)} for row in made["rows"]]
    if "items" in made:
        made["items"] = [in_version(item, version) for item in made["items"]]
    return made


def _renamed(obj: Object | None, version: str) -> Object | None:
    return in_version(obj, version) if obj and obj.get("kind") == "PartialObjectMetadata" else obj


# The pieces that several kinds' cells are made of.


def containers(pod_spec: Object | None) -> list[Cell]:
    """The cells Containers and Images."""
    found = dig(pod_spec, "containers", default=[])
    return [",".join(c.get("name") or "" for c in found), ",".join(c.get("image") or "" for c in found)]


def label_pairs(labels: Object | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) if labels else NONE


def selector(label_selector: Object | None) -> str:
    """A LabelSelector in the notation of query parameters: terms sorted by key."""
    if not label_selector:
        return NONE
    terms = [(key, f"{key}={value}") for key, value in (label_selector.get("matchLabels") or {}).items()]
    terms += [(e.get("key") or "", _expression(e)) for e in label_selector.get("matchExpressions") or []]
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0])) or NONE


def _expression(expression: Object) -> str:
    key, operator = expression.get("key") or "", expression.get("operator")
    values = ",".join(sorted(expression.get("values") or []))
    if operator == "Exists":
        return key
    if operator == "DoesNotExist":
        return f"!{key}"
    return f"{key} {'in' if operator == 'In' else 'notin'} ({values})"


def first_three(texts: Sequence[str], empty: str) -> str:
    """At most three of them and how many more there are."""
    shown = ",".join(texts[:3])
    return f"{shown} + {len(texts) - 3} more..." if len(texts) > 3 else shown or empty


def text(value: Any) -> str:
    """A value that is an integer or a string, as text."""
    return "" if value is None else str(value)
