"""How commands answer: sentences for people on standard error, results on standard output, JSON where asked for."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from eachpod.cluster.errors import ClusterError


def tell(text: str) -> None:
    """What is going on; never part of a result."""
    print(text, file=sys.stderr, flush=True)


def emit(value: Any, output: str, text: str) -> None:
    """`value` as JSON with `-o json`, else `text`."""
    if output not in ("", "json"):
        raise ClusterError(f"-o: {output!r} is unknown, choose json or leave it out")
    print(json.dumps(value, indent=2) if output == "json" else text)


def columns(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table as kubectl prints one."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join("   ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)
