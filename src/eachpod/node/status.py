"""The status of a pod as the kubelet writes it, made from what the machine knows."""

from eachpod.model import objects
from eachpod.model.objects import Object, dig
from eachpod.model.podphase import FINISHED
from eachpod.model.podspec.qos import qos_class
from eachpod.model.timestamps import render

from . import podspec
from .conditions import conditions
from .containerstatus import container_statuses
from .phase import phase
from .podoutcome import ending, finished
from .podstate import CLEAN, DELETE, STOP_SANDBOX, HostInfo, PodState


def generate(state: PodState, host: HostInfo, now: float) -> Object:
    """status, without the conditions of others."""
    pod = state.pod
    generation = dig(pod, "metadata", "generation", default=0)
    inits = container_statuses(state, podspec.init_containers(pod), init=True)
    regular = container_statuses(state, podspec.regular_containers(pod))
    ephemeral = container_statuses(state, podspec.ephemeral_containers(pod))
    status: Object = {"observedGeneration": generation} if generation else {}
    status["phase"] = _phase(state, inits, regular)
    reason, message = _reason(state, status["phase"])
    if message:
        status["message"] = message
    if reason:
        status["reason"] = reason
    rejected = state.verdict is not None and not state.volumes_ready and state.sandbox is None and not state.addresses
    status |= _addresses(state, host)
    status["startTime"] = dig(pod, "status", "startTime") or render(state.started_at)
    if not (rejected and state.verdict and state.verdict.reason != "DeadlineExceeded"):
        if inits:
            status["initContainerStatuses"] = inits
        status["containerStatuses"] = regular
        if ephemeral:
            status["ephemeralContainerStatuses"] = ephemeral
    status["qosClass"] = dig(pod, "status", "qosClass") or qos_class(pod.get("spec") or {})
    # While a pod ends, its sandbox may have been stopped by us already: that it once was there counts no more.
    ready_to_start = state.sandbox is not None and state.sandbox.ready
    status["conditions"] = conditions(pod, status, ready_to_start=ready_to_start, now=now)
    return status


def _phase(state: PodState, inits: list[Object], regular: list[Object]) -> str:
    before = dig(state.pod, "status", "phase", default="")
    if before in FINISHED:
        return str(before)
    still = any(each.running for each in state.containers.values())
    if state.verdict is not None and (state.verdict.reason != "DeadlineExceeded" or not still):
        return "Failed"
    over = ending(state) and not finished(state) and not still and not state.busy - {CLEAN, STOP_SANDBOX, DELETE}
    initialized = any("running" in each["state"] for each in regular)
    found = phase(state.pod, [*inits, *regular], over=over, initialized=initialized)
    if over and objects.deleting(state.pod) and found not in FINISHED and not state.gone and state.cleaned:
        return "Failed" if found == "Running" else found
    return found


def _reason(state: PodState, now_phase: str) -> tuple[str, str]:
    """status.reason and status.message: those of a verdict, else what they were as long as the phase stays."""
    if state.verdict is not None and now_phase == "Failed":
        return state.verdict.reason, state.verdict.message
    if dig(state.pod, "status", "phase") == now_phase:
        reason = dig(state.pod, "status", "reason", default="")
        return str(reason), str(dig(state.pod, "status", "message", default=""))
    return "", ""


def _addresses(state: PodState, host: HostInfo) -> Object:
    found: Object = {}
    if host.addresses:
        found["hostIP"] = host.addresses[0]
        found["hostIPs"] = [{"ip": each} for each in host.addresses]
    own = host.addresses if podspec.host_network(state.pod) else state.addresses
    if own:
        found["podIP"] = own[0]
        found["podIPs"] = [{"ip": each} for each in own]
    return found
