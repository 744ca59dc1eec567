"""eviction: a deletion of a pod that disruption budgets may refuse."""

from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, condition, deleting, dig, labels, name, put
from eachpod.model.podphase import is_finished
from eachpod.model.resources import POD, PODDISRUPTIONBUDGET
from eachpod.model.timestamps import render
from eachpod.server import decode, deletes
from eachpod.server.calls import ATTEMPTS, Call, Core
from eachpod.store.contract import Change, Entry, Key, RevisionConflict
from eachpod.wire.http import Response

from .binding import success

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_WAIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """`budget` is the changed budget to store first, None where none is to be charged."""

    budget: Object | None = None


async def handle(core: Core, call: Call) -> Response:
    sent = decode.parsed(call.request.body, call.request.content_type) or {}
    if dig(sent, "deleteOptions", "dryRun"):
        call = call.as_dry_run()
    named = dig(sent, "metadata", "name")
    if named and named != call.info.name:
        raise errors.BadRequest("name in URL does not match name in Eviction object")
    for _ in range(ATTEMPTS):
        entry = core.store.get(call.key())
        if entry is None:
            raise errors.not_found(POD, call.info.name)
        try:
            await _charge(core, call, entry)
            break
        except RevisionConflict:
            continue
    options = deletes.options_of(sent.get("deleteOptions") or {}, call)
    await _mark(core, call)
    await deletes.removed(core, call.about(subresource=""), options)
    return Response(201, success(201))


async def _charge(core: Core, call: Call, entry: Entry) -> None:
    pod = entry.object
    if _free_to_go(pod):
        return
    budgets = [
        budget
        for budget in core.view.all(PODDISRUPTIONBUDGET, call.info.namespace)
        if Selector.of(dig(budget, "spec", "selector")).matches(labels(pod))
    ]
    if not budgets:
        return
    if len(budgets) > 1:
        text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise errors.InternalError(text, reason="")
    charged = charge(budgets[0], pod, call.context.now)
    if charged is not None:
        key = Key(PODDISRUPTIONBUDGET.group_resource, call.info.namespace, name(charged))
        await core.commit(call, Change(key, charged, int(charged["metadata"]["resourceVersion"])))


def _free_to_go(pod: Object) -> bool:
    pending = dig(pod, "status", "phase", default="Pending") == "Pending"
    return pending or is_finished(pod) or deleting(pod)


def charge(budget: Object, pod: Object, now: float) -> Object | None:
    """The budget with this disruption counted; None where it need not be. TooManyRequests where it has none left."""
    status = budget.get("status") or {}
    ready = (condition(pod, "Ready") or {}).get("status") == "True"
    if not ready:
        always = dig(budget, "spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow"
        healthy = status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0) > 0
        if always or healthy:
            return None
    if (status.get("observedGeneration") or 0) < (budget["metadata"].get("generation") or 0):
        text = f"The disruption budget {name(budget)} is still being processed by the server."
        raise _refused(text, retry=_WAIT_SECONDS)
    allowed = status.get("disruptionsAllowed") or 0
    if allowed <= 0:
        needs, has = status.get("desiredHealthy") or 0, status.get("currentHealthy") or 0
        text = f"The disruption budget {name(budget)} needs {needs} healthy pods and has {has} currently"
        raise _refused(text)
    disrupted = {**(status.get("disruptedPods") or {}), name(pod): render(now)}
    return put(budget, ("status",), {**status, "disruptionsAllowed": allowed - 1, "disruptedPods": disrupted})


def _refused(text: str, retry: int = 0) -> errors.TooManyRequests:
    details: Object = {"causes": [{"reason": "DisruptionBudget", "message": text}]}
    if retry:
        details["retryAfterSeconds"] = retry
    return errors.TooManyRequests(_REFUSED, details=details)


async def _mark(core: Core, call: Call) -> None:
    """Say in the pod's status why it goes, for those that see it end."""
    key = call.key()
    for _ in range(ATTEMPTS):
        entry = core.store.get(key)
        if entry is None or _free_to_go(entry.object):
            return
        reason = {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": render(call.context.now),
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }
        kept = dig(entry.object, "status", "conditions", default=[])
        kept = [each for each in kept if each.get("type") != "DisruptionTarget"]
        marked = put(entry.object, ("status", "conditions"), [*kept, reason])
        try:
            await core.commit(call, Change(key, marked, entry.revision))
            return
        except RevisionConflict:
            continue
