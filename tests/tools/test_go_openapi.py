"""The generator on a small declaration with every form that it has to read."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

GO = """
package v1

// Mode is how a thing works.
// +enum
type Mode string

const (
	Fast Mode = "Fast"
	Slow = Mode("Slow")
)

type Thing struct {
	// +unionDiscriminator
	Mode Mode `json:"mode"`
	// +optional
	// +default="10s"
	Wait string `json:"wait,omitempty"`
	Count *int64 `json:"count,omitempty"`
	// +required
	Name string `json:"name,omitempty"`
	Modes []Mode `json:"modes,omitempty"`
	Hidden string `json:"-"`
}
"""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    spec = importlib.util.spec_from_file_location("go_openapi", TOOLS / "go_openapi.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "go_openapi", module)
    spec.loader.exec_module(module)
    return module


def test_what_is_said_of_fields(tool: ModuleType) -> None:
    types = tool.Declarations()
    types.read("core/v1", GO)
    assert tool.described(types, "core/v1.Thing") == {
        "mode": {"r": 1, "e": ["Fast", "Slow"]},
        "wait": {"d": "10s"},
        "count": {"f": "int64"},
        "name": {"r": 1},
        "modes": {"e": ["Fast", "Slow"]},
    }
