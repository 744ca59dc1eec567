"""Who may act as whom."""

from collections.abc import Callable

import pytest

from eachpod.model.errors import Forbidden
from eachpod.server.authz import refusal
from eachpod.server.impersonation import impersonated
from eachpod.server.requestinfo import RequestInfo, parse
from eachpod.server.user import User

JANE = User("jane", ("devs",))
LIST = parse("GET", "/api/v1/namespaces/x/pods", {})


def allowing(*permissions: str) -> Callable[[User, RequestInfo], None]:
    """Permissions as `verb resource[.group][ name]`."""

    def authorize(user: User, info: RequestInfo) -> None:
        qualified = f"{info.resource}.{info.group}" if info.group else info.resource
        if f"{info.verb} {qualified} {info.name}".strip() not in permissions:
            raise refusal(user, info)

    return authorize


def acting(who: str, *permissions: str, asked: RequestInfo = LIST) -> str:
    return impersonated(JANE, [("Impersonate-User", who)], asked, allowing(*permissions)).name


def test_who_may_impersonate_may_do_anything() -> None:
    assert acting("bob", "impersonate users bob") == "bob"


@pytest.mark.parametrize(
    ("who", "mode", "identity"),
    [
        ("bob", "user-info", "users.authentication.k8s.io bob"),
        ("system:serviceaccount:x:a", "serviceaccount", "serviceaccounts.authentication.k8s.io a"),
        ("system:node:n", "arbitrary-node", "nodes.authentication.k8s.io n"),
    ],
)
def test_others_need_the_identity_and_the_deed(who: str, mode: str, identity: str) -> None:
    deed, taken = f"impersonate-on:{mode}:list pods", f"impersonate:{mode} {identity}"
    assert acting(who, deed, taken) == who
    with pytest.raises(Forbidden, match=f'User "jane" cannot impersonate-on:{mode}:list resource "pods"'):
        acting(who, taken)
    with pytest.raises(Forbidden, match=f"cannot impersonate:{mode} resource"):
        acting(who, deed)


def test_a_path_is_named() -> None:
    with pytest.raises(Forbidden, match='cannot impersonate-on:user-info:get path "/version"'):
        acting("bob", asked=parse("GET", "/version", {}))
