"""The generator of what is said of fields, on a small declaration with every form that it has to read."""

from collections.abc import Callable
from types import ModuleType

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


def test_what_is_said_of_fields(load: Callable[[str], ModuleType]) -> None:
    tool = load("go_openapi")
    types = tool.Declarations()
    types.read("core/v1", GO)
    assert tool.described(types, "core/v1.Thing") == {
        "mode": {"r": 1, "e": ["Fast", "Slow"]},
        "wait": {"d": "10s"},
        "count": {"f": "int64"},
        "name": {"r": 1},
        "modes": {"e": ["Fast", "Slow"]},
    }
