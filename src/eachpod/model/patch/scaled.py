"""Who owns the number of replicas, seen from the object and from its scale.

Both forms have the one field, under names that happen to be the same; but entries of managedFields name the version of
the form that they speak of. Who writes the scale takes the number away from whoever owned it in the object.
"""

from eachpod.model.objects import Object

from .fieldset import Path, leaves, tree_of
from .managers import by_age

VERSION = "autoscaling/v1"
_REPLICAS: Path = ("f:spec", "f:replicas")
_Writer = tuple[str, str, str]


def of_scale(entries: list[Object]) -> list[Object]:
    """The entries of an object as its scale has them."""
    return [
        {**entry, "apiVersion": VERSION, "fieldsV1": tree_of({_REPLICAS})} for entry in entries if _owns_number(entry)
    ]


def of_object(entries: list[Object], scale: list[Object], version: str) -> list[Object]:
    """The entries of an object whose scale has been written and now has the entries `scale`."""
    owners = {_writer(entry): entry for entry in scale if _owns_number(entry)}
    kept = []
    for entry in entries:
        owner = owners.pop(_writer(entry), None)
        if owner is not None:
            kept.append(_with(entry, {_REPLICAS}, owner))
        elif not _owns_number(entry):
            kept.append(entry)
        elif rest := leaves(entry.get("fieldsV1") or {}) - {_REPLICAS}:
            kept.append({**entry, "fieldsV1": tree_of(rest)})
    return by_age([*kept, *({**entry, "apiVersion": version} for entry in owners.values())])


def _with(entry: Object, paths: set[Path], owner: Object) -> Object:
    timed = {"time": owner["time"]} if "time" in owner else {}
    return {**entry, **timed, "fieldsV1": tree_of(leaves(entry.get("fieldsV1") or {}) | paths)}


def _owns_number(entry: Object) -> bool:
    return _REPLICAS in leaves(entry.get("fieldsV1") or {})


def _writer(entry: Object) -> _Writer:
    return entry.get("manager") or "", entry.get("operation") or "", entry.get("subresource") or ""
