"""RBAC: which rules a user has, from the roles and bindings in the store.

A user's rules are gathered once and kept until any RBAC object changes; deciding is then a walk over few rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from eachpod.model.labelselector import Selector
from eachpod.model.objects import Object, dig, labels, name, namespace
from eachpod.model.resource import Resource
from eachpod.model.resources import CLUSTERROLE, CLUSTERROLEBINDING, ROLE, ROLEBINDING
from eachpod.store.contract import Event, Store

from .context import View
from .requestinfo import RequestInfo
from .user import MASTERS, User

_RESOURCES = (ROLE, ROLEBINDING, CLUSTERROLE, CLUSTERROLEBINDING)


@dataclass(frozen=True, slots=True)
class Granted:
    """A rule and by what a user has it. `namespace` is "" for rules that hold everywhere."""

    rule: Object
    namespace: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    reason: str = ""


def covers(rule: Object, info: RequestInfo) -> bool:
    """Whether a PolicyRule allows a request."""
    if not _any(rule.get("verbs"), info.verb):
        return False
    if not info.resource:
        return any(_path_matches(pattern, info.path) for pattern in rule.get("nonResourceURLs") or ())
    if not _any(rule.get("apiGroups"), info.group) or not _resource_matches(rule.get("resources") or (), info):
        return False
    names = rule.get("resourceNames")
    return not names or info.name in names


def _any(held: Sequence[str] | None, wanted: str) -> bool:
    return bool(held) and ("*" in held or wanted in held)  # type: ignore[operator]  # not None here


def _resource_matches(held: Sequence[str], info: RequestInfo) -> bool:
    if "*" in held:
        return True
    if not info.subresource:
        return info.resource in held
    return f"{info.resource}/{info.subresource}" in held or f"*/{info.subresource}" in held


def _path_matches(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def _subject_of(user: User, subjects: Sequence[Object], where: str) -> str:
    """The first of a binding's subjects that the user is, as it is shown; "" for none."""
    for subject in subjects:
        kind, who = subject.get("kind"), subject.get("name") or ""
        if kind == "User" and who == user.name:
            return f'User "{who}"'
        if kind == "Group" and who in user.groups:
            return f'Group "{who}"'
        if kind == "ServiceAccount":
            space = subject.get("namespace") or where
            if user.name == f"system:serviceaccount:{space}:{who}":
                return f'ServiceAccount "{who}/{space}"'
    return ""


@dataclass(slots=True)
class Rbac:
    """The authorizer. `follow` makes it forget what it gathered when the objects change."""

    view: View
    _gathered: dict[tuple[str, tuple[str, ...]], list[Granted]] = field(default_factory=dict)

    def follow(self, store: Store) -> None:
        for resource in _RESOURCES:
            store.subscribe(resource.group_resource, store.revision, self._forget)

    def _forget(self, event: Event) -> None:
        self._gathered.clear()

    def rules(self, user: User) -> list[Granted]:
        key = (user.name, user.groups)
        found = self._gathered.get(key)
        if found is None:
            found = self._gathered[key] = list(self._gather(user))
        return found

    def _gather(self, user: User) -> Iterator[Granted]:
        for binding in self.view.all(CLUSTERROLEBINDING):
            yield from self._from_binding(user, binding, "")
        for binding in self.view.all(ROLEBINDING):
            yield from self._from_binding(user, binding, namespace(binding))

    def _from_binding(self, user: User, binding: Object, where: str) -> Iterator[Granted]:
        subject = _subject_of(user, binding.get("subjects") or (), where)
        if not subject:
            return
        reference = binding.get("roleRef") or {}
        kind = reference.get("kind") or ""
        shown = f"{name(binding)}/{where}" if where else name(binding)
        binding_kind = "RoleBinding" if where else "ClusterRoleBinding"
        reason = f'RBAC: allowed by {binding_kind} "{shown}" of {kind} "{reference.get("name")}" to {subject}'
        for rule in self.role_rules(kind, reference.get("name") or "", where):
            yield Granted(rule, where, reason)

    def role_rules(self, kind: str, role: str, where: str) -> Sequence[Object]:
        resource: Resource = ROLE if kind == "Role" else CLUSTERROLE
        found = self.view.get(resource, role, where if kind == "Role" else "") or {}
        selectors = dig(found, "aggregationRule", "clusterRoleSelectors")
        return self._aggregated(selectors) if selectors else found.get("rules") or ()

    def _aggregated(self, selectors: Sequence[Object]) -> list[Object]:
        """The rules of all cluster roles that are selected, through roles that are aggregated themselves."""
        chosen = [Selector.of(each) for each in selectors]
        rules: list[Object] = []
        for role in self.view.all(CLUSTERROLE):
            if any(selector.matches(labels(role)) for selector in chosen):
                rules += [rule for rule in self.role_rules("ClusterRole", name(role), "") if rule not in rules]
        return rules

    def decide(self, user: User, info: RequestInfo) -> Verdict:
        if MASTERS in user.groups:
            return Verdict(True)
        for granted in self.rules(user):
            if granted.namespace and granted.namespace != info.namespace:
                continue
            if granted.namespace and not info.resource:
                continue
            if covers(granted.rule, info):
                return Verdict(True, granted.reason)
        return Verdict(False)
