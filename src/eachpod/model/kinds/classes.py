"""PriorityClass and RuntimeClass."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid, required
from eachpod.model.fieldrules import form, one_of
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable, validate_labels
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.amounts import validate_overhead
from eachpod.model.podspec.placement import validate_tolerations
from eachpod.model.resources import PRIORITYCLASS, RUNTIMECLASS
from eachpod.model.table import age, columns

_SYSTEM_PREFIX = "system-"
# Names and values of the two classes that the system itself has.
SYSTEM_CLASSES = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}
HIGHEST = 1000000000


def _default(obj: Object) -> Object:
    if obj.get("preemptionPolicy") is None:
        obj["preemptionPolicy"] = "PreemptLowerPriority"
    return obj


def _validate(obj: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    value = obj.get("value") or 0
    if name(obj).startswith(_SYSTEM_PREFIX):
        if SYSTEM_CLASSES.get(name(obj)) != value or obj.get("globalDefault"):
            text = f"priority class names with '{_SYSTEM_PREFIX}' prefix are reserved for system use only. error: "
            why = f"{name(obj)} is not a known system priority class"
            if name(obj) in SYSTEM_CLASSES:
                why = f"value of {name(obj)} PriorityClass must be {SYSTEM_CLASSES[name(obj)]}"
            errors.append(forbidden("metadata.name", text + why))
    elif value > HIGHEST:
        errors.append(forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST}"))
    return errors + one_of(obj.get("preemptionPolicy") or "", "preemptionPolicy", ("PreemptLowerPriority", "Never"))


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    if new.get("value") != old.get("value"):
        errors.append(forbidden("value", "may not be changed in an update."))
    return errors + immutable(new.get("preemptionPolicy"), old.get("preemptionPolicy"), "preemptionPolicy")


def _row(obj: Object, now: float) -> list[Cell]:
    return [
        name(obj),
        obj.get("value") or 0,
        bool(obj.get("globalDefault")),
        age(obj, now),
        obj.get("preemptionPolicy") or "",
    ]


def _validate_runtime(obj: Object) -> list[FieldError]:
    handler = obj.get("handler") or ""
    errors = form(names.label, handler, "handler") if handler else [required("handler")]
    errors += validate_overhead(dig(obj, "overhead", "podFixed", default={}), "overhead")
    errors += validate_labels(dig(obj, "scheduling", "nodeSelector"), "scheduling.nodeSelector")
    return errors + validate_tolerations(dig(obj, "scheduling", "tolerations", default=[]), "scheduling.tolerations")


def _validate_runtime_update(new: Object, old: Object) -> list[FieldError]:
    # The real server leaves the value out of this one.
    same = new.get("handler") == old.get("handler")
    return [] if same else [invalid("handler", None, "field is immutable")]


def _runtime_row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), obj.get("handler") or "", age(obj, now)]


KINDS = (
    Kind(
        PRIORITYCLASS,
        default=_default,
        validate=_validate,
        validate_update=_validate_update,
        columns=columns("Value:integer", "Global-Default:boolean", "Age", "PreemptionPolicy"),
        row=_row,
        generation=True,
    ),
    Kind(
        RUNTIMECLASS,
        validate=_validate_runtime,
        validate_update=_validate_runtime_update,
        columns=columns("Handler", "Age"),
        row=_runtime_row,
        unconditional_update=False,
        free_finalizers=True,
    ),
)
