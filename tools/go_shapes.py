"""Makes src/eachpod/model/data/shapes.json: which fields of a kind are written when empty, and what they hold.

usage: python tools/go_shapes.py API_CHECKOUT APIMACHINERY_CHECKOUT

The wire form of an object follows from the Go structs behind it: whether an empty field is left out, whether zero and
absent differ. That is not in any published schema, so it is read from the type declarations. Codes of a field:

  s i j b f y  string, 32 and 64 bit integer, boolean, number, bytes by value
  ps pi pj pb  by pointer (zero and absent differ)
  S P     struct by value, by pointer                L M  list of structs, map of structs
  ls ms   list, map of plain values, with their type R    map of quantities
  q Q     quantity by value, by pointer              T t  time by value, by pointer
  o O     integer-or-string by value, by pointer     x    anything

`lx` and `mx` are lists and maps of anything. A trailing `!` marks a field that is written even when empty; `~` a
struct that is left out when empty.
"""

import json
import re
import sys
from pathlib import Path

GROUPS = [
    "core/v1", "apps/v1", "batch/v1", "autoscaling/v1", "autoscaling/v2", "discovery/v1", "coordination/v1",
    "policy/v1", "storage/v1", "scheduling/v1", "node/v1", "networking/v1", "rbac/v1", "events/v1",
    "authentication/v1", "authorization/v1", "admissionregistration/v1", "certificates/v1", "resource/v1",
]  # fmt: skip
META = "meta/v1"
STRUCT = re.compile(r"^type (\w+) struct \{$")
ALIAS = re.compile(r"^type (\w+) (?:= )?([\w.\[\]*]+)$")
FIELD = re.compile(r'^\s*(\w+)?\s+(\S+)\s+`.*?json:"([^"]*)"')
EMBEDDED = re.compile(r'^\s*([\w.*]+)\s+`.*?json:"([^"]*)"')
IMPORT = re.compile(r'^\s*(\w+)?\s*"k8s\.io/(api|apimachinery/pkg/apis)/([\w/]+)"')
SCALARS = {
    "string": "s",
    "bool": "b",
    "int": "j",
    "int32": "i",
    "int64": "j",
    "uint8": "i",
    "float64": "i",
    "byte": "i",
}
SPECIAL = {
    "resource.Quantity": ("q", "Q"),
    "intstr.IntOrString": ("o", "O"),
    "meta/v1.Time": ("T", "t"),
    "meta/v1.MicroTime": ("T", "t"),
    "meta/v1.Duration": ("x", "x"),
    "runtime.RawExtension": ("x", "x"),
    "runtime.Object": ("x", "x"),
    "meta/v1.FieldsV1": ("x", "x"),
    "types.UID": ("s", "ps"),
    "types.NodeName": ("s", "ps"),
}


class Types:
    """All declarations by `group/version.Name`."""

    def __init__(self) -> None:
        self.structs: dict[str, list[tuple[str, str, str]]] = {}
        self.aliases: dict[str, str] = {}

    def read(self, package: str, text: str) -> None:
        imports = {m[1] or m[3].rsplit("/", 1)[1]: m[3] for m in map(IMPORT.match, text.splitlines()) if m}
        current: list[tuple[str, str, str]] | None = None
        for line in text.splitlines():
            if opened := STRUCT.match(line):
                current = self.structs.setdefault(f"{package}.{opened[1]}", [])
            elif line.startswith("}"):
                current = None
            elif current is not None and not line.strip().startswith("//"):
                self._field(current, package, imports, line)
            elif current is None and (alias := ALIAS.match(line)):
                self.aliases[f"{package}.{alias[1]}"] = qualify(alias[2], package, imports)

    def _field(self, into: list[tuple[str, str, str]], package: str, imports: dict[str, str], line: str) -> None:
        if (field := FIELD.match(line)) and field[1]:
            into.append((field[3], qualify(field[2], package, imports), field[1]))
        elif embedded := EMBEDDED.match(line):
            into.append((embedded[2], qualify(embedded[1], package, imports), ""))

    def fields(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for tag, go_type, _ in self.structs[name]:
            label, *options = tag.split(",")
            if label == "-":
                continue
            if not label:
                found |= self.fields(self.resolve(go_type.lstrip("*")))
                continue
            found[label] = self.code(go_type, options)
        return found

    def plain(self, item: str) -> str:
        return SPECIAL[item][0] if item in SPECIAL else SCALARS.get(item, "x")

    def resolve(self, name: str) -> str:
        while name in self.aliases and name not in SPECIAL:
            name = self.aliases[name]
        return name

    def code(self, go_type: str, options: list[str]) -> str:
        always = "" if "omitempty" in options or "omitzero" in options else "!"
        pointer, bare = go_type.startswith("*"), self.resolve(go_type.lstrip("*"))
        if bare in SPECIAL:
            code = SPECIAL[bare][pointer]
            return code + ("~" if code == "T" and "omitzero" in options else always)
        if bare in SCALARS:
            return ("p" if pointer else "") + SCALARS[bare] + always
        if bare.startswith("[]"):
            item = self.resolve(bare[2:].lstrip("*"))
            if item == "byte":
                return "y" + always
            return (f"L:{item}" if item in self.structs and item not in SPECIAL else "l" + self.plain(item)) + always
        if bare.startswith("map["):
            item = self.resolve(bare.split("]", 1)[1].lstrip("*"))
            if item == "resource.Quantity":
                return "R" + always
            if item == "[]byte":
                return "my" + always
            return (f"M:{item}" if item in self.structs else "m" + self.plain(item)) + always
        if bare in self.structs:
            if pointer:
                return f"P:{bare}{always}"
            return f"S:{bare}" + ("~" if "omitzero" in options else "")
        raise SystemExit(f"unknown type {go_type} ({bare})")


def qualify(go_type: str, package: str, imports: dict[str, str]) -> str:
    prefix = re.match(r"^(\*|\[\]|map\[[\w.]+\])*", go_type)
    assert prefix
    head, name = go_type[: prefix.end()], go_type[prefix.end() :]
    if "." in name:
        module, _, short = name.partition(".")
        return f"{head}{imports.get(module, module)}.{short}"
    return head + (name if name in SCALARS or name in ("any", "interface{}") else f"{package}.{name}")


def main(api: str, machinery: str) -> None:
    types = Types()
    types.read(META, (Path(machinery) / "pkg/apis/meta/v1/types.go").read_text())
    for file in sorted(Path(api).glob("*/v*/*.go")):
        if not re.search(r"(_test|generated.*|zz_.*)\.go$", file.name):
            types.read("/".join(file.parts[-3:-1]), file.read_text())
    wanted = [f"{group}.{kind}" for group in GROUPS for kind in roots(types, group)]
    shapes: dict[str, dict[str, str]] = {}
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = types.fields(name)
            wanted += [code[2:].rstrip("!~") for code in shapes[name].values() if ":" in code]
    out = Path(__file__).parent.parent / "src/eachpod/model/data/shapes.json"
    lines = (f"{json.dumps(name)}: {json.dumps(shapes[name], sort_keys=True)}" for name in sorted(shapes))
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def roots(types: Types, group: str) -> list[str]:
    """Structs with metadata of their own: the kinds."""
    return [
        name.partition(".")[2]
        for name, fields in types.structs.items()
        if name.startswith(f"{group}.") and any(go == f"{META}.ObjectMeta" for _, go, _ in fields)
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
