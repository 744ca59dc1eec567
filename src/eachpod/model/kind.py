"""What is special to a kind, as one value: the hooks that the generic verbs call.

There is one write path for all kinds (`server/verbs`); a kind is a file in `model/kinds` that exports `KIND`. A hook
left out means that the kind needs nothing there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .fielderrors import FieldError
from .objects import Object
from .resource import Resource

Cell = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of server-side printing (meta/v1 TableColumnDefinition). Priority above 0 shows with `-o wide` only."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


def unchanged(obj: Object) -> Object:
    return obj


def unchanged_update(new: Object, old: Object) -> Object:
    return new


def no_errors(obj: Object) -> list[FieldError]:
    return []


def no_update_errors(new: Object, old: Object) -> list[FieldError]:
    return []


def no_warnings(new: Object, old: Object | None) -> list[str]:
    return []


def no_fields(obj: Object) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """The hooks of one kind.

    default:         fills in defaults. The only hook that changes its argument in place: it gets a private, just parsed
                     object (also the parsed result of a patch), and returns it.
    prepare_create:  what the system owns on creation (status cleared, derived fields); returns a changed copy.
    prepare_update:  (new, old) -> new, for the main endpoint: what may not change is taken from old. The generic path
                     has already restored status, uid, creationTimestamp and the like.
    prepare_status:  (new, old) -> new, for the status endpoint; the generic path has already restored spec.
    validate, validate_update, validate_status_update: all faults, in the words of the real server.
    warnings:        (new, old or None) -> texts of Warning headers.
    row:             (object, now as Unix seconds) -> cells, one per column.
    fields:          field selectors beyond metadata.name and metadata.namespace, as strings; absent is "".
    """

    resource: Resource
    default: Callable[[Object], Object] = unchanged
    prepare_create: Callable[[Object], Object] = unchanged
    prepare_update: Callable[[Object, Object], Object] = unchanged_update
    prepare_status: Callable[[Object, Object], Object] = unchanged_update
    validate: Callable[[Object], list[FieldError]] = no_errors
    validate_update: Callable[[Object, Object], list[FieldError]] = no_update_errors
    validate_status_update: Callable[[Object, Object], list[FieldError]] = no_update_errors
    warnings: Callable[[Object, Object | None], list[str]] = no_warnings
    columns: tuple[Column, ...] = ()
    row: Callable[[Object, float], list[Cell]] | None = None
    fields: Callable[[Object], dict[str, str]] = no_fields
    field_names: tuple[str, ...] = ()
    # metadata.generation is 1 at creation and rises when anything but metadata and status changes.
    generation: bool = False
    # Pods: DELETE with a grace period only marks the object (spec.terminationGracePeriodSeconds).
    graceful: bool = False
    # A PUT to a missing object creates it (Lease, Endpoints and few others).
    create_on_update: bool = False
    # A PUT without resourceVersion is allowed.
    unconditional_update: bool = True
    # Finalizers need no domain in front of them.
    free_finalizers: bool = False
    # The answer to a finished DELETE is the object itself instead of a Status (Service, Pod, Namespace).
    delete_returns_object: bool = False
    # Propagation where the request names none: "Background", "Orphan" or "Foreground".
    propagation: str = "Background"
    # Which name rule metadata.name follows; see model/names.py.
    name_rule: str = "subdomain"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def has_status(self) -> bool:
        return self.resource.subresource("status") is not None
