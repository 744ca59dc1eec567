"""Node selectors and node affinity (core/v1 NodeSelectorTerm): which nodes a pod, or a volume, asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from .labelselector import holds
from .objects import Object, dig, labels, name

Requirement = Mapping[str, Any]


def _whole(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _holds(requirement: Requirement, have: Mapping[str, str]) -> bool:
    operator, value = requirement.get("operator") or "", have.get(requirement.get("key") or "")
    values: Sequence[str] = requirement.get("values") or ()
    if operator not in ("Gt", "Lt"):
        return holds(operator, value, values)
    ours, asked = _whole(value), _whole(values[0] if values else "")
    if ours is None or asked is None:
        return False
    return ours > asked if operator == "Gt" else ours < asked


def term_matches(term: Mapping[str, Any], node: Object) -> bool:
    """A term with neither expressions nor fields matches nothing; all that it has must hold."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    have = labels(node)
    named = {"metadata.name": name(node)}
    return all(_holds(one, have) for one in expressions) and all(_holds(one, named) for one in fields)


def selector_matches(selector: Mapping[str, Any] | None, node: Object) -> bool:
    """A NodeSelector: its terms are alternatives; no selector at all matches every node."""
    if selector is None:
        return True
    return any(term_matches(term, node) for term in selector.get("nodeSelectorTerms") or ())


def pod_accepts(pod: Object, node: Object) -> bool:
    """spec.nodeSelector and the required node affinity of a pod."""
    have = labels(node)
    wanted: Mapping[str, str] = dig(pod, "spec", "nodeSelector", default={})
    if any(have.get(key) != value for key, value in wanted.items()):
        return False
    required = dig(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return selector_matches(required, node)


def preferred_weight(pod: Object, node: Object) -> int:
    """The sum of the weights of the preferred terms that this node meets."""
    terms = dig(pod, "spec", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution", default=())
    return sum(
        int(term.get("weight") or 0)
        for term in terms
        if not _empty(term.get("preference")) and term_matches(term["preference"], node)
    )


def _empty(preference: Mapping[str, Any] | None) -> bool:
    return not preference or not (preference.get("matchExpressions") or preference.get("matchFields"))
