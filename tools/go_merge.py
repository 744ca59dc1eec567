"""Makes src/eachpod/model/data/merge.json: how lists and maps of the kinds merge.

usage: python tools/go_merge.py API_CHECKOUT APIMACHINERY_CHECKOUT

Per struct of `shapes.json` (run go_shapes.py first) and field: s the patch strategy and k its merge key, from the
tags; l the list type, m its keys and t the map type, from the markers. The entry "" is of the struct itself.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from go_shapes import EMBEDDED, FIELD, META, STRUCT

DATA = Path(__file__).parent.parent / "src/eachpod/model/data"
MARKER = re.compile(r"^\s*//\s*\+(\w+)=(\S*)")
TAG = re.compile(r'(patchStrategy|patchMergeKey):"([^"]*)"')
INLINE = "<inline>"
NAMES = {"listType": "l", "mapType": "t", "structType": "t"}


def marks(markers: list[tuple[str, str]], line: str) -> dict[str, Any]:
    tags = dict(TAG.findall(line))
    found: dict[str, Any] = {}
    if "patchStrategy" in tags:
        found["s"] = tags["patchStrategy"]
    if "patchMergeKey" in tags:
        found["k"] = tags["patchMergeKey"]
    found |= {NAMES[name]: value for name, value in markers if name in NAMES}
    if keys := [value for name, value in markers if name == "listMapKey"]:
        found["m"] = keys
    return found


def read(package: str, text: str, into: dict[str, dict[str, Any]]) -> None:
    current: dict[str, Any] | None = None
    markers: list[tuple[str, str]] = []
    for line in text.splitlines():
        if marker := MARKER.match(line):
            markers.append((marker[1], marker[2]))
            continue
        if line.strip().startswith("//") or not (line.strip() or current is not None):
            continue
        if opened := STRUCT.match(line):
            current = into.setdefault(f"{package}.{opened[1]}", {})
            if of_struct := marks(markers, ""):
                current[""] = of_struct
        elif line.startswith("}"):
            current = None
        elif current is not None:
            label, found = label_of(line), marks(markers, line)
            if label and found:
                current[label] = found
            elif not label and (embedded := EMBEDDED.match(line)) and "." not in embedded[1]:
                current.setdefault(INLINE, []).append(f"{package}.{embedded[1].lstrip('*')}")
        markers = []


def whole(table: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """A struct's fields with those of the structs that are part of it."""
    found: dict[str, Any] = {}
    for part in table[name].get(INLINE, ()):
        found |= {key: value for key, value in whole(table, part).items() if key}
    return found | {key: value for key, value in table[name].items() if key != INLINE}


def label_of(line: str) -> str:
    found = FIELD.match(line)
    tag = found[3] if found and found[1] else ""
    if not tag and (embedded := EMBEDDED.match(line)):
        tag = embedded[2]
    return tag.partition(",")[0].replace("-", "")


def main(api: str, machinery: str) -> None:
    table: dict[str, dict[str, Any]] = {}
    folders = [(META, Path(machinery) / "pkg/apis/meta/v1")]
    folders += [("/".join(folder.parts[-2:]), folder) for folder in sorted(Path(api).glob("*/v*"))]
    for package, folder in folders:
        for file in sorted(folder.glob("*.go")):
            if not re.search(r"(_test|generated.*|zz_.*)\.go$", file.name):
                read(package, file.read_text(), table)
    shapes = json.loads((DATA / "shapes.json").read_text())
    kept = {name: found for name in sorted(shapes) if name in table and (found := whole(table, name))}
    (DATA / "merge.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
