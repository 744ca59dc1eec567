"""Label selectors: what they print as in messages."""

import pytest

from eachpod.model.labelselector import go_text
from eachpod.model.objects import Object


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, "&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{},}"),
        (
            {"matchLabels": {"b": "2", "a": "1"}},
            "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}",
        ),
        (
            {
                "matchExpressions": [
                    {"key": "a", "operator": "In", "values": ["x", "y"]},
                    {"key": "b", "operator": "Exists"},
                ]
            },
            "&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{"
            "LabelSelectorRequirement{Key:a,Operator:In,Values:[x y],},"
            "LabelSelectorRequirement{Key:b,Operator:Exists,Values:[],},},}",
        ),
    ],
)
def test_text(selector: Object, text: str) -> None:
    assert go_text(selector) == text
