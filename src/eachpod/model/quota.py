"""What an object uses of a ResourceQuota: the names that count it, and how much of each.

Admission asks it of one new object, the controller of all that are there; so both count alike
(k8s.io/kubernetes/pkg/quota/v1).
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from . import quantity
from .objects import Object, dig
from .podphase import is_finished
from .podspec.qos import qos_class
from .podspec.totals import added, limits_of, requests_of
from .resource import Resource
from .resources import (
    CONFIGMAP,
    PERSISTENTVOLUMECLAIM,
    POD,
    REPLICATIONCONTROLLER,
    RESOURCEQUOTA,
    SECRET,
    SERVICE,
)

Usage = dict[str, Fraction]

# Kinds that have a name of their own beside count/PLURAL.
_PLAIN = frozenset(
    resource.group_resource
    for resource in (CONFIGMAP, PERSISTENTVOLUMECLAIM, POD, REPLICATIONCONTROLLER, RESOURCEQUOTA, SECRET, SERVICE)
)
_COMPUTE = ("cpu", "memory", "ephemeral-storage")


def counted(name: str) -> str:
    """The group resource whose objects a name of spec.hard counts, as far as the name tells: pods for cpu."""
    if name.startswith("count/"):
        return name.removeprefix("count/")
    if name.startswith("services"):
        return "services"
    if name == "requests.storage" or name.endswith("persistentvolumeclaims"):
        return "persistentvolumeclaims"
    return name if name in _PLAIN else "pods"


def hard(quota: Object) -> dict[str, str]:
    return dict(dig(quota, "spec", "hard", default={}))


def usage(resource: Resource, obj: Object) -> Usage:
    """How much one object uses of every name that counts it."""
    name = resource.group_resource
    used: Usage = {f"count/{name}": Fraction(1)}
    if resource == POD:
        return used | _pod(obj)
    if name in _PLAIN:
        used[name] = Fraction(1)
    if resource == SERVICE:
        ports = len(dig(obj, "spec", "ports", default=[]))
        kind = dig(obj, "spec", "type", default="ClusterIP")
        used["services.nodeports"] = Fraction(ports if kind in ("NodePort", "LoadBalancer") else 0)
        used["services.loadbalancers"] = Fraction(kind == "LoadBalancer")
    if resource == PERSISTENTVOLUMECLAIM:
        storage = quantity.parse(dig(obj, "spec", "resources", "requests", "storage", default="0"))
        used["requests.storage"] = storage
        owner = dig(obj, "spec", "storageClassName", default="")
        if owner:
            used[f"{owner}.storageclass.storage.k8s.io/requests.storage"] = storage
            used[f"{owner}.storageclass.storage.k8s.io/persistentvolumeclaims"] = Fraction(1)
    return used


def _pod(pod: Object) -> Usage:
    if is_finished(pod):
        return {}
    used: Usage = {"pods": Fraction(1)}
    for name, amount in requests_of(pod).items():
        used[f"requests.{name}"] = amount
        if name in _COMPUTE:
            used[name] = amount
    for name, amount in limits_of(pod).items():
        used[f"limits.{name}"] = amount
    return used


def total(usages: Iterable[Usage]) -> Usage:
    result: Usage = {}
    for each in usages:
        result = added(result, each)
    return result


def in_scope(quota: Object, resource: Resource, obj: Object) -> bool:
    """Whether the quota's scopes select the object; scopes select pods only."""
    scopes = [(scope, "Exists", ()) for scope in dig(quota, "spec", "scopes", default=[])]
    scopes += [
        (one.get("scopeName"), one.get("operator"), tuple(one.get("values") or ()))
        for one in dig(quota, "spec", "scopeSelector", "matchExpressions", default=[])
    ]
    if not scopes:
        return True
    return resource == POD and all(_matches(obj, *scope) for scope in scopes)


def _matches(pod: Object, scope: str, operator: str, values: tuple[str, ...]) -> bool:
    if scope in ("Terminating", "NotTerminating"):
        return (dig(pod, "spec", "activeDeadlineSeconds") is not None) == (scope == "Terminating")
    if scope in ("BestEffort", "NotBestEffort"):
        return (qos_class(pod.get("spec") or {}) == "BestEffort") == (scope == "BestEffort")
    if scope == "PriorityClass":
        name = dig(pod, "spec", "priorityClassName", default="")
        wanted = {"In": name in values, "NotIn": name not in values, "Exists": bool(name), "DoesNotExist": not name}
        return wanted.get(operator, False)
    return False


def unspecified(quota: Object, pod: Object) -> dict[str, list[str]]:
    """Containers that leave out what the quota counts, by name of the resource: their use would be unknown."""
    missing: dict[str, list[str]] = {}
    for name in sorted(hard(quota)):
        kind, _, plain = name.partition(".") if name.startswith(("requests.", "limits.")) else ("requests", "", name)
        if plain not in _COMPUTE:
            continue
        for container in dig(pod, "spec", "containers", default=[]):
            if plain not in dig(container, "resources", kind, default={}):
                missing.setdefault(name, []).append(container.get("name") or "")
    return missing


def shown(used: Mapping[str, Fraction], limits: Mapping[str, str]) -> dict[str, str]:
    """The amounts of the names in `limits`, in the style that each limit is written in."""
    return {name: _rendered(used.get(name, Fraction(0)), limit) for name, limit in limits.items()}


def _rendered(amount: Fraction, limit: str) -> str:
    style = "2" if str(limit).endswith("i") else "10"
    return quantity.render(amount, style)
