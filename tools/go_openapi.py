"""Makes src/eachpod/model/data/openapi.json: what the OpenAPI documents say of fields beyond their shapes.

usage: python tools/go_openapi.py API_CHECKOUT APIMACHINERY_CHECKOUT

Which fields are required, which strings are one of a set, which numbers have 64 bits and which defaults are published
follows from the Go declarations and their markers, and is in no smaller source. Per struct of `shapes.json` (run
go_shapes.py first) and field: r required, e the set of values, f the format, d the default, l a map of lists of
strings. The entry "" is of the struct itself: u its union. Compact JSON with a line per struct, so that it is small
and its diffs stay readable.
"""

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from go_shapes import ALIAS, EMBEDDED, FIELD, IMPORT, META, STRUCT, qualify

DATA = Path(__file__).parent.parent / "src/eachpod/model/data"
CONSTANT = re.compile(r'^\s*(?:const\s+)?(\w+)\s+([\w.]+)\s*=\s*"([^"]*)"')
CONVERTED = re.compile(r'^\s*(?:const\s+)?(\w+)\s*=\s*(\w+)\("([^"]*)"\)')
MARKER = re.compile(r"^\s*//\s*\+([\w:]+)(?:=(.*))?$")
FORMATS = {"int64": "int64", "float64": "double", f"{META}.MicroTime": "micro"}


@dataclass
class Member:
    label: str
    go_name: str
    go_type: str
    omitted: bool
    markers: dict[str, str]


@dataclass
class Declarations:
    """Structs, names of other types, and values of enumerations, by `group/version.Name`."""

    structs: dict[str, list[Member]] = field(default_factory=dict)
    markers: dict[str, dict[str, str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    def read(self, package: str, text: str) -> None:
        lines = text.splitlines()
        imports = {m[1] or m[3].rsplit("/", 1)[1]: m[3] for m in map(IMPORT.match, lines) if m}
        current: list[Member] | None = None
        markers: dict[str, str] = {}
        for line in lines:
            if marker := MARKER.match(line):
                markers.setdefault(marker[1], (marker[2] or "").strip())
                continue
            if line.strip().startswith("//") or not (line.strip() or current is not None):
                continue
            if opened := STRUCT.match(line):
                current = self.structs.setdefault(f"{package}.{opened[1]}", [])
                self.markers[f"{package}.{opened[1]}"] = markers
            elif line.startswith("}"):
                current = None
            elif current is not None:
                self._member(current, package, imports, line, markers)
            elif alias := ALIAS.match(line):
                self.aliases[f"{package}.{alias[1]}"] = qualify(alias[2], package, imports)
                self.markers[f"{package}.{alias[1]}"] = markers
            elif constant := CONSTANT.match(line) or CONVERTED.match(line):
                self.values.setdefault(qualify(constant[2], package, imports), set()).add(constant[3])
                self.constants[constant[1]] = constant[3]
            markers = {}

    def _member(
        self, into: list[Member], package: str, imports: dict[str, str], line: str, markers: dict[str, str]
    ) -> None:
        found = FIELD.match(line)
        if found and found[1]:
            name, go_type, tag = found[1], found[2], found[3]
        elif embedded := EMBEDDED.match(line):
            name, go_type, tag = "", embedded[1], embedded[2]
        else:
            return
        label, *options = tag.split(",")
        into.append(Member(label, name, qualify(go_type, package, imports), "omitempty" in options, markers))

    def members(self, name: str) -> list[Member]:
        found: list[Member] = []
        for member in self.structs[name]:
            if member.label == "-":
                continue
            found += [member] if member.label else self.members(member.go_type.lstrip("*"))
        return found

    def enumeration(self, go_type: str) -> list[str]:
        name = go_type.lstrip("*[]")
        name = name.partition("]")[2] if name.startswith("map[") else name
        while name in self.aliases:
            if "enum" in self.markers.get(name, {}):
                return sorted(self.values.get(name, ()))
            name = self.aliases[name].lstrip("*[]")
        return []

    def base(self, go_type: str) -> str:
        name = go_type.lstrip("*[]")
        while name in self.aliases and name not in FORMATS:
            name = self.aliases[name].lstrip("*[]")
        return name


def described(types: Declarations, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member in types.members(name):
        entry: dict[str, Any] = {}
        if "required" in member.markers or not (member.omitted or "optional" in member.markers):
            entry["r"] = 1
        if values := types.enumeration(member.go_type):
            entry["e"] = values
        if kept := FORMATS.get(types.base(member.go_type)):
            entry["f"] = kept
        if member.go_type.startswith("map[") and types.aliases.get(member.go_type.partition("]")[2], "").startswith(
            "[]"
        ):
            entry["l"] = 1
        if "default" in member.markers:
            entry["d"] = default(types, member.markers["default"])
        if entry:
            found[member.label] = entry
    if "union" in types.markers[name]:
        found[""] = {"u": union(types, name)}
    return found


def default(types: Declarations, text: str) -> Any:
    if reference := re.match(r"^ref\((?:.*\.)?(\w+)\)$", text):
        return types.constants[reference[1]]
    try:
        return json.loads(text)
    except ValueError:
        return text


def union(types: Declarations, name: str) -> dict[str, Any]:
    members = types.members(name)
    discriminator = next((m for m in members if "unionDiscriminator" in m.markers), None)
    others = {m.label: m.go_name for m in members if m is not discriminator and m.omitted}
    made: dict[str, Any] = {"fields-to-discriminateBy": others}
    return {"discriminator": discriminator.label, **made} if discriminator else made


def main(api: str, machinery: str) -> None:
    types = Declarations()
    for file in sorted((Path(machinery) / "pkg/apis/meta/v1").glob("*.go")):
        if not re.search(r"(_test|generated.*|zz_.*)\.go$", file.name):
            types.read(META, file.read_text())
    for file in sorted(Path(api).glob("*/v*/*.go")):
        if not re.search(r"(_test|generated.*|zz_.*)\.go$", file.name):
            types.read("/".join(file.parts[-3:-1]), file.read_text())
    shapes = json.loads((DATA / "shapes.json").read_text())
    facts = {name: entry for name in sorted(shapes) if name in types.structs and (entry := described(types, name))}
    lines = (f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in facts.items())
    (DATA / "openapi.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
