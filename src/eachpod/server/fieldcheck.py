"""Types and unknown fields of what clients send (the query parameter fieldValidation)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.model.strict import examine
from eachpod.model.structure import struct_of
from eachpod.wire.http import Body

from .context import Context
from .requestinfo import Query, text

IGNORE, WARN, STRICT = "Ignore", "Warn", "Strict"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOKEN = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def level(query: Query) -> str:
    chosen = text(query, "fieldValidation") or WARN
    if chosen not in (IGNORE, WARN, STRICT):
        shown = f'Unsupported value: "{chosen}": supported values: "{IGNORE}", "{WARN}", "{STRICT}"'
        details: Object = {
            "group": "meta.k8s.io",
            "kind": "CreateOptions",
            "causes": [{"reason": "FieldValueNotSupported", "message": shown, "field": "fieldValidation"}],
        }
        raise errors.Invalid(f'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: {shown}', details=details)
    return chosen


def unreadable(kind: Kind, why: str) -> errors.BadRequest:
    resource = kind.resource
    return errors.BadRequest(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}'
    )


def check(kind: Kind, obj: Object, chosen: str, context: Context, doubled: list[str] | None = None) -> Object:
    """The object without fields that its kind does not have; they are refused or warned of, as `chosen` says.

    `doubled` are fields that the body had twice. A value of a wrong type is always refused.
    """
    struct = struct_of(kind.resource)
    if not struct:
        return obj
    findings = examine(struct, obj)
    if findings.wrong:
        raise unreadable(kind, findings.wrong)
    faults = [f'unknown field "{path}"' for path in findings.unknown]
    faults += [f'duplicate field "{path}"' for path in doubled or ()]
    if faults and chosen == STRICT:
        raise unreadable(kind, f"strict decoding error: {', '.join(faults)}")
    if chosen == WARN:
        for fault in faults:
            context.warn(fault)
    for path in findings.unknown:
        _prune(obj, path)
    return obj


def _prune(obj: Object, path: str) -> None:
    """Remove a field from a private object."""
    tokens = [int(index) if index else name for name, index in _TOKEN.findall(path)]
    here: Any = obj
    for token in tokens[:-1]:
        try:
            here = here[token]
        except (KeyError, IndexError, TypeError):
            return  # a name with a dot in it; what stays is harmless
    if isinstance(here, dict):
        here.pop(tokens[-1], None)


def doubled_fields(data: bytes) -> list[str]:
    """Fields that a JSON text has twice in one object."""
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> Object:
        made = dict(items)
        if len(made) < len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen and key not in found:
                    found.append(key)
                seen.add(key)
        return made

    try:
        json.loads(data, object_pairs_hook=pairs)
    except ValueError:
        return []
    return found


def doubled_keys(body: Body) -> list[tuple[int, str]]:
    """Keys that a YAML text has twice in one mapping, with their lines."""
    if not isinstance(body, bytes):
        return []
    try:
        root = yaml.compose(body, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError):
        return []
    return list(_doubled_in(root))


def _doubled_in(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(str(key.value))
            yield from _doubled_in(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled_in(item)


def check_dry_run(values: list[str], options: str) -> None:
    """There is only one way to run dry. `options` is the kind that the refusal names."""
    if all(value == "All" for value in values):
        return
    shown = f'Unsupported value: {json.dumps(values, separators=(",", ":"))}: supported values: "All"'
    cause = {"reason": "FieldValueNotSupported", "message": shown, "field": "dryRun"}
    details: Object = {"group": "meta.k8s.io", "kind": options, "causes": [cause]}
    raise errors.Invalid(f'{options}.meta.k8s.io "" is invalid: dryRun: {shown}', details=details)
