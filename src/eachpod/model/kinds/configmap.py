"""ConfigMap."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid, too_long
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, name
from eachpod.model.resources import CONFIGMAP
from eachpod.model.table import age, columns

SIZE_LIMIT = 1024 * 1024


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for key in data:
        errors += [invalid(f"data[{key}]", key, fault) for fault in names.config_key(key)]
        if key in binary:
            errors.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in binary:
        errors += [invalid(f"binaryData[{key}]", key, fault) for fault in names.config_key(key)]
    if _text_size(data) + decoded_size(binary) > SIZE_LIMIT:
        errors.append(too_long("[]", SIZE_LIMIT))
    return errors


def _text_size(data: dict[str, str]) -> int:
    return sum(len(value) if value.isascii() else len(value.encode()) for value in data.values())


def decoded_size(data: dict[str, str]) -> int:
    """Bytes behind base64 texts."""
    return sum(len(value) * 3 // 4 - value.count("=", -2) for value in data.values())


def frozen_changes(new: Object, old: Object, *fields: str) -> list[FieldError]:
    """Changes to an object that was declared immutable."""
    if not old.get("immutable"):
        return []
    text = "field is immutable when `immutable` is set"
    errors = [] if new.get("immutable") else [forbidden("immutable", text)]
    return errors + [forbidden(field, text) for field in fields if new.get(field) != old.get(field)]


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return frozen_changes(new, old, "data", "binaryData") + _validate(new)


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj, now)]


KIND = Kind(CONFIGMAP, validate=_validate, validate_update=_validate_update, columns=columns("Data", "Age"), row=_row)
