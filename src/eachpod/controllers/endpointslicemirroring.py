"""The EndpointSliceMirroring controller: slices for Endpoints that somebody made by hand.

A Service without selector gets its addresses from an Endpoints object that a user writes. Readers of slices (proxies,
DNS) would not see it, so each address family and set of ports of it becomes one slice. It goes when the Endpoints or
the Service go, and when the Service gets a selector.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from eachpod.client.correlate import Note
from eachpod.kit.backoff import Backoff
from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.resources import ENDPOINTS, ENDPOINTSLICE, SERVICE
from eachpod.model.wellknown import LAST_APPLIED, MANAGED_BY, SERVICE_NAME, SKIP_MIRROR

from .endpoints import repack
from .endpointslice.controller import TRIGGER
from .endpointslice.endpoints import Ports, canonical, key_of, parsed, rendered
from .ownership import controller_reference
from .plan import Change, Create, Emit, Plan, Update, delete
from .view import Controller, Index, Key, View, Watch

MANAGER = "endpointslicemirroring-controller.k8s.io"
LEADER = "control-plane.alpha.kubernetes.io/leader"
LIMIT = 1000

_BY_SERVICE = "mirrored slices by service"

Group = tuple[str, Ports]  # address family, ports


def reconcile(view: View, key: Key, now: float) -> Plan:
    existing = view.select(ENDPOINTSLICE, _BY_SERVICE, f"{key.namespace}/{key.name}")
    endpoints = view.get(ENDPOINTS, key.namespace, key.name)
    service = view.get(SERVICE, key.namespace, key.name)
    if endpoints is None or service is None or not is_mirrored(endpoints, service):
        return Plan(tuple(delete(ENDPOINTSLICE, slice_) for slice_ in existing), remember=None)
    wanted = gather(endpoints)
    spare = [slice_ for slice_ in existing if _group(slice_) not in wanted.groups]
    # What is left out is told once for each state of the Endpoints, not again when our own slices come back.
    changes: list[Change] = [] if view.recall(key) is endpoints else list(_told(endpoints, wanted))
    for group, desired in wanted.groups.items():
        mine = [slice_ for slice_ in existing if _group(slice_) == group]
        spare += mine[1:]
        slice_ = _slice(endpoints, group, desired)
        if not mine:
            mine = [candidate for candidate in spare if candidate.get("addressType") == group[0]][:1]
            spare = [candidate for candidate in spare if candidate not in mine]
        if not mine:
            changes.append(Create(ENDPOINTSLICE, slice_))
        elif not _same(mine[0], slice_):
            changes.append(Update(ENDPOINTSLICE, _onto(mine[0], slice_)))
    changes += [delete(ENDPOINTSLICE, slice_) for slice_ in spare]
    return Plan(tuple(changes), remember=endpoints)


def is_mirrored(endpoints: Object, service: Object) -> bool:
    return (
        objects.labels(endpoints).get(SKIP_MIRROR) != "true"
        and LEADER not in objects.annotations(endpoints)
        and dig(service, "spec", "selector") is None
        and not objects.deleting(endpoints)
    )


@dataclass(slots=True)
class Gathered:
    """The endpoints to mirror by group, and how many addresses had to be left out."""

    groups: dict[Group, dict[tuple[str, ...], Object]] = field(default_factory=dict)
    invalid: int = 0
    skipped: int = 0


def gather(endpoints: Object) -> Gathered:
    result = Gathered()
    for subset in repack(endpoints.get("subsets") or []):
        ports = tuple(sorted(parsed(subset.get("ports"))))
        listed = [(a, True) for a in subset.get("addresses") or []]
        listed += [(a, False) for a in subset.get("notReadyAddresses") or []]
        added = 0
        for address, ready in listed:
            if added >= LIMIT:
                break
            if _add(result, ports, address, ready):
                added += 1
            else:
                result.invalid += 1
        result.skipped += len(listed) - added
    return result


def _add(result: Gathered, ports: Ports, address: Object, ready: bool) -> bool:
    ip = canonical(address.get("ip") or "")
    if not ip:
        return False
    endpoint: Object = {"addresses": [ip], "conditions": {"ready": ready}}
    for name in ("hostname", "nodeName", "targetRef"):
        if address.get(name):
            endpoint[name] = address[name]
    family = "IPv6" if ":" in ip else "IPv4"
    result.groups.setdefault((family, ports), {})[key_of(endpoint)] = endpoint
    return True


def _told(endpoints: Object, wanted: Gathered) -> Iterable[Change]:
    if wanted.invalid:
        text = f"Skipped {wanted.invalid} invalid IP addresses when mirroring to EndpointSlices"
        yield Emit(Note(endpoints, "InvalidIPAddress", text, "Warning"))
    if wanted.skipped > wanted.invalid:
        text = (
            f"A max of {LIMIT} addresses can be mirrored to EndpointSlices per Endpoints subset. "
            f"{wanted.skipped} addresses were skipped"
        )
        yield Emit(Note(endpoints, "TooManyAddressesToMirror", text, "Warning"))


def _group(slice_: Object) -> Group:
    return str(slice_.get("addressType")), tuple(sorted(parsed(slice_.get("ports"))))


def _slice(endpoints: Object, group: Group, desired: dict[tuple[str, ...], Object]) -> Object:
    family, ports = group
    name = objects.name(endpoints)
    kept = {k: v for k, v in objects.annotations(endpoints).items() if k not in (TRIGGER, LAST_APPLIED)}
    prefix = f"{name}-" if len(name) < 253 else name
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": prefix,
            "namespace": objects.namespace(endpoints),
            "labels": {**objects.labels(endpoints), SERVICE_NAME: name, MANAGED_BY: MANAGER},
            **({"annotations": kept} if kept else {}),
            "ownerReferences": [controller_reference(endpoints)],
        },
        "addressType": family,
        "endpoints": list(desired.values()),
        "ports": rendered(ports),
    }


def _same(found: Object, wanted: Object) -> bool:
    def by_key(slice_: Object) -> dict[tuple[str, ...], Object]:
        return {key_of(endpoint): endpoint for endpoint in slice_.get("endpoints") or []}

    return (
        by_key(found) == by_key(wanted)
        and _group(found) == _group(wanted)
        and objects.labels(found) == objects.labels(wanted)
        and objects.annotations(found) == objects.annotations(wanted)
        and objects.owners(found) == objects.owners(wanted)
    )


def _onto(found: Object, wanted: Object) -> Object:
    """The wanted slice in the place of one that is there."""
    metadata = {
        **objects.meta(wanted),
        "name": objects.name(found),
        "resourceVersion": objects.revision(found),
        "uid": objects.uid(found),
    }
    return {**wanted, "metadata": metadata}


def mirrored_service(slice_: Object) -> Iterable[str]:
    labels = objects.labels(slice_)
    if labels.get(MANAGED_BY) != MANAGER or not labels.get(SERVICE_NAME):
        return ()
    return (f"{objects.namespace(slice_)}/{labels[SERVICE_NAME]}",)


def _slice_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    found = {value for obj in (old, new) if obj is not None for value in mirrored_service(obj)}
    return [Key(*value.split("/", 1)) for value in found]


def _same_name(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    obj = new if new is not None else old
    return (Key(objects.namespace(obj), objects.name(obj)),) if obj is not None else ()


CONTROLLER = Controller(
    name="endpointslice-mirroring-controller",
    component="endpoint-slice-mirroring-controller",
    reconcile=reconcile,
    primary=ENDPOINTS,
    watches=(Watch(SERVICE, _same_name), Watch(ENDPOINTSLICE, _slice_keys)),
    indexes=(Index(ENDPOINTSLICE, _BY_SERVICE, mirrored_service),),
    backoff=Backoff(base=1.0, limit=100.0),
)
