"""Whether a user may do what a request asks, and how a refusal reads."""

from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.objects import Object

from .rbac import Rbac, Verdict
from .requestinfo import RequestInfo
from .user import User


@dataclass(frozen=True, slots=True)
class Authorizer:
    """Calling it raises Forbidden for what is not allowed."""

    rbac: Rbac

    def __call__(self, user: User, info: RequestInfo) -> None:
        if not self.decide(user, info).allowed:
            raise refusal(user, info)

    def decide(self, user: User, info: RequestInfo) -> Verdict:
        return self.rbac.decide(user, info)


def refusal(user: User, info: RequestInfo) -> errors.Forbidden:
    if not info.resource:
        text = f'forbidden: User "{user.name}" cannot {info.verb} path "{info.path}"'
        return errors.Forbidden(text, details={})
    qualified = f"{info.resource}.{info.group}" if info.group else info.resource
    what = f'{qualified} "{info.name}"' if info.name else qualified
    part = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    where = f'in the namespace "{info.namespace}"' if info.namespace else "at the cluster scope"
    action = f'User "{user.name}" cannot {info.verb} resource "{part}" in API group "{info.group}" {where}'
    details: Object = {"name": info.name} if info.name else {}
    if info.group:
        details["group"] = info.group
    details["kind"] = info.resource
    return errors.Forbidden(f"{what} is forbidden: {action}", details=details)
