"""The generator of merge keys on a small declaration with every form that it has to read."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

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


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("go_merge", TOOLS / "go_merge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "go_merge", module)
    spec.loader.exec_module(module)
    return module


def test_how_fields_merge(tool: ModuleType) -> None:
    table: dict[str, dict[str, Any]] = {}
    tool.read("core/v1", GO, table)
    assert tool.whole(table, "core/v1.Whole") == {"": {"t": "atomic"}, "words": {"l": "atomic"}}
    assert tool.whole(table, "core/v1.Thing") == {
        "ports": {"s": "merge", "k": "port", "l": "map", "m": ["port", "protocol"]},
        "values": {"t": "granular"},
    }
