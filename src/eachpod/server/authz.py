"""Whether a user may do what a request asks, and how a refusal reads."""

from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.objects import Object

from .nodeauthz import NodeAuthorizer, node_of
from .rbac import Rbac, Verdict
from .requestinfo import RequestInfo
from .user import User


@dataclass(frozen=True, slots=True)
class Authorizer:
    """Calling it raises Forbidden for what is not allowed."""

    rbac: Rbac
    nodes: NodeAuthorizer | None = None

    def __call__(self, user: User, info: RequestInfo) -> None:
        verdict = self.decide(user, info)
        if not verdict.allowed:
            raise refusal(user, info, verdict.reason)

    def decide(self, user: User, info: RequestInfo) -> Verdict:
        """What one of the authorizers allows is allowed; of the refusals that of a node has something to say."""
        node = node_of(user)
        first = self.nodes.decide(node, info) if self.nodes and node else Verdict(False)
        if first.allowed:
            return first
        second = self.rbac.decide(user, info)
        return second if second.allowed else first


def refusal(user: User, info: RequestInfo, reason: str = "") -> errors.Forbidden:
    if not info.resource:
        text = f'forbidden: User "{user.name}" cannot {info.verb} path "{info.path}"'
        return errors.Forbidden(text, details={})
    qualified = f"{info.resource}.{info.group}" if info.group else info.resource
    name = info.asked_name
    what = f'{qualified} "{name}"' if name else qualified
    part = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    where = f'in the namespace "{info.namespace}"' if info.namespace else "at the cluster scope"
    action = f'User "{user.name}" cannot {info.verb} resource "{part}" in API group "{info.group}" {where}'
    action += f": {reason}" if reason else ""
    details: Object = {"name": name} if name else {}
    if info.group:
        details["group"] = info.group
    details["kind"] = info.resource
    return errors.Forbidden(f"{what} is forbidden: {action}", details=details)
