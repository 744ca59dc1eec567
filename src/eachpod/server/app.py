"""The API server as a value: requests in, answers out. Sockets are the business of `http.py`.

`handle` dispatches by verb to the modules that act (`reads`, `writes`, `patching`, `deletes`, `subresources`); what
they do is decided by `verbs/*`. Parts in the same process come in by `inprocess.py` and share the objects with the
store.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.wire.http import Request, Response

from . import deletes, negotiate, patching, reads, requestinfo, reviews, subresources, writes
from .authz import Authorizer
from .calls import BINDING, Call, Core, not_allowed, unknown_path
from .context import Context
from .fieldcheck import check_dry_run
from .requestinfo import RequestInfo, text
from .subresources import binding
from .user import User
from .watches import Watch

log = logging.getLogger(__name__)

Authorize = Callable[[User, RequestInfo], None]
Handler = Callable[[Core, Call], Awaitable[Response]]

_HANDLERS: dict[str, Handler] = {
    "get": reads.get,
    "list": reads.list_objects,
    "create": writes.create,
    "update": writes.update,
    "patch": patching.patch,
    "delete": deletes.delete,
    "deletecollection": deletes.delete_collection,
}


def nobody(token: str, audiences: Sequence[str]) -> User | None:
    return None


def allow_all(user: User, info: RequestInfo) -> None:
    return


@dataclass(slots=True)
class ApiServer(Core):
    """`authorize` raises Forbidden."""

    authorize: Authorize = allow_all
    # Who a token speaks for, given the audiences that it is to be meant for.
    token_user: Callable[[str, Sequence[str]], User | None] = nobody

    async def handle(self, request: Request, user: User, *, encoded: bool = False) -> Response:
        """The answer to a request about objects that is no watch; failures are answers, too (a Status)."""
        try:
            call = self.call(request, user, encoded=encoded)
        except errors.StatusError as error:
            return Response(error.status_code, error.status())
        try:
            return await self._dispatch(call)
        except errors.StatusError as error:
            return Response(error.status_code, error.status(), warnings=tuple(call.context.warnings))

    async def answer(self, request: Request, user: User, *, encoded: bool = False) -> Response:
        """As `handle`, with failures raised."""
        return await self._dispatch(self.call(request, user, encoded=encoded))

    async def _dispatch(self, call: Call) -> Response:
        if call.info.subresource:
            return await subresources.handle(self, call)
        if call.resource.kind.endswith("Review") and call.info.verb == "create":
            authorizer = self.authorize if isinstance(self.authorize, Authorizer) else None
            return await reviews.handle(self, call, authorizer, self.token_user)
        if call.resource == BINDING and call.info.verb == "create":
            return await binding.handle(self, call)
        handler = _HANDLERS.get(call.info.verb)
        if handler is None or call.info.verb not in call.resource.verbs:
            raise not_allowed()
        return await handler(self, call)

    def watch(self, request: Request, user: User, *, encoded: bool = True) -> Watch:
        """A started watch. StatusError where the request is refused."""
        return reads.watch(self, self.call(request, user, encoded=encoded))

    def call(self, request: Request, user: User, *, encoded: bool = False) -> Call:
        """A request resolved: authorized, and about a kind that there is."""
        info = requestinfo.parse(request.method, request.path, request.query)
        self.authorize(user, info)
        negotiate.check(request.accept, streams=info.verb in ("list", "watch"))
        kind = self.registry.by_plural(info.group, info.version, info.resource) if info.resource else None
        if kind is None or (info.namespace and not _may_name_namespace(kind, info)):
            raise unknown_path()
        if kind.resource.namespaced and not info.namespace and info.verb not in ("list", "watch"):
            raise unknown_path() if info.name else not_allowed()
        if (info.verb in ("update", "patch") and not info.name) or request.method == "HEAD":
            raise not_allowed()
        if info.verb == "create" and info.name and not info.subresource:
            raise not_allowed()
        if kind.resource.verbs == ("create",) and info.name and not info.subresource:
            raise unknown_path()
        context = Context(
            now=self.clock(),
            entropy=self.entropy(),
            user=user,
            dry_run=_dry_run(info, request),
            field_manager=text(request.query, "fieldManager"),
            writer=_writer(request),
        )
        if "deprecated" in kind.extra:
            context.warn(kind.extra["deprecated"])
        return Call(request, info, kind, context, encoded)


def _may_name_namespace(kind: Kind, info: RequestInfo) -> bool:
    return kind.resource.namespaced or info.resource == "namespaces"


_OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}


def _dry_run(info: RequestInfo, request: Request) -> bool:
    if "dryRun" not in request.query:
        return False
    value = request.query["dryRun"]
    check_dry_run([value] if isinstance(value, str) else list(value), _OPTIONS.get(info.verb, "DeleteOptions"))
    return True


def _writer(request: Request) -> str:
    """The field manager: as named, else the client's program."""
    named = text(request.query, "fieldManager")
    return named or "".join(sign for sign in request.agent.partition("/")[0] if sign.isprintable())[:128]
