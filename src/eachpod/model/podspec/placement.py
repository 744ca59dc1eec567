"""Where a pod may run: affinity, tolerations, topology spread, node selectors."""

from typing import Any

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form, one_of
from eachpod.model.metadata import validate_selector
from eachpod.model.objects import Object

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_POSITIVE = "must be greater than zero"


def validate_affinity(affinity: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    node = affinity.get("nodeAffinity")
    if node is not None:
        errors += _node_affinity(node, f"{path}.nodeAffinity")
    for kind in ("podAffinity", "podAntiAffinity"):
        if affinity.get(kind) is not None:
            errors += _pod_affinity(affinity[kind], f"{path}.{kind}")
    return errors


def _node_affinity(affinity: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    wanted = affinity.get(_REQUIRED)
    if wanted is not None:
        errors += validate_node_selector(wanted, f"{path}.{_REQUIRED}")
    for index, term in enumerate(affinity.get(_PREFERRED) or ()):
        here = f"{path}.{_PREFERRED}[{index}]"
        errors += _weight(term, here)
        errors += _node_term(term.get("preference") or {}, f"{here}.preference", values=False)
    return errors


def validate_node_selector(selector: Object, path: str) -> list[FieldError]:
    terms = selector.get("nodeSelectorTerms") or []
    if not terms:
        return [required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")]
    return [
        error
        for index, term in enumerate(terms)
        for error in _node_term(term, f"{path}.nodeSelectorTerms[{index}]", values=True)
    ]


def _node_term(term: Object, path: str, *, values: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, need in enumerate(term.get("matchExpressions") or ()):
        errors += _node_expression(need, f"{path}.matchExpressions[{index}]", values=values)
    for index, need in enumerate(term.get("matchFields") or ()):
        errors += _node_field(need, f"{path}.matchFields[{index}]")
    return errors


def _node_expression(need: Object, path: str, *, values: bool) -> list[FieldError]:
    operator, listed, key = need.get("operator") or "", need.get("values") or [], need.get("key") or ""
    errors: list[FieldError] = []
    if operator in ("In", "NotIn"):
        if not listed:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if listed:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(forbidden(f"{path}.values", text))
    elif operator in ("Gt", "Lt"):
        if len(listed) != 1:
            text = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(required(f"{path}.values", text))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    errors += form(names.label_key, key, f"{path}.key")
    if values:
        for index, value in enumerate(listed):
            errors += form(names.label_value, value, f"{path}.values[{index}]")
    return errors


def _node_field(need: Object, path: str) -> list[FieldError]:
    operator, listed, key = need.get("operator") or "", need.get("values") or [], need.get("key") or ""
    errors: list[FieldError] = []
    if operator not in ("In", "NotIn"):
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    elif len(listed) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(required(f"{path}.values", text))
    if key != "metadata.name":
        return [*errors, invalid(f"{path}.key", key, "not a valid field selector key")]
    for index, value in enumerate(listed):
        errors += form(names.subdomain, value, f"{path}.values[{index}]")
    return errors


def _weight(term: Object, path: str) -> list[FieldError]:
    weight = term.get("weight") or 0
    return [] if 1 <= weight <= 100 else [invalid(f"{path}.weight", weight, "must be in the range 1-100")]


def _pod_affinity(affinity: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, term in enumerate(affinity.get(_REQUIRED) or ()):
        errors += _pod_term(term, f"{path}.{_REQUIRED}[{index}]")
    for index, weighted in enumerate(affinity.get(_PREFERRED) or ()):
        here = f"{path}.{_PREFERRED}[{index}]"
        errors += _weight(weighted, here)
        errors += _pod_term(weighted.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")
    return errors


def _pod_term(term: Object, path: str) -> list[FieldError]:
    errors = validate_selector(term.get("labelSelector"), f"{path}.labelSelector")
    errors += validate_selector(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for space in term.get("namespaces") or ():
        errors += form(names.label, space, f"{path}.namespace")
    errors += _label_keys(term, path)
    key = term.get("topologyKey") or ""
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    return errors + form(names.label_key, key, f"{path}.topologyKey")


def _label_keys(term: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    selector: Any = term.get("labelSelector")
    for field in ("matchLabelKeys", "mismatchLabelKeys"):
        keys = term.get(field) or []
        if keys and selector is None:
            errors.append(forbidden(f"{path}.{field}", "must not be specified when labelSelector is not set"))
        else:
            for index, key in enumerate(keys):
                errors += form(names.label_key, key, f"{path}.{field}[{index}]")
    both = set(term.get("mismatchLabelKeys") or ())
    for index, key in enumerate(term.get("matchLabelKeys") or ()):
        if key in both:
            text = "exists in both matchLabelKeys and mismatchLabelKeys"
            errors.append(invalid(f"{path}.matchLabelKeys[{index}]", key, text))
    return errors


def validate_tolerations(tolerations: list[Object], path: str) -> list[FieldError]:
    return [
        error for index, toleration in enumerate(tolerations) for error in _toleration(toleration, f"{path}[{index}]")
    ]


def _toleration(toleration: Object, path: str) -> list[FieldError]:
    key, operator = toleration.get("key") or "", toleration.get("operator") or ""
    value, effect = toleration.get("value") or "", toleration.get("effect") or ""
    errors = form(names.label_key, key, f"{path}.key") if key else []
    if not key and operator != "Exists":
        text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        errors.append(invalid(f"{path}.operator", operator, text))
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        errors.append(invalid(f"{path}.effect", effect, text))
    if operator in ("Equal", ""):
        faults = names.label_value(value)
        if faults:
            errors.append(invalid(f"{path}.operator", value, ";".join(faults)))
    elif operator == "Exists":
        if value:
            errors.append(invalid(f"{path}.operator", value, "value must be empty when `operator` is 'Exists'"))
    elif operator in ("Lt", "Gt"):
        errors.append(not_supported(f"{path}.operator", operator, ("Equal", "Exists", "Lt", "Gt")))
    else:
        errors.append(not_supported(f"{path}.operator", operator, ("Equal", "Exists")))
    if effect:
        errors += one_of(effect, f"{path}.effect", TAINT_EFFECTS)
    return errors


def validate_spread(constraints: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, constraint in enumerate(constraints):
        errors += _spread(constraint, constraints[index + 1 :], f"{path}[{index}]")
    return errors


def _spread(constraint: Object, rest: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    skew, key = constraint.get("maxSkew") or 0, constraint.get("topologyKey") or ""
    action = constraint.get("whenUnsatisfiable") or ""
    if skew <= 0:
        errors.append(invalid(f"{path}.maxSkew", skew, _POSITIVE))
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    if action not in ("DoNotSchedule", "ScheduleAnyway"):
        errors.append(not_supported(f"{path}.whenUnsatisfiable", action, ("DoNotSchedule", "ScheduleAnyway")))
    if any(other.get("topologyKey") == key and other.get("whenUnsatisfiable") == action for other in rest):
        errors.append(duplicate(f"{path}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}"))
    domains = constraint.get("minDomains")
    if domains is not None:
        if domains <= 0:
            errors.append(invalid(f"{path}.minDomains", domains, _POSITIVE))
        if action != "DoNotSchedule":
            text = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
            errors.append(invalid(f"{path}.minDomains", domains, text))
    errors += [
        not_supported(f"{path}.{field}", constraint[field], ("Honor", "Ignore"))
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy")
        if constraint.get(field) not in (None, "Honor", "Ignore")
    ]
    errors += _label_keys(constraint, path)
    return errors + validate_selector(constraint.get("labelSelector"), f"{path}.labelSelector")
