"""Carries out plans by ordinary API calls, in order, and tells the events that go with them. No rules of its own."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from eachpod.client.client import Client
from eachpod.client.correlate import Note
from eachpod.client.events import Recorder
from eachpod.model import errors, objects
from eachpod.model.errors import NotFound, StatusError
from eachpod.model.objects import Object

from .ownwrites import OwnWrites
from .plan import (
    Change,
    Confirm,
    ConfirmAbsent,
    ConfirmNone,
    Create,
    Delete,
    Emit,
    Patch,
    Plan,
    Step,
    Telling,
    Together,
    Update,
)
from .view import Key


class _Leaving(Exception):
    """The namespace is being deleted and takes no new objects: what the plan is about goes with it."""


def _namespace_is_leaving(error: Exception) -> bool:
    causes = error.details.get("causes") if isinstance(error, StatusError) else None
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes or ())


class Performer:
    """Performs the plans of one controller."""

    def __init__(self, client: Client, recorder: Recorder, writes: OwnWrites) -> None:
        self._client, self._recorder, self._writes = client, recorder, writes

    async def perform(self, key: Key, plan: Plan) -> None:
        """Raises the first error, after what the plan wants `always`."""
        failure: Exception | None = None
        try:
            for step in plan.changes:
                await self._step(key, step)
        except _Leaving:
            return
        except (StatusError, ConnectionError) as error:
            failure = error
        always = plan.always
        if failure is not None and plan.on_failure is not None:
            always = plan.on_failure(failure)
        for change in always:
            await self._change(key, change)
        if failure is not None:
            raise failure

    async def _step(self, key: Key, step: Step) -> None:
        if isinstance(step, Together):
            await self._together(key, step)
        else:
            await self._change(key, step)

    async def _together(self, key: Key, step: Together) -> None:
        rest, size = list(step.groups), 1
        while rest:
            batch, rest = rest[:size], rest[size:]
            results = await asyncio.gather(*(self._group(key, group) for group in batch), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            size = min(size * 2, step.limit)

    async def _group(self, key: Key, group: tuple[Change, ...]) -> None:
        for change in group:
            await self._change(key, change)

    async def _change(self, key: Key, change: Change) -> None:
        match change:
            case Emit(note):
                self._recorder.tell(note)
            case Confirm():
                await self._confirm(change)
            case ConfirmAbsent():
                await self._confirm_absent(change)
            case ConfirmNone():
                await self._confirm_none(change)
            case Delete():
                await self._told(change.telling, change.accept, self._delete(key, change))
            case Create():
                call = self._client.create(change.resource, change.object)
                await self._told(change.telling, change.accept, self._write(key, change, call))
            case Update():
                call = self._client.update(change.resource, change.object, change.subresource)
                await self._told(change.telling, change.accept, self._write(key, change, call))
            case Patch():
                call = self._client.patch(
                    change.resource,
                    change.name,
                    change.namespace,
                    change.patch,
                    subresource=change.subresource,
                    content_type=change.content_type,
                )
                await self._told(change.telling, change.accept, self._write(key, change, call))

    async def _told(self, telling: Telling, accept: tuple[type[StatusError], ...], call: Awaitable[str]) -> None:
        try:
            name = await call
        except (StatusError, ConnectionError) as error:
            if isinstance(error, accept):
                return
            if _namespace_is_leaving(error):
                raise _Leaving from None
            if not isinstance(error, telling.quiet):
                for note in _notes(telling.failed):
                    self._recorder.tell(_with(note, str(error)))
            raise
        if telling.done is not None:
            self._recorder.tell(_with(telling.done, name) if telling.named else telling.done)

    async def _write(self, key: Key, change: Create | Update | Patch, call: Awaitable[Object]) -> str:
        """Returns the name of what was written."""
        written = await call
        self._writes.wrote(key, change.resource, written)
        return objects.name(written)

    async def _delete(self, key: Key, change: Delete) -> str:
        with suppress(NotFound):
            await self._client.delete(
                change.resource,
                change.name,
                change.namespace,
                uid=change.uid,
                resource_version=change.resource_version,
                grace_seconds=change.grace_seconds,
                propagation=change.propagation,
            )
        self._writes.deleted(key, change.resource, change.namespace, change.name, change.uid)
        return change.name

    async def _confirm(self, change: Confirm) -> None:
        live = await self._client.get(change.resource, change.name, change.namespace)
        if objects.uid(live) != change.uid:
            raise errors.conflict(change.resource, change.name, f"it is another object now, {objects.uid(live)}")
        if objects.deleting(live):
            raise errors.conflict(change.resource, change.name, "it is being deleted")

    async def _confirm_absent(self, change: ConfirmAbsent) -> None:
        with suppress(NotFound):
            live = await self._client.get(change.resource, change.name, change.namespace)
            if change.uid in ("", objects.uid(live)):
                raise errors.conflict(change.resource, change.name, "it exists, though the cache does not show it yet")

    async def _confirm_none(self, change: ConfirmNone) -> None:
        listed = await self._client.list(change.resource, change.namespace)
        for live in filter(change.hinders, listed.items):
            raise errors.conflict(
                change.resource, objects.name(live), "it is in the way, though the cache does not show it"
            )


def _notes(failed: Note | tuple[Note, ...] | None) -> tuple[Note, ...]:
    if failed is None:
        return ()
    return failed if isinstance(failed, tuple) else (failed,)


def _with(note: Note, text: str) -> Note:
    return Note(note.about, note.reason, f"{note.message}{text}", note.type, note.field_path)
