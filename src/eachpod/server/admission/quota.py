"""ResourceQuota: refuses what would go beyond a namespace's limits.

Usage is counted from what is stored, not taken from the quota's status, which lags. Requests that are on their way to
the store are counted, too, so that many at once cannot slip through together.
"""

from collections.abc import Callable
from fractions import Fraction

from eachpod.model import errors, quantity, quota
from eachpod.model.objects import Object, name
from eachpod.model.quota import Usage
from eachpod.model.resource import Resource
from eachpod.model.resources import POD, RESOURCEQUOTA
from eachpod.server.context import View

from .chain import Attributes

_Held = dict[int, tuple[Resource, Object]]


class QuotaAdmission:
    def __init__(self) -> None:
        # By store and namespace: new objects that are admitted and not stored yet.
        self._on_the_way: dict[tuple[int, str], _Held] = {}

    def __call__(self, obj: Object, at: Attributes) -> Object:
        if at.operation != "CREATE" or at.subresource or not at.namespace:
            return obj
        resource, names = at.kind.resource, quota.usage(at.kind.resource, obj)
        held = self._on_the_way.setdefault((id(at.view), at.namespace), {})
        applied = False
        for each in at.view.all(RESOURCEQUOTA, at.namespace):
            if names.keys() & quota.hard(each).keys() and quota.in_scope(each, resource, obj):
                _check(each, resource, obj, at, held)
                applied = True
        if applied and not at.context.dry_run:
            held[id(obj)] = (resource, obj)
            at.context.cleanups.append(_forgetting(held, id(obj)))
        return obj


def _forgetting(held: _Held, key: int) -> Callable[[], None]:
    return lambda: held.pop(key, None) and None


def _check(each: Object, resource: Resource, obj: Object, at: Attributes, held: _Held) -> None:
    limits = quota.hard(each)
    if resource == POD:
        missing = quota.unspecified(each, obj)
        if missing:
            text = "; ".join(f"{what} for: {','.join(who)}" for what, who in missing.items())
            raise errors.forbidden(resource, at.name, f"failed quota: {name(each)}: must specify {text}")
    wanted = {key: amount for key, amount in quota.usage(resource, obj).items() if key in limits and amount}
    used = _used(each, resource, at.view, at.namespace, held)
    over = sorted(
        key for key, amount in wanted.items() if used.get(key, Fraction(0)) + amount > quantity.parse(limits[key])
    )
    if over:
        narrowed = {key: limits[key] for key in over}
        requested, present = quota.shown(wanted, narrowed), quota.shown(used, narrowed)
        text = f"requested: {_listed(requested)}, used: {_listed(present)}, limited: {_listed(narrowed)}"
        raise errors.forbidden(resource, at.name, f"exceeded quota: {name(each)}, {text}")


def _used(each: Object, resource: Resource, view: View, namespace: str, held: _Held) -> Usage:
    stored = [(resource, obj) for obj in view.all(resource, namespace)]
    known = {name(obj) for _, obj in stored}
    coming = [pair for pair in held.values() if pair[0] == resource and name(pair[1]) not in known]
    return quota.total(quota.usage(r, obj) for r, obj in (*stored, *coming) if quota.in_scope(each, r, obj))


def _listed(amounts: dict[str, str]) -> str:
    return ",".join(f"{key}={amounts[key]}" for key in sorted(amounts))
