"""Nobody grants what they do not hold: roles and bindings are refused beyond the permissions of who writes them.

The verbs `escalate` on roles and `bind` on the role that is bound lift this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eachpod.model import errors
from eachpod.model.objects import Object, name
from eachpod.model.resources import CLUSTERROLE, CLUSTERROLEBINDING, ROLE, ROLEBINDING
from eachpod.server.rbac import Rbac, covers
from eachpod.server.requestinfo import RequestInfo
from eachpod.server.user import MASTERS, User

from .chain import Attributes

_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Escalation:
    """See the module's text."""

    rbac: Rbac

    def __call__(self, obj: Object, at: Attributes) -> Object:
        resource, user = at.kind.resource, at.context.user
        if at.operation == "DELETE" or MASTERS in user.groups:
            return obj
        if resource in (ROLE, CLUSTERROLE):
            before = (at.old or {}).get("rules") or []
            rules = [rule for rule in obj.get("rules") or () if rule not in before]
            if rules and not self._may(user, "escalate", resource.plural, at.namespace, name(obj)):
                self._check(rules, at)
        elif resource in (ROLEBINDING, CLUSTERROLEBINDING):
            reference = obj.get("roleRef") or {}
            kind, role = reference.get("kind") or "", reference.get("name") or ""
            plural = "roles" if kind == "Role" else "clusterroles"
            if not self._may(user, "bind", plural, at.namespace, role):
                self._check(self.rbac.role_rules(kind, role, at.namespace), at)
        return obj

    def _may(self, user: User, verb: str, plural: str, namespace: str, role: str) -> bool:
        return self.rbac.decide(user, RequestInfo(verb, "", _GROUP, "v1", plural, namespace, role)).allowed

    def _check(self, rules: Sequence[Object], at: Attributes) -> None:
        user = at.context.user
        held = [each.rule for each in self.rbac.rules(user) if each.namespace in ("", at.namespace)]
        missing = [rule for rule in rules if not all(any(covers(own, one) for own in held) for one in _parts(rule))]
        if not missing:
            return
        groups = " ".join(f'"{group}"' for group in user.groups)
        who = f'user "{user.name}" (groups=[{groups}])'
        text = f"{who} is attempting to grant RBAC permissions not currently held:\n"
        raise errors.forbidden(at.kind.resource, at.name, text + "\n".join(_shown(rule) for rule in missing))


def _parts(rule: Object) -> Iterator[RequestInfo]:
    """A rule as the single requests that it allows."""
    for verb in rule.get("verbs") or ():
        for path in rule.get("nonResourceURLs") or ():
            yield RequestInfo(verb, path)
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                plural, _, part = resource.partition("/")
                for each in rule.get("resourceNames") or ("",):
                    yield RequestInfo(verb, "", group, "", plural, "", each, part)


def _shown(rule: Object) -> str:
    fields = (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("ResourceNames", "resourceNames"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("Verbs", "verbs"),
    )
    told = [f"{shown}:[{' '.join(f'{_quoted(v)}' for v in rule[key])}]" for shown, key in fields if rule.get(key)]
    return f"{{{', '.join(told)}}}"


def _quoted(text: str) -> str:
    return f'"{text}"'
