"""The order of admission, and what a plugin is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.server.context import Context, View


@dataclass(frozen=True, slots=True)
class Attributes:
    """`operation` is CREATE, UPDATE or DELETE; `old` is the stored object of the latter two."""

    operation: str
    kind: Kind
    namespace: str
    name: str
    context: Context
    view: View
    subresource: str = ""
    old: Object | None = None


# Returns the object, changed in a copy or not at all; raises a StatusError to refuse it.
Plugin = Callable[[Object, Attributes], Object]


def admit(plugins: Sequence[Plugin], obj: Object, attributes: Attributes) -> Object:
    for plugin in plugins:
        obj = plugin(obj, attributes)
    return obj
