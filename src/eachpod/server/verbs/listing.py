"""GET on a collection: the options that clients may combine, pages and their tokens."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.fielderrors import FieldError, forbidden, invalid
from eachpod.model.objects import Object
from eachpod.server.requestinfo import Query, text
from eachpod.server.selection import Selection
from eachpod.store.contract import Entry


@dataclass(frozen=True, slots=True)
class ListOptions:
    """`exact` is the revision to list at, 0 for the present one; `start` is where a page begins."""

    limit: int = 0
    minimum: int = 0
    exact: int = 0
    start: tuple[str, str] | None = None


def parse_list(query: Query) -> ListOptions:
    version, match = text(query, "resourceVersion"), text(query, "resourceVersionMatch")
    token = text(query, "continue")
    limit = max(number_of(text(query, "limit")), 0)
    number_of(text(query, "timeoutSeconds"))
    faults = _combination_faults(version, match, token, query)
    if faults:
        raise refused(faults)
    if token:
        revision, start = _decode(token)
        if version and version != "0":
            raise errors.BadRequest("specifying resource version is not allowed when using continue")
        return ListOptions(limit=limit, exact=revision, start=start)
    minimum = revision_of(version, "invalid resource version: ")
    if version == "0":
        return ListOptions()
    return ListOptions(
        limit, minimum=minimum, exact=minimum if match == "Exact" or (limit and version and not match) else 0
    )


def _combination_faults(version: str, match: str, token: str, query: Query) -> list[FieldError]:
    faults = []
    if match:
        if not version:
            faults.append(
                forbidden(
                    "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"
                )
            )
        if token:
            faults.append(
                forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
            )
        if match not in ("Exact", "NotOlderThan"):
            shown = '"Exact", "NotOlderThan", ""'
            faults.append(
                FieldError(
                    "resourceVersionMatch",
                    "FieldValueNotSupported",
                    f'Unsupported value: "{match}": supported values: {shown}',
                )
            )
        elif match == "Exact" and version == "0":
            faults.append(
                forbidden("resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
            )
    if "sendInitialEvents" in query:
        faults.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return faults


def refused(faults: list[FieldError]) -> errors.Invalid:
    shown = [str(fault) for fault in faults]
    joined = shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"
    details: Object = {"group": "meta.k8s.io", "kind": "ListOptions", "causes": [fault.cause() for fault in faults]}
    return errors.Invalid(f'ListOptions.meta.k8s.io "" is invalid: {joined}', details=details)


def number_of(value: str) -> int:
    if not value:
        return 0
    try:
        return int(value)
    except ValueError:
        message = f'strconv.ParseInt: parsing "{value}": invalid syntax'
        raise errors.BadRequest(message) from None


def revision_of(version: str, prefix: str = "") -> int:
    if not version:
        return 0
    if not version.isdigit():
        text_ = f'strconv.ParseUint: parsing "{version}": invalid syntax'
        raise errors.BadRequest(prefix + str(invalid("resourceVersion", version, text_)))
    return int(version)


def too_new(asked: int, current: int) -> errors.Timeout:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details: Object = {"causes": [cause], "retryAfterSeconds": 1}
    return errors.Timeout(f"Timeout: Too large resource version: {asked}, current: {current}", details=details)


_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class ExpiredPage(errors.Expired):
    """410 for a token whose revision is gone; it brings one that continues in the present state."""

    def __init__(self, token: str) -> None:
        super().__init__(_TOO_OLD)
        self.token = token

    def status(self) -> Object:
        return {**super().status(), "metadata": {"continue": self.token}}


@dataclass(frozen=True, slots=True)
class Page:
    entries: Sequence[Entry]
    meta: Object


def page(found: Sequence[Entry], selection: Selection, options: ListOptions, revision: int) -> Page:
    """The part of `found` (sorted by namespace and name) that this answer carries."""
    rest: Sequence[Entry] = found
    if options.start is not None:
        rest = [entry for entry in rest if (entry.key.namespace, entry.key.name) >= options.start]
    if not selection.empty:
        rest = [entry for entry in rest if selection.matches(entry.object)]
    meta: Object = {"resourceVersion": str(revision)}
    if options.limit and len(rest) > options.limit:
        following = rest[options.limit].key
        meta["continue"] = encode(revision, (following.namespace, following.name))
        if selection.empty:
            meta["remainingItemCount"] = len(rest) - options.limit
        rest = rest[: options.limit]
    return Page(rest, meta)


def encode(revision: int, start: tuple[str, str]) -> str:
    content = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(start)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _decode(token: str) -> tuple[int, tuple[str, str]]:
    """Revision and the (namespace, name) to go on from, of a continue token. BadRequest where it is none."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = content["start"].partition("/")
        if content["v"] != "meta.k8s.io/v1":
            raise ValueError
        return max(int(content["rv"]), 0), (namespace, name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = "illegal base64 data at input byte 0" if isinstance(error, binascii.Error) else "invalid character"
        raise errors.BadRequest(f"invalid continue token: continue key is not valid: {why}") from None


def watch_faults(query: Query) -> list[FieldError]:
    """What sendInitialEvents and resourceVersionMatch may be combined with in a watch."""
    match, asked = text(query, "resourceVersionMatch"), "sendInitialEvents" in query
    faults = []
    if asked and match != "NotOlderThan":
        faults.append(
            forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        )
    if not asked and match:
        faults.append(
            forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            )
        )
    return faults
