"""Role, ClusterRole and their bindings."""

from collections.abc import Callable

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import validate_selector
from eachpod.model.objects import Object, name
from eachpod.model.resources import CLUSTERROLE, CLUSTERROLEBINDING, ROLE, ROLEBINDING
from eachpod.model.table import age, columns

GROUP = "rbac.authorization.k8s.io"


def _validate_rules(obj: Object, *, namespaced: bool) -> list[FieldError]:
    rules = [(f"rules[{index}]", rule) for index, rule in enumerate(obj.get("rules") or ())]
    errors = [error for path, rule in rules for error in _rule(rule, path, namespaced=namespaced)]
    return errors + [required(f"{path}.verbs") for path, rule in rules if not rule.get("verbs")]


def _rule(rule: Object, path: str, *, namespaced: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    urls = rule.get("nonResourceURLs")
    if urls:
        where = f"{path}.nonResourceURLs"
        if namespaced:
            errors.append(invalid(where, urls, "namespaced rules cannot apply to non-resource URLs"))
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            text = "rules cannot apply to both regular resources and non-resource URLs"
            errors.append(invalid(where, urls, text))
        return errors
    if not rule.get("apiGroups"):
        errors.append(required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        errors.append(required(f"{path}.resources", "resource rules must supply at least one resource"))
    return errors


def _validate_role(obj: Object) -> list[FieldError]:
    return _validate_rules(obj, namespaced=True)


def _validate_cluster_role(obj: Object) -> list[FieldError]:
    errors = _validate_rules(obj, namespaced=False)
    aggregation = obj.get("aggregationRule")
    if aggregation is None:
        return errors
    path, selectors = "aggregationRule.clusterRoleSelectors", aggregation.get("clusterRoleSelectors") or []
    if not selectors:
        text = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        errors.append(required(path, text))
    for index, selector in enumerate(selectors):
        errors += validate_selector(selector, f"{path}[{index}]")
    return errors


def _default_binding(obj: Object) -> Object:
    ref = obj.setdefault("roleRef", {})
    ref["apiGroup"] = ref.get("apiGroup") or GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP
    return obj


def _binding(kinds: tuple[str, ...], *, namespaced: bool) -> Callable[[Object], list[FieldError]]:
    def validate(obj: Object) -> list[FieldError]:
        ref = obj.get("roleRef") or {}
        errors: list[FieldError] = []
        if ref.get("apiGroup") != GROUP:
            errors.append(not_supported("roleRef.apiGroup", ref.get("apiGroup") or "", (GROUP,)))
        if ref.get("kind") not in kinds:
            errors.append(not_supported("roleRef.kind", ref.get("kind") or "", kinds))
        role = ref.get("name")
        errors += form(names.path_segment, role, "roleRef.name") if role else []
        subjects = [(f"subjects[{index}]", subject) for index, subject in enumerate(obj.get("subjects") or ())]
        for path, subject in subjects:
            errors += _subject(subject, path, namespaced=namespaced)
        errors += [required(f"{path}.name") for path, subject in subjects if not subject.get("name")]
        return errors if role else [*errors, required("roleRef.name")]

    return validate


def _subject(subject: Object, path: str, *, namespaced: bool) -> list[FieldError]:
    kind, group, word = subject.get("kind") or "", subject.get("apiGroup") or "", subject.get("name") or ""
    errors: list[FieldError] = []
    if kind == "ServiceAccount":
        if word:
            errors += form(names.subdomain, word, f"{path}.name")
        if group:
            errors.append(not_supported(f"{path}.apiGroup", group, ("",)))
        if not namespaced and not subject.get("namespace"):
            errors.append(required(f"{path}.namespace"))
    elif kind in ("User", "Group"):
        if group != GROUP:
            errors.append(not_supported(f"{path}.apiGroup", group, (GROUP,)))
    else:
        errors.append(not_supported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group")))
    return errors


_validate_binding = _binding(("Role", "ClusterRole"), namespaced=True)
_validate_cluster_binding = _binding(("ClusterRole",), namespaced=False)


def _role_ref(new: Object, old: Object) -> list[FieldError]:
    ref = new.get("roleRef") or {}
    if ref == old.get("roleRef"):
        return []
    shown = {"APIGroup": ref.get("apiGroup") or "", "Kind": ref.get("kind") or "", "Name": ref.get("name") or ""}
    return [invalid("roleRef", shown, "cannot change roleRef")]


def _row(obj: Object, now: float) -> list[Cell]:
    ref, subjects = obj.get("roleRef") or {}, obj.get("subjects") or []
    accounts = [
        f"{subject.get('namespace') or ''}/{subject.get('name') or ''}"
        for subject in subjects
        if subject.get("kind") == "ServiceAccount"
    ]
    return [
        name(obj),
        f"{ref.get('kind') or ''}/{ref.get('name') or ''}",
        age(obj, now),
        ", ".join(subject.get("name") or "" for subject in subjects if subject.get("kind") == "User"),
        ", ".join(subject.get("name") or "" for subject in subjects if subject.get("kind") == "Group"),
        ", ".join(accounts),
    ]


_COLUMNS = columns("Role", "Age", "*Users", "*Groups", "*ServiceAccounts")

KINDS = (
    Kind(
        ROLE,
        validate=_validate_role,
        validate_update=lambda new, old: _validate_role(new),
        name_rule="path",
        create_on_update=True,
    ),
    Kind(
        ROLEBINDING,
        default=_default_binding,
        validate=_validate_binding,
        validate_update=lambda new, old: _validate_binding(new) + _role_ref(new, old),
        columns=_COLUMNS,
        row=_row,
        name_rule="path",
        create_on_update=True,
    ),
    Kind(
        CLUSTERROLE,
        validate=_validate_cluster_role,
        validate_update=lambda new, old: _validate_cluster_role(new),
        name_rule="path",
        create_on_update=True,
    ),
    Kind(
        CLUSTERROLEBINDING,
        default=_default_binding,
        validate=_validate_cluster_binding,
        validate_update=lambda new, old: _validate_cluster_binding(new) + _role_ref(new, old),
        columns=_COLUMNS,
        row=_row,
        name_rule="path",
        create_on_update=True,
    ),
)
