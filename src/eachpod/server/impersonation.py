"""Impersonation: a user that may, acts as another (`kubectl --as`)."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import unquote

from eachpod.model.errors import BadRequest, Forbidden

from .requestinfo import RequestInfo
from .user import AUTHENTICATED, User

_PREFIX = "impersonate-"
_EXTRA = "impersonate-extra-"
_ACCOUNT = "system:serviceaccount:"
_NODE = "system:node:"
_ANONYMOUS, _UNAUTHENTICATED = "system:anonymous", "system:unauthenticated"
_AUTHN = "authentication.k8s.io"

Authorize = Callable[[User, RequestInfo], None]


def impersonated(user: User, headers: Iterable[tuple[str, str]], asked: RequestInfo, authorize: Authorize) -> User:
    """The user to act as, for the request `asked`. Forbidden where the identity may not be taken on."""
    name = uid = ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for key, value in headers:
        header = key.lower()
        if not header.startswith(_PREFIX):
            continue
        if header == "impersonate-user":
            name = value
        elif header == "impersonate-uid":
            uid = value
        elif header == "impersonate-group":
            groups.append(value)
        elif header.startswith(_EXTRA):
            field = unquote(header.removeprefix(_EXTRA))
            extra[field] = (*extra.get(field, ()), value)
    if not name:
        if uid or groups or extra:
            raise BadRequest(f"requested {_asked(uid, groups, extra)} without impersonating a user name")
        return user
    _check(user, list(_permissions(name, uid, groups, extra)), asked, authorize)
    return User(name, _groups(name, groups), uid, extra)


def _check(user: User, needed: list[RequestInfo], asked: RequestInfo, authorize: Authorize) -> None:
    """Who may impersonate at all may; others may where both the identity and what is done with it are allowed."""
    try:
        for info in needed:
            authorize(user, info)
    except Forbidden:
        mode = _mode(needed[0])
        authorize(user, replace(asked, verb=f"impersonate-on:{mode}:{asked.verb}"))
        for info in needed:
            authorize(user, _constrained(info, mode))


def _mode(identity: RequestInfo) -> str:
    if identity.resource == "serviceaccounts":
        return "serviceaccount"
    return "arbitrary-node" if identity.name.startswith(_NODE) else "user-info"


def _constrained(info: RequestInfo, mode: str) -> RequestInfo:
    """The permission for an identity that holds only together with one for what is done."""
    if mode == "arbitrary-node" and info.resource == "users":
        info = replace(info, resource="nodes", name=info.name.removeprefix(_NODE))
    return replace(info, verb=f"impersonate:{mode}", group=_AUTHN)


def _asked(uid: str, groups: list[str], extra: dict[str, tuple[str, ...]]) -> str:
    """The identity that was asked for, as Go prints it."""
    listed = "[]string(nil)" if not groups else "[]string{" + ", ".join(f'"{group}"' for group in groups) + "}"
    pairs = ", ".join(
        f'"{key}":[]string{{' + ", ".join(f'"{v}"' for v in values) + "}" for key, values in extra.items()
    )
    fields = f"map[string][]string{{{pairs}}}" if extra else "map[string][]string(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:"{uid}", Groups:{listed}, Extra:{fields}}}'


def _permissions(name: str, uid: str, groups: list[str], extra: dict[str, tuple[str, ...]]) -> Iterable[RequestInfo]:
    def may(resource: str, who: str, group: str = "", namespace: str = "", sub: str = "") -> RequestInfo:
        return RequestInfo("impersonate", "", group, "v1", resource, namespace, who, sub)

    if name.startswith(_ACCOUNT) and name.count(":") == 3:
        _, _, namespace, account = name.split(":")
        yield may("serviceaccounts", account, namespace=namespace)
    else:
        yield may("users", name)
    for group in groups:
        yield may("groups", group)
    if uid:
        yield may("uids", uid, _AUTHN)
    for field, values in extra.items():
        for value in values:
            yield may("userextras", value, _AUTHN, sub=field)


def _groups(name: str, groups: list[str]) -> tuple[str, ...]:
    if not groups and name.startswith(_ACCOUNT) and name.count(":") == 3:
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{name.split(':')[2]}"]
    if name == _ANONYMOUS:
        return tuple(dict.fromkeys([*groups, _UNAUTHENTICATED]))
    return tuple(dict.fromkeys([*groups, AUTHENTICATED]))
