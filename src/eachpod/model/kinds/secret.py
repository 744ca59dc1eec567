"""Secret."""

import json
from base64 import b64decode, b64encode

from eachpod.model import names, tlspair
from eachpod.model.fielderrors import FieldError, invalid, required, too_long
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, annotations, name
from eachpod.model.resources import SECRET
from eachpod.model.table import age, columns

from .configmap import SIZE_LIMIT, decoded_size, frozen_changes

_ACCOUNT = "kubernetes.io/service-account.name"
_JSON_KEYS = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}


def _default(obj: Object) -> Object:
    obj["type"] = obj.get("type") or "Opaque"
    texts = obj.pop("stringData", None)
    if texts:
        encoded = {key: b64encode((text or "").encode()).decode() for key, text in texts.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}
    return obj


def _validate(obj: Object) -> list[FieldError]:
    data = obj.get("data") or {}
    errors = [invalid(f"data[{key}]", key, fault) for key in data for fault in names.config_key(key)]
    if decoded_size(data) > SIZE_LIMIT:
        errors.append(too_long("data", SIZE_LIMIT))
    return errors + _of_kind(obj, obj.get("type") or "", data)


def _of_kind(obj: Object, kind: str, data: dict[str, str]) -> list[FieldError]:
    if kind == "kubernetes.io/service-account-token":
        return [] if annotations(obj).get(_ACCOUNT) else [required(f"metadata.annotations[{_ACCOUNT}]")]
    if kind in _JSON_KEYS:
        return _json(data, _JSON_KEYS[kind])
    if kind == "kubernetes.io/basic-auth":
        keys = ("username", "password")
        return [] if any(key in data for key in keys) else [required(f"data[{key}]") for key in keys]
    if kind == "kubernetes.io/ssh-auth":
        return [] if data.get("ssh-privatekey") else [required("data[ssh-privatekey]")]
    if kind == "kubernetes.io/tls":
        return [required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
    return []


def _json(data: dict[str, str], key: str) -> list[FieldError]:
    if key not in data:
        return [required(f"data[{key}]")]
    try:
        found = json.loads(b64decode(data[key]))
    except ValueError:
        return [invalid(f"data[{key}]", "<secret contents redacted>", _why_not_json(data[key]))]
    if isinstance(found, dict):
        return []
    text = "json: cannot unmarshal into Go value of type map[string]interface {}"
    return [invalid(f"data[{key}]", "<secret contents redacted>", text)]


def _why_not_json(encoded: str) -> str:
    """The first thing wrong, in the words of the real server's decoder for the common cases."""
    text = b64decode(encoded).decode(errors="replace").strip()
    if not text or text == "{":
        return "unexpected end of JSON input"
    return f"invalid character '{text[0]}' looking for beginning of value"


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return immutable(new.get("type"), old.get("type"), "type") + frozen_changes(new, old, "data") + _validate(new)


def _warnings(new: Object, old: Object | None) -> list[str]:
    """A pair for TLS that cannot work is stored as it is; its owner should know."""
    data = new.get("data") or {}
    if new.get("type") != "kubernetes.io/tls" or (old is not None and data == (old.get("data") or {})):
        return []
    texts = [b64decode(data.get(key) or "").decode(errors="replace") for key in ("tls.crt", "tls.key")]
    wrong = tlspair.fault(*texts)
    return [wrong] if wrong else []


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), obj.get("type") or "", len(obj.get("data") or {}), age(obj, now)]


KIND = Kind(
    SECRET,
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=columns("Type", "Data", "Age"),
    row=_row,
    fields=lambda obj: {"type": obj.get("type") or ""},
    field_names=("type",),
)
