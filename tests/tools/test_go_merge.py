"""The generator of merge keys on a small declaration with every form that it has to read."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

GO = """
package v1

// +structType=atomic
type Whole struct {
	// +listType=atomic
	Words []string `json:"words,omitempty"`
}

type Part struct {
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	Ports []Port `json:"ports,omitempty" patchStrategy:"merge" patchMergeKey:"port" protobuf:"bytes,1,rep,name=ports"`
}

type Thing struct {
	Part `json:",inline"`
	// +mapType=granular
	Values map[string]string `json:"values,omitempty"`
	Plain string `json:"plain,omitempty"`
}
"""


def test_how_fields_merge(load: Callable[[str], ModuleType]) -> None:
    tool = load("go_merge")
    table: dict[str, dict[str, Any]] = {}
    tool.read("core/v1", GO, table)
    assert tool.whole(table, "core/v1.Whole") == {"": {"t": "atomic"}, "words": {"l": "atomic"}}
    assert tool.whole(table, "core/v1.Thing") == {
        "ports": {"s": "merge", "k": "port", "l": "map", "m": ["port", "protocol"]},
        "values": {"t": "granular"},
    }
