"""A request to an API server and its answer, as values: what the client builds, a transport carries, the server reads.

Bodies are objects where both ends are in one process; an HTTP transport encodes and decodes them at its edge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Body = dict[str, Any] | list[Any] | bytes | None

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Request:
    """`query` values are single strings; a repeated key (exec's `command`) is a tuple."""

    method: str
    path: str
    query: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    body: Body = None
    content_type: str = "application/json"
    accept: str = "application/json"
    # User-Agent of a request over HTTP: names the field manager where the query does not.
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is parsed JSON where the answer is JSON, else bytes."""

    status: int
    body: Body = None
    content_type: str = "application/json"
    warnings: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class WatchEvent(NamedTuple):
    """One event of a watch: type is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR (then object is a Status)."""

    type: str
    object: dict[str, Any]
