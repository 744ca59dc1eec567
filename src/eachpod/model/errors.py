"""Errors as the API gives them: a `Status` object with code, reason, message and details.

One class per reason that somebody catches; all others stay `StatusError`. The server raises them, the client raises the
same classes again from what it receives, so a caller cannot tell whether the server is in its process.
Texts are those of k8s.io/apimachinery/pkg/api/errors.
"""

from typing import Any, ClassVar

from .fielderrors import FieldError
from .objects import Object
from .resource import Resource


class StatusError(Exception):
    """A failed request. `details` is the Status' details object, or empty."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = "InternalError"

    def __init__(
        self, message: str, *, details: Object | None = None, code: int | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: Object = details or {}
        self.status_code = self.code if code is None else code
        self.status_reason = self.reason if reason is None else reason

    def status(self) -> Object:
        """The Status object of this error (meta/v1 Status)."""
        body: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.status_reason:
            body["reason"] = self.status_reason
        if self.details:
            body["details"] = self.details
        body["code"] = self.status_code
        return body


class BadRequest(StatusError):
    code, reason = 400, "BadRequest"


class Unauthorized(StatusError):
    code, reason = 401, "Unauthorized"


class Forbidden(StatusError):
    code, reason = 403, "Forbidden"


class NotFound(StatusError):
    code, reason = 404, "NotFound"


class MethodNotAllowed(StatusError):
    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(StatusError):
    code, reason = 406, "NotAcceptable"


class AlreadyExists(StatusError):
    code, reason = 409, "AlreadyExists"


class Conflict(StatusError):
    code, reason = 409, "Conflict"


class Expired(StatusError):
    code, reason = 410, "Expired"


class TooLarge(StatusError):
    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(StatusError):
    code, reason = 415, "UnsupportedMediaType"


class Invalid(StatusError):
    code, reason = 422, "Invalid"


class TooManyRequests(StatusError):
    code, reason = 429, "TooManyRequests"


class InternalError(StatusError):
    code, reason = 500, "InternalError"


class ServiceUnavailable(StatusError):
    code, reason = 503, "ServiceUnavailable"


class Timeout(StatusError):
    code, reason = 504, "Timeout"


_BY_REASON: dict[str, type[StatusError]] = {
    cls.reason: cls
    for cls in (
        BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, AlreadyExists, Conflict,
        Expired, TooLarge, UnsupportedMediaType, Invalid, TooManyRequests, InternalError, ServiceUnavailable, Timeout,
    )
}  # fmt: skip


def from_status(status: Object) -> StatusError:
    """The error that a received Status stands for; 410 Gone counts as Expired."""
    reason = status.get("reason") or ""
    cls = Expired if status.get("code") == 410 else _BY_REASON.get(reason, StatusError)
    return cls(
        status.get("message") or reason or "unknown error",
        details=status.get("details"),
        code=int(status.get("code") or 500),
        reason=reason,
    )


def _qualified(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def _named(resource: Resource, name: str, **more: Any) -> Object:
    details: Object = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    return {**details, **more}


def not_found(resource: Resource, name: str) -> NotFound:
    return NotFound(f'{_qualified(resource)} "{name}" not found', details=_named(resource, name))


def already_exists(resource: Resource, name: str) -> AlreadyExists:
    return AlreadyExists(f'{_qualified(resource)} "{name}" already exists', details=_named(resource, name))


def conflict(resource: Resource, name: str, why: str) -> Conflict:
    text = f'Operation cannot be fulfilled on {_qualified(resource)} "{name}": {why}'
    return Conflict(text, details=_named(resource, name))


def forbidden(resource: Resource, name: str, why: str) -> Forbidden:
    what = f'{_qualified(resource)} "{name}"' if name else _qualified(resource)
    return Forbidden(f"{what} is forbidden: {why}", details=_named(resource, name))


def invalid(resource: Resource, name: str, errors: list[FieldError]) -> Invalid:
    """422 with one cause per field error; the details name the kind, not the plural."""
    errors = list(dict.fromkeys(errors))  # what is found twice is told once
    texts = [str(error) for error in errors]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: Object = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details |= {"kind": resource.kind, "causes": [error.cause() for error in errors]}
    return Invalid(f'{kind} "{name}" is invalid: {text}', details=details)
