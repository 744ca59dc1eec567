"""DELETE: gone at once, or marked for those who hold the object (finalizers, a pod's grace period)."""

from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.objects import Object, deleting, dig, finalizers, name
from eachpod.model.podphase import is_finished
from eachpod.model.resources import NAMESPACE
from eachpod.model.timestamps import parse, render

_ORPHAN, _FOREGROUND = "orphan", "foregroundDeletion"


@dataclass(frozen=True, slots=True)
class Options:
    """meta/v1 DeleteOptions."""

    grace_seconds: int | None = None
    uid: str = ""
    resource_version: str = ""
    propagation: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """`marked` is to be stored first where it is not None; `gone` says whether the object then leaves the store."""

    marked: Object | None
    gone: bool


def check_preconditions(kind: Kind, old: Object, options: Options) -> None:
    held = old["metadata"]
    if options.uid and options.uid != held.get("uid"):
        text = f"the UID in the precondition ({options.uid}) does not match the UID in record ({held.get('uid')}). "
        raise _unmet(kind, old, text + "The object might have been deleted and then recreated")
    wanted, version = options.resource_version, held.get("resourceVersion")
    if wanted and wanted != version:
        text = f"the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record "
        raise _unmet(kind, old, f"{text}({version}). The object might have been modified")


def _unmet(kind: Kind, old: Object, why: str) -> errors.Conflict:
    """Names the kind, not the resource, as the real server does here."""
    resource = kind.resource
    shown = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: Object = {"name": name(old), "group": resource.group, "kind": resource.kind}
    details = {key: value for key, value in details.items() if value}
    return errors.Conflict(f'Operation cannot be fulfilled on {shown} "{name(old)}": {why}', details=details)


def deleted(kind: Kind, old: Object, options: Options, now: float) -> Deletion:
    check_preconditions(kind, old, options)
    held = _held_by(kind, old, options)
    if kind.graceful:
        return _graceful(old, options, held, now)
    marked = _with_finalizers(old, held) if held != finalizers(old) else old
    if not held and not _namespace_waits(kind, old):
        return Deletion(None, gone=True)
    if not deleting(old):
        marked = _ending(marked, now) if _is_namespace(kind) else _marked(marked, now, 0)
    return Deletion(marked if marked is not old else None, gone=False)


def _is_namespace(kind: Kind) -> bool:
    return kind.resource == NAMESPACE


def _namespace_waits(kind: Kind, old: Object) -> bool:
    return _is_namespace(kind) and bool(dig(old, "spec", "finalizers"))


def _ending(namespace: Object, now: float) -> Object:
    """A namespace has no grace period: it takes as long as its content does."""
    meta = {**namespace["metadata"], "deletionTimestamp": render(now)}
    return {**namespace, "metadata": meta, "status": {**(namespace.get("status") or {}), "phase": "Terminating"}}


def _graceful(old: Object, options: Options, held: list[str], now: float) -> Deletion:
    meta = old["metadata"]
    if deleting(old):
        period, before = options.grace_seconds, meta.get("deletionGracePeriodSeconds")
        if before is None:
            return Deletion(None, gone=not held)
        if period is None or period >= before:
            return Deletion(None, gone=before == 0 and not held)
        period = max(period, 0)
        start = (parse(meta["deletionTimestamp"]) or now) - before
        marked = _timed(old, start + period, period)
        return Deletion(marked, gone=period == 0 and not held)
    grace = _grace(old, options.grace_seconds)
    marked = _marked(_with_finalizers(old, held) if held != finalizers(old) else old, now + grace, grace)
    return Deletion(marked, gone=grace == 0 and not held)


def _grace(pod: Object, asked: int | None) -> int:
    spec = pod.get("spec") or {}
    grace = asked if asked is not None else spec.get("terminationGracePeriodSeconds")
    grace = 30 if grace is None else grace
    if grace < 0:
        grace = 1
    if not spec.get("nodeName") or is_finished(pod):
        return 0
    return int(grace)


def _timed(obj: Object, at: float, grace: int) -> Object:
    times = {"deletionTimestamp": render(at), "deletionGracePeriodSeconds": grace}
    return {**obj, "metadata": {**obj["metadata"], **times}}


def _marked(obj: Object, at: float, grace: int) -> Object:
    marked = _timed(obj, at, grace)
    generation = marked["metadata"].get("generation")
    if generation:
        marked["metadata"]["generation"] = generation + 1
    return marked


def _with_finalizers(obj: Object, held: list[str]) -> Object:
    meta = {key: value for key, value in obj["metadata"].items() if key != "finalizers"}
    if held:
        meta["finalizers"] = held
    return {**obj, "metadata": meta}


def _held_by(kind: Kind, old: Object, options: Options) -> list[str]:
    """The finalizers with what the propagation policy asks of the garbage collector."""
    own = finalizers(old)
    policy = options.propagation
    if not policy:
        if _ORPHAN in own or _FOREGROUND in own:
            return own
        policy = kind.propagation
    wanted = {"Orphan": _ORPHAN, "Foreground": _FOREGROUND}.get(policy)
    rest = [each for each in own if each not in (_ORPHAN, _FOREGROUND) or each == wanted]
    if wanted and wanted not in rest:
        rest.append(wanted)
    return rest
