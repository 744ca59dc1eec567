"""eviction: a deletion of a pod that disruption budgets may refuse."""

from dataclasses import replace

from eachpod.model import errors
from eachpod.model.disruptionallowed import DISRUPTION_ALLOWED, SYNC_FAILED, with_disruption_allowed
from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, condition, deleting, dig, labels, name, put, with_condition
from eachpod.model.podphase import is_finished
from eachpod.model.resources import POD, PODDISRUPTIONBUDGET
from eachpod.model.timestamps import render
from eachpod.server import decode, deletes
from eachpod.server.calls import ATTEMPTS, Call, Core
from eachpod.server.verbs.delete import Options, check_preconditions
from eachpod.store.contract import Change, Entry, Key, RevisionConflict
from eachpod.wire.http import Response

from .binding import success

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_WAIT_SECONDS = 10
_MOST_DISRUPTED = 2000
# In this message the real server says the kind's name in the singular.
_BUDGETS = replace(PODDISRUPTIONBUDGET, plural="poddisruptionbudget")


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
    else:
        text = "couldn't update the disruption budget of the pod due to conflicts"
        raise errors.Timeout(f"Timeout: {text}", details={"retryAfterSeconds": _WAIT_SECONDS})
    options = deletes.options_of(sent.get("deleteOptions") or {}, call)
    if not call.context.dry_run:
        options = await _mark(core, call, options)
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
    disrupted = status.get("disruptedPods") or {}
    if len(disrupted) > _MOST_DISRUPTED:
        raise _too_many_pending(name(budget))
    if allowed <= 0:
        raise _refused(_why_none(name(budget), status))
    counted = {**status, "disruptionsAllowed": allowed - 1, "disruptedPods": {**disrupted, name(pod): render(now)}}
    return put(budget, ("status",), counted if allowed > 1 else with_disruption_allowed(counted, now))


def _why_none(budget: str, status: Object) -> str:
    """Why a budget allows no disruption. Its counters mean nothing where they could not be brought up to date."""
    listed = status.get("conditions") or ()
    allowed: Object = next((one for one in listed if one.get("type") == DISRUPTION_ALLOWED), {})
    message = allowed.get("message") if allowed.get("status") == "False" else ""
    refused = f"The disruption budget {budget} does not allow evicting pods currently"
    if message and allowed.get("reason") == SYNC_FAILED:
        return f"{refused} because it failed sync: {message}"
    needs, has = status.get("desiredHealthy") or 0, status.get("currentHealthy") or 0
    if has <= needs:
        return f"The disruption budget {budget} needs {needs} healthy pods and has {has} currently"
    return f"{refused} ({allowed.get('reason')}): {message}" if message else refused


def _too_many_pending(budget: str) -> errors.Forbidden:
    why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
    error = errors.forbidden(_BUDGETS, budget, why)
    text = f"The disruption budget {budget} does not allow evicting pods currently: "
    cause = {
        "reason": "DisruptionBudget",
        "message": f"{text}too many pending evictions not confirmed by PDB controller",
    }
    return errors.Forbidden(str(error), details={**error.details, "causes": [cause]})


def _refused(text: str, retry: int = 0) -> errors.TooManyRequests:
    details: Object = {"causes": [{"reason": "DisruptionBudget", "message": text}]}
    if retry:
        details["retryAfterSeconds"] = retry
    return errors.TooManyRequests(_REFUSED, details=details)


async def _mark(core: Core, call: Call, options: Options) -> Options:
    """Say in the pod's status why it goes, for those that see it end. Returns the options for the deletion: a version
    that they ask for is the one that this makes."""
    key = call.key()
    for _ in range(ATTEMPTS):
        entry = core.store.get(key)
        if entry is None:
            return options
        check_preconditions(call.kind, entry.object, options)
        marked = _marked(entry.object, call.context.now)
        try:
            stored = await core.commit(call, Change(key, marked, entry.revision))
        except RevisionConflict:
            continue
        return replace(options, resource_version=str(stored.revision)) if options.resource_version else options
    return options


def _marked(pod: Object, now: float) -> Object:
    fresh: Object = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": render(now),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    return put(pod, ("status", "conditions"), with_condition(dig(pod, "status", "conditions", default=()), fresh))
