"""What a Job's status may say: its conditions, times and counters have to agree."""

from eachpod.model import timestamps
from eachpod.model.fielderrors import FieldError, invalid, required
from eachpod.model.fieldrules import non_negative
from eachpod.model.objects import Object, condition, dig

_COUNTERS = ("active", "succeeded", "failed", "ready", "terminating")
_PATH = "status.conditions"


def _without_value(path: str, detail: str) -> FieldError:
    return FieldError(path, "FieldValueInvalid", f"Invalid value: {detail}")


def _held(job: Object, kind: str) -> bool:
    return (condition(job, kind) or {}).get("status") == "True"


def validate_job_status(new: Object, old: Object) -> list[FieldError]:
    status, before = new.get("status") or {}, old.get("status") or {}
    errors = non_negative(status, "status", *_COUNTERS)
    complete, failed = _held(new, "Complete"), _held(new, "Failed")
    target, met = _held(new, "FailureTarget"), _held(new, "SuccessCriteriaMet")
    for wrong, text in (
        (complete and failed, "cannot set Complete=True and Failed=true conditions"),
        (complete and target, "cannot set Complete=True and FailureTarget=true conditions"),
    ):
        if wrong:
            errors.append(_without_value(_PATH, text))
    errors += _times(status, complete=complete)
    for wrong, text in (
        (failed and not target, "cannot set Failed=True condition without the FailureTarget=true condition"),
        (complete and not met, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
    ):
        if wrong:
            errors.append(_without_value(_PATH, text))
    if complete or failed:
        errors += _finished(status)
    ready = status.get("ready")
    if ready is not None and ready > (status.get("active") or 0):
        errors.append(invalid("status.ready", ready, "cannot set more ready pods than active"))
    for other, text in ((failed, "Failed"), (target, "FailureTarget")):
        if met and other:
            errors.append(_without_value(_PATH, f"cannot set SuccessCriteriaMet=True and {text}=true conditions"))
    return errors + _history(new, old, status, before)


def _times(status: Object, *, complete: bool) -> list[FieldError]:
    started, ended = status.get("startTime"), status.get("completionTime")
    errors: list[FieldError] = []
    if ended and not complete:
        text = "cannot set completionTime when there is no Complete=True condition"
        errors.append(invalid("status.completionTime", ended, text))
    if complete and not ended:
        errors.append(required("status.completionTime", "completionTime is required for Complete jobs"))
    if started and ended and (timestamps.parse(ended) or 0) < (timestamps.parse(started) or 0):
        errors.append(invalid("status.completionTime", ended, "must be equal to or after `startTime`"))
    return errors


def _finished(status: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    if (status.get("active") or 0) > 0:
        errors.append(invalid("status.active", status["active"], "active>0 is invalid for finished job"))
    if not status.get("startTime"):
        errors.append(required("status.startTime", "startTime is required for finished job"))
    uncounted = status.get("uncountedTerminatedPods") or {}
    if uncounted.get("failed") or uncounted.get("succeeded"):
        errors.append(invalid("status.uncountedTerminatedPods", uncounted, "must be empty for finished job"))
    if (status.get("terminating") or 0) > 0:
        text = "terminating>0 is invalid for finished job"
        errors.append(invalid("status.terminating", status["terminating"], text))
    return errors


def _history(new: Object, old: Object, status: Object, before: Object) -> list[FieldError]:
    errors = [
        _without_value(_PATH, f"cannot disable the terminal {kind}=True condition")
        for kind in ("Failed", "Complete", "FailureTarget")
        if _held(old, kind) and not _held(new, kind)
    ]
    for counter in ("failed", "succeeded"):
        if (status.get(counter) or 0) < (before.get(counter) or 0):
            text = f"cannot decrease the {counter} counter"
            errors.append(invalid(f"status.{counter}", status.get(counter) or 0, text))
    if _held(old, "SuccessCriteriaMet") and not _held(new, "SuccessCriteriaMet"):
        errors.append(_without_value(_PATH, "cannot disable the SuccessCriteriaMet=True condition"))
    started = before.get("startTime")
    if started and status.get("startTime") != started and not dig(new, "spec", "suspend"):
        text = "field is immutable for unsuspended job once set"
        errors.append(invalid("status.startTime", status.get("startTime"), text))
    return errors
