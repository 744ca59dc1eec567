"""How a volume may be mounted, in the short forms of tables."""

from collections.abc import Iterable

_SHORT = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def short(modes: Iterable[str] | None) -> str:
    present = set(modes or ())
    return ",".join(text for mode, text in _SHORT.items() if mode in present)
