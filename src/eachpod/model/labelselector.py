"""Label selectors made ready for matching many pods against one selector."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Requirement = tuple[str, str, frozenset[str]]


def holds(operator: str, value: str | None, values: Collection[str]) -> bool:
    """Whether a label, None where there is none, is what the operator asks for."""
    match operator:
        case "In":
            return value is not None and value in values
        case "NotIn":
            return value is None or value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


@dataclass(frozen=True, slots=True)
class Selector:
    """A meta/v1 LabelSelector. `text` is the same for selectors that say the same, so it can be a key.

    No selector (None) matches nothing, an empty one everything, as in the API.
    """

    text: str
    equal: tuple[tuple[str, str], ...] = field(compare=False)
    requirements: tuple[Requirement, ...] = field(compare=False)
    nothing: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, selector: Mapping[str, Any] | None, extra: Mapping[str, str] | None = None) -> "Selector":
        """`extra` are further labels that must be equal (matchLabelKeys)."""
        equal = {**((selector or {}).get("matchLabels") or {}), **(extra or {})}
        expressions = [
            (one.get("key") or "", one.get("operator") or "", frozenset(one.get("values") or ()))
            for one in (selector or {}).get("matchExpressions") or ()
        ]
        parts = [[key, operator, sorted(values)] for key, operator, values in expressions]
        text = json.dumps([selector is None, sorted(equal.items()), sorted(parts)])
        return cls(text, tuple(equal.items()), tuple(expressions), selector is None)

    @property
    def empty(self) -> bool:
        return not self.nothing and not self.equal and not self.requirements

    def matches(self, have: Mapping[str, str]) -> bool:
        if self.nothing:
            return False
        for key, value in self.equal:
            if have.get(key) != value:
                return False
        return all(holds(operator, have.get(key), values) for key, operator, values in self.requirements)


def go_text(selector: Mapping[str, Any]) -> str:
    """A selector as the programs of Kubernetes print it in their messages."""
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(
        f"LabelSelectorRequirement{{Key:{one.get('key') or ''},Operator:{one.get('operator') or ''},"
        f"Values:[{' '.join(one.get('values') or ())}],}},"
        for one in selector.get("matchExpressions") or ()
    )
    parts = f"MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},"
    return f"&LabelSelector{{{parts}}}"
