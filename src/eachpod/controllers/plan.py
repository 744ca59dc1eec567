"""What a controller decided to do: an ordered list of changes, as values.

A `Plan` is the whole output of a `reconcile` function; `perform.py` carries it out. A test looks at the plan and needs
no server. Changes are made in order and stop at the first error; the key then comes back with back-off and the
controller decides again on what it sees by then. So a plan never has to undo anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eachpod.client.correlate import Note
from eachpod.model import objects
from eachpod.model.errors import StatusError
from eachpod.model.objects import Object
from eachpod.model.resource import Resource
from eachpod.wire.http import MERGE_PATCH, Body

Errors = tuple[type[StatusError], ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """Events that go with a change: `done` when it was made; `failed` (one or several) when it was not, with the
    error's text appended to the message, except for the errors in `quiet`."""

    done: Note | None = None
    failed: Note | tuple[Note, ...] | None = None
    quiet: Errors = ()
    # Append the name of the object to the message of `done`: for names that the server makes.
    named: bool = False


SILENT = Telling()


@dataclass(frozen=True, slots=True)
class Create:
    resource: Resource
    object: Object
    telling: Telling = SILENT
    # Errors that count as success: somebody else made it, or it is no longer wanted.
    accept: Errors = ()


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the object, or with `subresource` "status" its status. The object carries the resourceVersion that the
    decision was made on, so that a change in between is a Conflict."""

    resource: Resource
    object: Object
    subresource: str = ""
    telling: Telling = SILENT
    accept: Errors = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """Without a `resourceVersion` in the patch's metadata it applies to whatever is there; `uid` in its metadata
    makes it fail where the name now means another object."""

    resource: Resource
    namespace: str
    name: str
    patch: Body
    subresource: str = ""
    content_type: str = MERGE_PATCH
    telling: Telling = SILENT
    accept: Errors = ()


@dataclass(frozen=True, slots=True)
class Delete:
    """An object that is gone already counts as deleted."""

    resource: Resource
    namespace: str
    name: str
    uid: str = ""
    resource_version: str = ""
    propagation: str = ""
    grace_seconds: int | None = None
    telling: Telling = SILENT
    accept: Errors = ()


@dataclass(frozen=True, slots=True)
class Emit:
    note: Note


@dataclass(frozen=True, slots=True)
class Confirm:
    """Read the object from the server, past all caches; stop the plan unless it is the one with this uid and is not
    being deleted. For what cannot be undone, such as adoption."""

    resource: Resource
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class ConfirmAbsent:
    """Read past all caches that no object of this name exists, or only another than the one with this uid ("" is any);
    stop the plan otherwise. For what is done because something is gone."""

    resource: Resource
    namespace: str
    name: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmNone:
    """List past all caches the objects of a namespace; stop the plan where `hinders` is true of one. For what is done
    because nothing stands against it any more."""

    resource: Resource
    namespace: str
    hinders: Callable[[Object], bool]


Change = Create | Update | Patch | Delete | Emit | Confirm | ConfirmAbsent | ConfirmNone


@dataclass(frozen=True, slots=True)
class Together:
    """Groups of changes made side by side, each group in its own order. They begin slowly (1, 2, 4, ... up to `limit`
    groups at a time) so that a cause that fails them all costs few requests; after a failure no further batch
    begins."""

    groups: tuple[tuple[Change, ...], ...]
    limit: int = 500


Step = Change | Together


class _Unset:
    """The absence of a value where None is one."""


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Plan:
    """`always` is made after `changes` even if one of them failed: the status that is true either way; where the error
    belongs into the status, `on_failure` gives what to make instead.
    `requeue_after` asks for the key again after so many seconds. `remember` is what `view.recall(key)` gives next time:
    for observations that no object holds. It is lost with the process, so nothing may depend on it but timing."""

    changes: tuple[Step, ...] = ()
    always: tuple[Change, ...] = ()
    on_failure: Callable[[Exception], tuple[Change, ...]] | None = None
    requeue_after: float | None = None
    remember: Any = UNSET

    def __bool__(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.changes or self.always)


NOTHING = Plan()


def delete(resource: Resource, obj: Object, *, telling: Telling = SILENT, propagation: str = "") -> Delete:
    """Delete exactly this object: one that has taken its name since is left alone."""
    return Delete(
        resource,
        objects.namespace(obj),
        objects.name(obj),
        uid=objects.uid(obj),
        telling=telling,
        propagation=propagation,
    )


def update_status(resource: Resource, obj: Object, status: Object) -> tuple[Change, ...]:
    """The write that gives `obj` this status; nothing where it has it already, so that no controller wakes itself."""
    if (obj.get("status") or {}) == status:
        return ()
    return (Update(resource, {**obj, "status": status}, "status"),)


def soonest(*delays: float | None) -> float | None:
    """The shortest of several times to come back, leaving out those that are None."""
    return min((delay for delay in delays if delay is not None), default=None)
