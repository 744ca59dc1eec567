"""Folds repeated events into one Event object, as client-go's EventRecorder does.

The same event again raises the count of the first one; many similar ones (ten messages that differ, within ten
minutes) become one combined event; a source that floods one object is cut off. Pure: `now` comes from outside.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from eachpod.model import objects
from eachpod.model.objects import Object
from eachpod.model.timestamps import render

V = TypeVar("V")

_CACHED = 4096
_SIMILAR = 10
_SIMILAR_SECONDS = 600.0
_BURST = 25
_REFILL = 1 / 300


@dataclass(frozen=True, slots=True)
class Note:
    """An event to be: something worth telling about an object, in the words of the component that saw it."""

    about: Object
    reason: str
    message: str
    type: str = "Normal"
    field_path: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What to write: a new Event, or a patch to the one called `name`. `fresh` is the Event to create where the one
    to patch is gone."""

    namespace: str
    name: str
    fresh: Object
    patch: Object | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    name: str
    first: float
    count: int


@dataclass(slots=True)
class _Similar:
    messages: set[str]
    last: float


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class _Recent(Generic[V]):
    """The most recently used entries; the oldest give way."""

    entries: OrderedDict[tuple[str, ...], V] = field(default_factory=OrderedDict)

    def get(self, key: tuple[str, ...]) -> V | None:
        value = self.entries.get(key)
        if value is not None:
            self.entries.move_to_end(key)
        return value

    def put(self, key: tuple[str, ...], value: V) -> None:
        self.entries[key] = value
        self.entries.move_to_end(key)
        if len(self.entries) > _CACHED:
            self.entries.popitem(last=False)


class Correlator:
    """The memory of one component on one host."""

    def __init__(self, component: str, host: str = "") -> None:
        self._component, self._host = component, host
        self._seen: _Recent[_Seen] = _Recent()
        self._similar: _Recent[_Similar] = _Recent()
        self._buckets: _Recent[_Bucket] = _Recent()
        self._last_stamp = 0

    def observe(self, note: Note, now: float) -> Record | None:
        """What to write for this note; None where the source has told too much about this object."""
        note, key = self._combine(note, now)
        record = self._count(note, key, now)
        return record if self._admits(note, now) else None

    def _combine(self, note: Note, now: float) -> tuple[Note, tuple[str, ...]]:
        group = (*_identity(note.about), note.type, note.reason)
        similar = self._similar.get(group)
        if similar is None or now - similar.last > _SIMILAR_SECONDS:
            similar = _Similar(set(), now)
            self._similar.put(group, similar)
        similar.messages.add(note.message)
        similar.last = now
        if len(similar.messages) < _SIMILAR:
            return note, (*group, note.field_path, note.message)
        similar.messages.pop()
        return replace(note, message=f"(combined from similar events): {note.message}"), group

    def _count(self, note: Note, key: tuple[str, ...], now: float) -> Record:
        seen = self._seen.get(key)
        if seen is None:
            event = self._event(note, self._name(note, now), now, _Seen("", now, 1))
            self._seen.put(key, _Seen(objects.name(event), now, 1))
            return Record(objects.namespace(event), objects.name(event), event)
        seen = _Seen(seen.name, seen.first, seen.count + 1)
        self._seen.put(key, seen)
        event = self._event(note, seen.name, now, seen)
        patch = {"count": seen.count, "lastTimestamp": event["lastTimestamp"], "message": note.message}
        return Record(objects.namespace(event), seen.name, event, patch)

    def _admits(self, note: Note, now: float) -> bool:
        source = _identity(note.about)
        bucket = self._buckets.get(source)
        if bucket is None:
            bucket = _Bucket(_BURST, now)
            self._buckets.put(source, bucket)
        bucket.tokens = min(_BURST, bucket.tokens + max(0.0, now - bucket.at) * _REFILL)
        bucket.at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _name(self, note: Note, now: float) -> str:
        # Nanoseconds in hexadecimal; never the same twice from here, whatever the clock does.
        self._last_stamp = max(self._last_stamp + 1, int(now * 1e9))
        return f"{objects.name(note.about)}.{self._last_stamp:x}"

    def _event(self, note: Note, name: str, now: float, seen: _Seen) -> Object:
        namespace = objects.namespace(note.about) or "default"
        return {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(note),
            "reason": note.reason,
            "message": note.message,
            "source": {"component": self._component, **({"host": self._host} if self._host else {})},
            "firstTimestamp": render(seen.first),
            "lastTimestamp": render(now),
            "count": seen.count,
            "type": note.type,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": self._host,
        }


def _identity(obj: Object) -> tuple[str, ...]:
    kind, version = obj.get("kind") or "", obj.get("apiVersion") or ""
    return version, kind, objects.namespace(obj), objects.name(obj), objects.uid(obj)


def _reference(note: Note) -> Object:
    obj = note.about
    pairs = (
        ("kind", obj.get("kind")),
        ("namespace", objects.namespace(obj)),
        ("name", objects.name(obj)),
        ("uid", objects.uid(obj)),
        ("apiVersion", obj.get("apiVersion")),
        ("resourceVersion", objects.revision(obj)),
        ("fieldPath", note.field_path),
    )
    return {key: value for key, value in pairs if value}
