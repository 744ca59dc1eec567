"""Configurations of admission webhooks."""

from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.resources import MUTATINGWEBHOOKCONFIGURATION, VALIDATINGWEBHOOKCONFIGURATION
from eachpod.model.table import age, columns


def _default(obj: Object) -> Object:
    for hook in obj.get("webhooks") or ():
        for field, value in (("failurePolicy", "Fail"), ("matchPolicy", "Equivalent"), ("timeoutSeconds", 10)):
            if hook.get(field) is None:
                hook[field] = value
        for field in ("namespaceSelector", "objectSelector"):
            if hook.get(field) is None:
                hook[field] = {}
        for rule in hook.get("rules") or ():
            rule["scope"] = rule.get("scope") or "*"
        service = dig(hook, "clientConfig", "service")
        if service is not None and service.get("port") is None:
            service["port"] = 443
    return obj


def _default_mutating(obj: Object) -> Object:
    for hook in _default(obj).get("webhooks") or ():
        hook["reinvocationPolicy"] = hook.get("reinvocationPolicy") or "Never"
    return obj


def _row(obj: Object, now: float) -> list[Cell]:
    return [name(obj), len(obj.get("webhooks") or ()), age(obj, now)]


_COLUMNS = columns("Webhooks:integer", "Age")

KINDS = tuple(
    Kind(
        resource,
        default=default,
        columns=_COLUMNS,
        row=_row,
        generation=True,
        unconditional_update=False,
        free_finalizers=True,
    )
    for resource, default in (
        (VALIDATINGWEBHOOKCONFIGURATION, _default),
        (MUTATINGWEBHOOKCONFIGURATION, _default_mutating),
    )
)
