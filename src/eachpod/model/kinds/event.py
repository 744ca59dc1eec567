"""Event: one stored object, two shapes.

`v1` and `events.k8s.io/v1` name the same things differently. The core shape is the stored one; `to_new` and `to_core`
translate, and both kinds print alike.
"""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, dig, name, namespace
from eachpod.model.resources import EVENT, EVENTS_EVENT
from eachpod.model.table import columns
from eachpod.model.timestamps import since

# Field of the core shape -> field of the newer one.
_RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_OMITTED = ("reportingController", "reportingInstance", "action", "type", "note")
_TO_CORE = {new: core for core, new in _RENAMED.items()}


def _renamed(obj: Object, names: dict[str, str], api_version: str) -> Object:
    return {**{names.get(key, key): value for key, value in obj.items()}, "apiVersion": api_version}


def to_new(event: Object) -> Object:
    """A v1 Event as events.k8s.io/v1, which leaves an empty reporter out."""
    shown = _renamed(event, _RENAMED, "events.k8s.io/v1")
    return {key: value for key, value in shown.items() if value or key not in _OMITTED}


def to_core(event: Object) -> Object:
    """An events.k8s.io/v1 Event as v1, the stored shape."""
    return {"reportingComponent": "", "reportingInstance": "", **_renamed(event, _TO_CORE, "v1")}


def _fields(event: Object) -> dict[str, str]:
    about = event.get("involvedObject") or {}
    source = event.get("source") or {}
    return {
        "involvedObject.kind": about.get("kind") or "",
        "involvedObject.namespace": about.get("namespace") or "",
        "involvedObject.name": about.get("name") or "",
        "involvedObject.uid": about.get("uid") or "",
        "involvedObject.apiVersion": about.get("apiVersion") or "",
        "involvedObject.resourceVersion": about.get("resourceVersion") or "",
        "involvedObject.fieldPath": about.get("fieldPath") or "",
        "reason": event.get("reason") or "",
        "reportingComponent": event.get("reportingComponent") or "",
        "source": source.get("component") or event.get("reportingComponent") or "",
        "type": event.get("type") or "",
    }


def _new_fields(event: Object) -> dict[str, str]:
    core = _fields(to_core(event))
    renamed = {key.replace("involvedObject", "regarding"): value for key, value in core.items()}
    return {**core, **renamed, "reportingController": core["reportingComponent"]}


_SHORT, _LONG = 128, 1024
_NO_NAMESPACE = "default"


def _validate_common(event: Object, reporter: str) -> list[FieldError]:
    """`event` in the core shape; `reporter` is how the request's version calls the reporting component."""
    space = namespace(event)
    about = dig(event, "involvedObject", "namespace", default="")
    stray = invalid("involvedObject.namespace", about, "does not match event.namespace")
    if not event.get("eventTime"):
        wrong = about != space if about else space != _NO_NAMESPACE
        return [stray] if wrong else []
    errors = [stray] if not about and space not in (_NO_NAMESPACE, "kube-system") else []
    component = event.get("reportingComponent") or ""
    errors += [] if component else [required(reporter)]
    errors += form(names.label_key, component, reporter)
    for field in ("reportingInstance", "action", "reason"):
        value = event.get(field) or ""
        if not value:
            errors.append(required(field))
        if len(value) > _SHORT:
            errors.append(invalid(field, "", f"can have at most {_SHORT} characters"))
    if len(event.get("message") or "") > _LONG:
        errors.append(invalid("message", "", f"can have at most {_LONG} characters"))
    return errors


def _validate(event: Object) -> list[FieldError]:
    return _validate_common(event, "reportingComponent")


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate(new)


def _validate_new(obj: Object) -> list[FieldError]:
    event = to_core(obj)
    errors = _validate_common(event, "reportingController") + _series(event)
    if not event.get("eventTime"):
        errors.append(required("eventTime"))
    if event.get("type") not in ("Normal", "Warning"):
        errors.append(invalid("type", "", f"has invalid value: {event.get('type') or ''}"))
    unset = [field for field in ("firstTimestamp", "lastTimestamp", "count", "source") if event.get(field)]
    return errors + [invalid(field, "", "needs to be unset") for field in unset]


def _series(event: Object) -> list[FieldError]:
    series = event.get("series")
    if series is None:
        return []
    errors = []
    if (series.get("count") or 0) < 2:
        errors.append(invalid("series.count", "", "should be at least 2"))
    if not series.get("lastObservedTime"):
        errors.append(required("series.lastObservedTime"))
    return errors


_LASTING = (
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "type",
    "eventTime",
    "action",
    "related",
)


def _validate_new_update(new_obj: Object, old_obj: Object) -> list[FieldError]:
    new, old = to_core(new_obj), to_core(old_obj)
    errors = _validate_common(new, "reportingController")
    if new.get("series") != old.get("series"):
        errors += _series(new)
    for field in _LASTING:
        errors += immutable(new.get(field), old.get(field), field)
    for field, shown in (("reportingComponent", "reportingController"), ("reportingInstance", "reportingInstance")):
        errors += immutable(new.get(field), old.get(field), shown)
    return errors


def _row(event: Object, now: float) -> list[Cell]:
    first = since(event.get("firstTimestamp") or event.get("eventTime"), now)
    last = since(event["lastTimestamp"], now) if event.get("lastTimestamp") else first
    count = event.get("count") or 1
    series = event.get("series")
    if series:
        last, count = since(series.get("lastObservedTime"), now), series.get("count") or 0
    about, source = event.get("involvedObject") or {}, event.get("source") or {}
    who = [
        source.get("component") or event.get("reportingComponent") or "",
        source.get("host") or event.get("reportingInstance") or "",
    ]
    return [
        last,
        event.get("type") or "",
        event.get("reason") or "",
        "/".join(part for part in ((about.get("kind") or "").lower(), about.get("name") or "") if part),
        about.get("fieldPath") or "",
        ", ".join(who) if who[1] else who[0],
        (event.get("message") or "").strip(),
        first,
        count,
        name(event),
    ]


_COLUMNS = columns(
    "Last Seen", "Type", "Reason", "Object", "*Subobject", "*Source", "Message", "*First Seen", "*Count", "*Name"
)


def _default(event: Object) -> Object:
    event.setdefault("involvedObject", {})
    event.setdefault("source", {})
    for key in ("firstTimestamp", "lastTimestamp", "eventTime"):
        event.setdefault(key, None)
    for key in ("reportingComponent", "reportingInstance"):
        event.setdefault(key, "")
    return event


def _new_default(event: Object) -> Object:
    return to_new(_default(to_core(event)))


KIND = Kind(
    EVENT,
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    columns=_COLUMNS,
    row=_row,
    fields=_fields,
    field_names=tuple(_fields({})),
    free_finalizers=True,
    name_rule="path",
)
EVENTS_KIND = Kind(
    EVENTS_EVENT,
    default=_new_default,
    validate=_validate_new,
    validate_update=_validate_new_update,
    columns=_COLUMNS,
    row=lambda event, now: _row(to_core(event), now),
    fields=_new_fields,
    field_names=tuple(_new_fields({})),
    extra={"stored_as": EVENT, "to_stored": to_core, "from_stored": to_new},
)
