"""A resolved request, and what every handler works with: the store, the kinds, admission."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.kinds import builtin
from eachpod.model.objects import Object
from eachpod.model.registry import Registry
from eachpod.model.resource import Resource
from eachpod.model.resources import SERVICE
from eachpod.store.contract import Change, Entry, Key, Store, Unstorable
from eachpod.wire.http import Request

from .admission.chain import Plugin
from .admission.lifecycle import lifecycle
from .admission.limits import limit_defaults, limit_range
from .admission.nodetaint import taint_new_node
from .admission.priority import one_default, priority
from .admission.quota import QuotaAdmission
from .admission.runtimeclass import runtime_class
from .admission.serviceaccount import service_account
from .admission.storage import default_class, expansion, in_use_protection
from .admission.tolerations import default_tolerations
from .allocation import ServiceAllocator
from .config import ServerConfig
from .context import Context, fresh_entropy
from .openapi import Documents
from .requestinfo import RequestInfo
from .tokens import TokenAuthority
from .watches import Frames

# A write without a version is decided again on fresh state so often before the client hears of the conflict.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Call:
    """One request about objects. `encoded` callers want bytes where those are cheap."""

    request: Request
    info: RequestInfo
    kind: Kind
    context: Context
    encoded: bool = False

    @property
    def resource(self) -> Resource:
        return self.kind.resource

    def stored(self) -> Resource:
        """The resource under whose name objects of this kind are kept."""
        return self.kind.extra.get("stored_as", self.kind.resource)  # type: ignore[no-any-return]

    def about(self, **changes: str) -> "Call":
        """The same call about something else: changed members of its `info`."""
        return replace(self, info=replace(self.info, **changes))

    def as_dry_run(self) -> "Call":
        return replace(self, context=replace(self.context, dry_run=True))

    def key(self, name: str = "") -> Key:
        namespace = self.info.namespace if self.resource.namespaced else ""
        return Key(self.stored().group_resource, namespace, name or self.info.name)


@dataclass(slots=True)
class StoreView:
    """See `context.View`."""

    store: Store

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        entry = self.store.get(Key(resource.group_resource, namespace, name))
        return None if entry is None else entry.object

    def all(self, resource: Resource, namespace: str = "") -> Sequence[Object]:
        return [entry.object for entry in self.store.entries(resource.group_resource, namespace)]


@dataclass(frozen=True, slots=True)
class Unstored:
    """What a dry run would have stored, in the place of an entry."""

    key: Key
    revision: int
    raw: bytes
    object: Object


BUILT_IN: tuple[Plugin, ...] = (
    lifecycle,
    limit_defaults,
    service_account,
    default_tolerations,
    taint_new_node,
    runtime_class,
    priority,
    default_class,
    in_use_protection,
)
CHECKS: tuple[Plugin, ...] = (limit_range, one_default, expansion, QuotaAdmission())


# Kinds that are only ways to write others, or that nobody writes: they need no storage of their own.
BINDING = Resource("", "v1", "Binding", "bindings", verbs=("create",))
_COMPONENT_STATUS = Resource(
    "", "v1", "ComponentStatus", "componentstatuses", namespaced=False, short_names=("cs",), verbs=("get", "list")
)


def _served(*, warn_unattended: bool = False) -> Registry:
    registry = builtin(warn_unattended=warn_unattended)
    registry.add(Kind(BINDING))
    registry.add(Kind(_COMPONENT_STATUS))
    return registry


@dataclass(slots=True)
class Core:
    """What the handlers share. `plugins` and `checks` are admission, each in its order (see `Setting`). `clock` gives
    Unix seconds and `entropy` the chance of one request, so that a simulation can repeat both."""

    store: Store
    config: ServerConfig = field(default_factory=ServerConfig)
    registry: Registry = field(default_factory=_served)
    plugins: tuple[Plugin, ...] = BUILT_IN
    checks: tuple[Plugin, ...] = CHECKS
    tokens: TokenAuthority | None = None
    frames: Frames = field(default_factory=Frames)
    clock: Callable[[], float] = time.time
    entropy: Callable[[], bytes] = fresh_entropy
    view: StoreView = field(init=False)
    services: ServiceAllocator = field(init=False)
    documents: Documents = field(init=False)

    def __post_init__(self) -> None:
        if self.config.warn_unattended:
            self.registry = _served(warn_unattended=True)
        self.view = StoreView(self.store)
        self.services = ServiceAllocator(self.config.service_cidrs, self.config.node_ports)
        self.services.follow(self.store)
        self.documents = Documents(self.registry)

    def finish(self, kind: Kind, new: Object, old: Object | None, context: Context) -> Object:
        """What is chosen for an object after it was prepared and before it is validated."""
        return self.services.allocate(new, old, context) if kind.resource == SERVICE else new

    async def commit(self, call: Call, change: Change) -> Entry:
        """Store a change; a dry run only says what would have been stored."""
        if call.context.dry_run:
            old = self.store.get(change.key)
            return Unstored(change.key, 0, b"", change.object or (old.object if old else {}))
        try:
            return await self.store.commit(change)
        except Unstorable as error:
            raise errors.BadRequest(f"the object cannot be stored: {error}") from error
        except OSError as error:
            raise errors.InternalError(f"Internal error occurred: {error.strerror or error}") from error


class _NoSuchPath(errors.NotFound):
    """About no object: its details are there, but empty."""

    def status(self) -> Object:
        return {**super().status(), "details": {}}


class _NoSuchMethod(errors.MethodNotAllowed):
    def status(self) -> Object:
        return {**super().status(), "details": {}}


def not_allowed() -> errors.MethodNotAllowed:
    return _NoSuchMethod("the server does not allow this method on the requested resource")


def unknown_path() -> errors.NotFound:
    return _NoSuchPath("the server could not find the requested resource")
