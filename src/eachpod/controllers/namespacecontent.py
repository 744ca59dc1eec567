"""What is left in a namespace that is being deleted, and how its conditions tell of it."""

from collections import Counter
from dataclasses import dataclass, field

from eachpod.model.objects import Object, condition, deleting, dig, finalizers
from eachpod.model.podphase import is_finished
from eachpod.model.resource import Resource
from eachpod.model.timestamps import parse, render

FINALIZER = "kubernetes"

_FINE = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}


@dataclass(slots=True)
class Remaining:
    """What one pass over a namespace found after asking for everything to be deleted."""

    counts: dict[Resource, int] = field(default_factory=dict)
    finalizers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    discovery: dict[str, str] = field(default_factory=dict)
    # While pods are left nothing else is looked at, so nothing is known of it.
    only_pods: bool = False

    @property
    def nothing(self) -> bool:
        return not any(self.counts.values()) and not self.errors and not self.discovery

    def add(self, namespace: str, resource: Resource, items: list[Object], graceful: bool) -> None:
        """`graceful`: the objects may stay for a while. Others that stay without a finalizer are a fault."""
        if not items:
            return
        self.counts[resource] = len(items)
        held = Counter(one for item in items for one in finalizers(item))
        self.finalizers.update(held)
        if not held and not graceful:
            what = f"{resource.group}/{resource.version}, Resource={resource.plural}"
            self.errors.append(f"unexpected items still remain in namespace: {namespace} for gvr: {what}")


def seconds_of_grace(pods: list[Object], deleted_at: float, now: float) -> float:
    """How long the slowest of the pods may still take to stop."""
    graces = [
        float(dig(pod, "spec", "terminationGracePeriodSeconds", default=0)) for pod in pods if not is_finished(pod)
    ]
    return max(0.0, max(graces, default=0.0) - (now - deleted_at))


def deleted_at(namespace: Object) -> float:
    return parse(dig(namespace, "metadata", "deletionTimestamp")) or 0.0


def _troubles(remaining: Remaining) -> dict[str, tuple[str, str]]:
    """Reason and message of each condition that is not fine."""
    found: dict[str, tuple[str, str]] = {}
    if remaining.discovery:
        count = len(remaining.discovery)
        text = ", ".join(f"{version}: {why}" for version, why in sorted(remaining.discovery.items()))
        found["NamespaceDeletionDiscoveryFailure"] = (
            "DiscoveryFailed",
            f"Discovery failed for some groups, {count} failing: "
            f"unable to retrieve the complete list of server APIs: {text}",
        )
    if remaining.errors:
        text = ", ".join(sorted(remaining.errors))
        count = len(remaining.errors)
        message = f"Failed to delete all resource types, {count} remaining: {text}"
        found["NamespaceDeletionContentFailure"] = "ContentDeletionFailed", message
    if remaining.counts and not remaining.only_pods:
        parts = sorted(f"{one.plural}.{one.group} has {n} resource instances" for one, n in remaining.counts.items())
        found["NamespaceContentRemaining"] = (
            "SomeResourcesRemain",
            f"Some resources are remaining: {', '.join(parts)}",
        )
    if remaining.finalizers and not remaining.only_pods:
        parts = sorted(f"{one} in {n} resource instances" for one, n in remaining.finalizers.items())
        found["NamespaceFinalizersRemaining"] = (
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {', '.join(parts)}",
        )
    return found


def with_conditions(namespace: Object, remaining: Remaining, now: float) -> Object:
    """The namespace's status as the pass found it; the same object where nothing changes."""
    troubles = _troubles(remaining)
    conditions: list[Object] = list(dig(namespace, "status", "conditions", default=[]))
    changed = False
    for kind, fine in _FINE.items():
        reason, message = troubles.get(kind, fine)
        fresh = {
            "type": kind,
            "status": "True" if kind in troubles else "False",
            "reason": reason,
            "message": message,
        }
        before = condition(namespace, kind)
        if before is not None and all(before.get(key) == value for key, value in fresh.items()):
            continue
        same = before is not None and before.get("status") == fresh["status"]
        fresh["lastTransitionTime"] = before.get("lastTransitionTime", "") if before and same else render(now)
        changed = True
        if before is None:
            conditions.append(fresh)
        else:
            conditions[conditions.index(before)] = fresh
    if not changed:
        return namespace
    return {**namespace, "status": {**(namespace.get("status") or {}), "conditions": conditions}}


def is_ending(namespace: Object | None) -> bool:
    """A namespace that is being deleted and still has our finalizer."""
    return (
        namespace is not None and deleting(namespace) and FINALIZER in dig(namespace, "spec", "finalizers", default=())
    )


def finalized(namespace: Object) -> Object:
    """The namespace without our finalizer."""
    kept = [one for one in dig(namespace, "spec", "finalizers", default=()) if one != FINALIZER]
    return {**namespace, "spec": {**(namespace.get("spec") or {}), "finalizers": kept}}
