"""The options of a request for a log, checked before anybody is asked for it."""

from eachpod.model import errors, timestamps
from eachpod.model.fielderrors import FieldError, forbidden, invalid
from eachpod.model.fieldrules import NEGATIVE
from eachpod.model.resource import Resource
from eachpod.server.requestinfo import Query, text

_OPTIONS = Resource("", "v1", "PodLogOptions", "podlogoptions")
_NUMBERS = ("tailLines", "limitBytes", "sinceSeconds")
_LAYOUT = "2006-01-02T15:04:05Z07:00"


def check_log_options(pod: str, query: Query) -> None:
    """BadRequest for what cannot be read, Invalid for what makes no sense."""
    numbers = {key: _number(text(query, key)) for key in _NUMBERS if text(query, key)}
    since = text(query, "sinceTime")
    if since and timestamps.parse(since) is None:
        raise errors.BadRequest(f'parsing time "{since}" as "{_LAYOUT}": cannot parse "{since}" as "2006"')
    faults = _faults(numbers, since, split=bool(text(query, "stream")))
    if faults:
        raise errors.invalid(_OPTIONS, pod, faults)


def _number(given: str) -> int:
    try:
        return int(given)
    except ValueError:
        raise errors.BadRequest(f'strconv.ParseInt: parsing "{given}": invalid syntax') from None


def _faults(numbers: dict[str, int], since: str, *, split: bool) -> list[FieldError]:
    faults: list[FieldError] = []
    if numbers.get("tailLines", 0) < 0:
        faults.append(invalid("tailLines", numbers["tailLines"], NEGATIVE))
    if numbers.get("limitBytes", 1) < 1:
        faults.append(invalid("limitBytes", numbers["limitBytes"], "must be greater than 0"))
    if "sinceSeconds" in numbers and since:
        faults.append(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif numbers.get("sinceSeconds", 1) < 1:
        faults.append(invalid("sinceSeconds", numbers["sinceSeconds"], "must be greater than 0"))
    if split:
        faults.append(forbidden("stream", "may not be specified"))
    return faults
