"""Who may use the agent's HTTPS API: as at a kubelet, whoever the API server lets use that part of the node.

A caller shows a client certificate of the cluster's CA, or a bearer token that the API server is asked about
(TokenReview); then the API server is asked whether they may (SubjectAccessReview). Its answers are kept for as long as
a kubelet keeps them. The API server itself is not asked about itself: it is known by its certificate.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from eachpod.client.client import Client
from eachpod.model.errors import StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resources import SUBJECTACCESSREVIEW, TOKENREVIEW

from .httplogs import Refused

_API_SERVERS = ("system:kube-apiserver", "kube-apiserver-kubelet-client")
_VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
# What is granted by a subresource of its own, or by either of two; all else by nodes/proxy.
_PARTS = {
    "stats": ("stats",),
    "metrics": ("metrics",),
    "pods": ("pods", "proxy"),
    "runningpods": ("pods", "proxy"),
    "healthz": ("healthz", "proxy"),
}
_TOKEN_SECONDS, _ALLOWED_SECONDS, _REFUSED_SECONDS = 120.0, 300.0, 30.0
_MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Caller:
    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""


def from_certificate(certificate: Mapping[str, Any]) -> Caller | None:
    """Whom a verified client certificate names: CN is the user, each O a group."""
    pairs = [pair for relative in certificate.get("subject", ()) for pair in relative]
    name = next((value for key, value in pairs if key == "commonName"), "")
    groups = tuple(value for key, value in pairs if key == "organizationName")
    return Caller(name, (*groups, "system:authenticated")) if name else None


def from_review(review: Object) -> Caller | None:
    """Whom an answered TokenReview names."""
    user: Object = dig(review, "status", "user", default={})
    if not dig(review, "status", "authenticated", default=False) or not user.get("username"):
        return None
    return Caller(user["username"], tuple(user.get("groups") or ()), user.get("uid") or "")


def subresources(path: str) -> tuple[str, ...]:
    """The subresources of `nodes` of which any one allows a request; the kubelet's names."""
    return _PARTS.get(path.strip("/").split("/")[0], ("proxy",))


def question(caller: Caller, verb: str, node: str, subresource: str) -> Object:
    """Whether they may; `node` is "" for all of them."""
    about = {"verb": verb, "version": "v1", "resource": "nodes", "subresource": subresource, "name": node}
    spec: Object = {"user": caller.name, "groups": list(caller.groups), "resourceAttributes": about}
    if caller.uid:
        spec["uid"] = caller.uid
    return {"apiVersion": SUBJECTACCESSREVIEW.api_version, "kind": SUBJECTACCESSREVIEW.kind, "spec": spec}


class Callers:
    """`node` is the node's name, "" where one API is that of many."""

    def __init__(self, client: Client, node: str, clock: Callable[[], float]) -> None:
        self._client, self._node, self._clock = client, node, clock
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    async def admit(self, request: web.BaseRequest) -> None:
        """Refused for a request that is not for this caller."""
        transport = request.transport
        known = from_certificate((transport and transport.get_extra_info("peercert")) or {})
        if known is not None and known.name in _API_SERVERS:
            return
        caller = known or await self._of_token(request.headers.get("Authorization", ""))
        if caller is None:
            raise Refused(401, "Unauthorized")
        await self._check(caller, _VERBS.get(request.method, ""), subresources(request.path))

    async def _of_token(self, authorization: str) -> Caller | None:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return None
        kept = self._kept.get(token)
        if kept is not None and kept[0] > self._clock():
            return kept[1]  # type: ignore[no-any-return]
        review = {"apiVersion": TOKENREVIEW.api_version, "kind": TOKENREVIEW.kind, "spec": {"token": token}}
        try:
            caller = from_review(await self._client.create(TOKENREVIEW, review))
        except (StatusError, ConnectionError) as error:
            raise Refused(500, f"the token could not be looked up: {error}") from None
        if caller is not None:
            self._keep(token, _TOKEN_SECONDS, caller)
        return caller

    async def _check(self, caller: Caller, verb: str, parts: Iterable[str]) -> None:
        about = f"(user={caller.name}, verb={verb}, resource=nodes, subresource(s)=[{' '.join(parts)}])"
        for part in parts:
            try:
                if await self._may(caller, verb, part):
                    return
            except (StatusError, ConnectionError):
                raise Refused(500, f"Authorization error {about}") from None
        raise Refused(403, f"Forbidden {about}")

    async def _may(self, caller: Caller, verb: str, part: str) -> bool:
        key = (caller, verb, part)
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            return bool(kept[1])
        review = await self._client.create(SUBJECTACCESSREVIEW, question(caller, verb, self._node, part))
        allowed = bool(dig(review, "status", "allowed", default=False))
        self._keep(key, _ALLOWED_SECONDS if allowed else _REFUSED_SECONDS, allowed)
        return allowed

    def _keep(self, key: Hashable, seconds: float, value: object) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (self._clock() + seconds, value)
