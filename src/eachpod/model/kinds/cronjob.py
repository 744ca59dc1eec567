"""CronJob."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.fieldrules import non_negative
from eachpod.model.kind import Cell, Kind
from eachpod.model.objects import Object, dig, name
from eachpod.model.podspec.warnings import pod_warnings
from eachpod.model.resources import CRONJOB
from eachpod.model.table import NONE, age, columns, containers, selector
from eachpod.model.timestamps import since

from .job import default_job_spec, validate_job_spec

_NICKNAMES = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
# Name of the field, its bounds and the words that stand for numbers.
_FIELDS = (
    ("minute", 0, 59, ""),
    ("hour", 0, 23, ""),
    ("day of month", 1, 31, ""),
    ("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    ("day of week", 0, 7, "sun mon tue wed thu fri sat"),
)
_PART = re.compile(r"(\*|\?|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/(\d+))?", re.IGNORECASE)
_NAME_LENGTH = 52
_POLICIES = ("Allow", "Forbid", "Replace")


def _default(obj: Object) -> Object:
    spec = obj.setdefault("spec", {})
    spec["concurrencyPolicy"] = spec.get("concurrencyPolicy") or "Allow"
    for field, value in (("suspend", False), ("successfulJobsHistoryLimit", 3), ("failedJobsHistoryLimit", 1)):
        if spec.get(field) is None:
            spec[field] = value
    job = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    kept = dict(job)
    default_job_spec(job)
    # Only the pod template of the job template has defaults; the rest comes when the job is made.
    for field in ("completions", "parallelism", "backoffLimit", "completionMode", "suspend", "podReplacementPolicy"):
        if field not in kept:
            job.pop(field, None)
    return obj


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": {}}


def schedule_fault(schedule: str) -> str:
    """What is wrong with a cron expression, or nothing."""
    if schedule.startswith("@"):
        known = schedule in _NICKNAMES or re.fullmatch(r"@every \d+\w+", schedule)
        return "" if known else f"unrecognized descriptor: {schedule}"
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    for text, (_, low, high, words) in zip(fields, _FIELDS, strict=True):
        for part in text.split(","):
            fault = _part_fault(part, low, high, words.split())
            if fault:
                return fault
    return ""


def _part_fault(part: str, low: int, high: int, words: list[str]) -> str:
    match = _PART.fullmatch(part)
    if not match:
        return f'failed to parse int from {part}: strconv.Atoi: parsing "{part}": invalid syntax'
    if match[2] == "0":
        return f"step of range should be a positive number: {part}"
    if match[1] in ("*", "?"):
        return ""
    bounds = []
    for text in match[1].split("-"):
        if text.isdigit():
            bounds.append(int(text))
        elif text.lower() in words:
            bounds.append(words.index(text.lower()) + low)
        else:
            return f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
    if bounds[0] < low:
        return f"beginning of range ({bounds[0]}) below minimum ({low}): {part}"
    if bounds[-1] > high:
        return f"end of range ({bounds[-1]}) above maximum ({high}): {part}"
    if bounds[0] > bounds[-1]:
        return f"beginning of range ({bounds[0]}) beyond end of range ({bounds[-1]}): {part}"
    return ""


def _validate(obj: Object) -> list[FieldError]:
    errors = _validate_spec(obj.get("spec") or {})
    if len(name(obj)) > _NAME_LENGTH:
        text = f"must be no more than {_NAME_LENGTH} characters"
        errors.append(invalid("metadata.name", name(obj), text))
    return errors


def _validate_spec(spec: Object) -> list[FieldError]:
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    errors = _schedule(schedule, zone)
    errors += non_negative(spec, "spec", "startingDeadlineSeconds")
    if zone is not None:
        errors += _time_zone(zone, "spec.timeZone")
    policy = spec.get("concurrencyPolicy") or ""
    if not policy:
        errors.append(required("spec.concurrencyPolicy"))
    elif policy not in _POLICIES:
        errors.append(not_supported("spec.concurrencyPolicy", policy, _POLICIES))
    job = dig(spec, "jobTemplate", "spec", default={})
    errors += _validate_job(job)
    return errors + non_negative(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")


def _schedule(schedule: str, zone: str | None) -> list[FieldError]:
    if not schedule:
        return [required("spec.schedule")]
    if "TZ" in schedule:
        text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        return [invalid("spec.schedule", schedule, text)]
    fault = schedule_fault(schedule)
    return [invalid("spec.schedule", schedule, fault)] if fault else []


def _time_zone(zone: str, path: str) -> list[FieldError]:
    if not zone:
        return [invalid(path, zone, "timeZone must be nil or non-empty string")]
    if zone.lower() == "local":
        text = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        return [invalid(path, zone, text)]
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return [invalid(path, zone, f"unknown time zone {zone}")]
    return []


def _validate_job(job: Object) -> list[FieldError]:
    errors = validate_job_spec({"completionMode": "NonIndexed", **job}, "spec.jobTemplate.spec")
    if job.get("manualSelector"):
        errors.append(not_supported("spec.jobTemplate.spec.manualSelector", True, ("nil", "false")))
    return errors


def _validate_update(new: Object, old: Object) -> list[FieldError]:
    return _validate_spec(new.get("spec") or {})


def _warnings(new: Object, old: Object | None) -> list[str]:
    template = dig(new, "spec", "jobTemplate", "spec", "template", default={})
    if old is not None and old.get("spec") == new.get("spec"):
        return []
    return pod_warnings(template.get("metadata") or {}, template.get("spec") or {}, "spec.jobTemplate.spec.template.")


def _row(obj: Object, now: float) -> list[Cell]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    last = status.get("lastScheduleTime")
    return [
        name(obj),
        spec.get("schedule") or "",
        NONE if spec.get("timeZone") is None else spec["timeZone"],
        str(bool(spec.get("suspend"))),
        len(status.get("active") or ()),
        since(last, now) if last else NONE,
        age(obj, now),
        *containers(dig(spec, "jobTemplate", "spec", "template", "spec")),
        selector(dig(spec, "jobTemplate", "spec", "selector")),
    ]


KIND = Kind(
    CRONJOB,
    default=_default,
    prepare_create=_prepare_create,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=columns(
        "Schedule",
        "Timezone",
        "Suspend:boolean",
        "Active:integer",
        "Last Schedule",
        "Age",
        "*Containers",
        "*Images",
        "*Selector",
    ),
    row=_row,
    generation=True,
)
