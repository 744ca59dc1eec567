"""PATCH with an apply configuration: create what is missing, else merge by ownership of fields."""

import json

from eachpod.model import errors
from eachpod.model.kind import Kind
from eachpod.model.objects import Object, annotations, dig, drop, put
from eachpod.model.patch import apply, fieldset, managers, typed
from eachpod.model.strict import examine
from eachpod.model.structure import struct_of
from eachpod.model.timestamps import render
from eachpod.model.wellknown import LAST_APPLIED
from eachpod.wire.http import Response

from . import decode, fieldcheck, patchbody, present, writes
from .calls import Call, Core
from .ownership import NOBODY
from .requestinfo import flag

# Who goes over from client-side to server-side apply keeps what is theirs.
_CLIENT_SIDE = "kubectl-client-side-apply"
_KUBECTL = "kubectl"


async def applied(core: Core, call: Call) -> Response:
    kind = call.kind
    wanted = wanted_of(call, kind)
    if core.store.get(call.key()) is None and not call.info.subresource:
        if uid := dig(wanted, "metadata", "uid"):
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise errors.conflict(call.resource, call.info.name, why)
        body = merged(call, kind, {"metadata": {}}, wanted)
        body = decode.defaulted(kind, decode.parsed(body, "application/json"))
        return writes.answer(call, 201, (await writes.stored_new(core, call, body)).object)

    def next_state(old: Object) -> Object:
        made = decode.parsed(merged(call, kind, old, wanted), "application/json")
        return decode.defaulted(kind, made)

    return writes.answer(call, 200, await writes.change(core, call, next_state, applies=True))


def wanted_of(call: Call, kind: Kind) -> Object:
    """The apply configuration of a request: what its body says about an object of this kind."""
    parsed = decode.parsed(call.request.body, "application/yaml")
    if not isinstance(parsed, dict):
        raise errors.BadRequest("an apply patch has to be an object")
    wanted: Object = parsed
    _check_doubled(call)
    decode.check_identity(kind, wanted)
    _check_types(kind, wanted)
    if dig(wanted, "metadata", "managedFields"):
        raise errors.BadRequest("metadata.managedFields must be nil")
    if dig(wanted, "metadata", "name") is None:
        wanted = put(wanted, ("metadata", "name"), call.info.name)
    writes.check_name(call, wanted)
    return wanted


def _check_doubled(call: Call) -> None:
    chosen = fieldcheck.level(call.request.query)
    found = [f'line {line}: key "{key}" already set in map' for line, key in fieldcheck.doubled_keys(call.request.body)]
    if found and chosen == fieldcheck.STRICT:
        why = "".join(f"\n  {fault}" for fault in found)
        raise errors.BadRequest(
            f"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:{why}"
        )
    for fault in found if chosen == fieldcheck.WARN else ():
        call.context.warn(fault)


def _check_types(kind: Kind, wanted: Object) -> None:
    """What does not fit its kind ends an apply, whatever the level of field validation."""
    resource, struct = kind.resource, struct_of(kind.resource)
    if not struct:
        return
    meta = wanted.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    form = f"{resource.group}/{resource.version}, Kind={resource.kind}"
    which = f"({meta.get('namespace') or ''}/{meta.get('name') or ''}; {form})"
    if found := typed.faults(wanted, struct):
        told = found[0] if len(found) == 1 else "errors:" + "".join(f"\n  {fault}" for fault in found)
        raise errors.InternalError(f"failed to create typed patch object {which}: {told}", reason="")
    if wrong := examine(struct, wanted).wrong:
        why = f"unable to convert unstructured object to {form}: {patchbody.of_an_object(wrong)}"
        raise errors.InternalError(f"failed to convert new object {which} to proper version: {why}", reason="")


def merged(call: Call, kind: Kind, old: Object, wanted: Object) -> Object:
    """`old` with what is applied, and with the owners that its fields then have."""
    struct = struct_of(kind.resource)
    who: Object = {
        "manager": call.context.field_manager,
        "operation": "Apply",
        "apiVersion": kind.resource.api_version,
        "time": render(call.context.now),
    }
    if call.info.subresource:
        who["subresource"] = call.info.subresource
    fields = ("metadata", "managedFields")
    if not dig(old, *fields):
        old = put(old, fields, managers.unrecorded(old, struct, who))
    applied = _owned_part(call, kind, wanted)
    heir = _CLIENT_SIDE if who["manager"] == _KUBECTL else ""
    try:
        done = apply.applied(old, applied, struct, who, force=flag(call.request.query, "force"), heir_of=heir)
    except fieldset.Unkeyed as error:
        raise errors.InternalError(str(error), reason="") from None
    if done.clashes:
        raise _conflict(done.clashes)
    made = present.sealed(done.obj, kind.resource)
    made = put(made, fields, done.entries or NOBODY)  # an empty list would not be told from none
    return _noted(made, wanted) if who["manager"] == _KUBECTL else made


def _noted(made: Object, wanted: Object) -> Object:
    """kubectl may go back to client-side apply: its note of what it applied last is kept up to date."""
    if LAST_APPLIED not in annotations(made):
        return made
    wanted = drop(wanted, ("metadata", "annotations", LAST_APPLIED))
    note = json.dumps(wanted, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    return put(made, ("metadata", "annotations", LAST_APPLIED), note)


def _owned_part(call: Call, kind: Kind, wanted: Object) -> Object:
    """What an apply to this endpoint can own: the status is a matter of its own."""
    if call.info.subresource == "status":
        kept = {"metadata": {"name": call.info.name}}
        return {**kept, **({"status": wanted["status"]} if "status" in wanted else {})}
    if kind.has_status:
        return {key: value for key, value in wanted.items() if key != "status"}
    return wanted


def _conflict(clashes: list[apply.Clash]) -> errors.Conflict:
    causes, lines = [], []
    for clash in clashes:
        who = f'conflict with "{clash.manager}"'
        if clash.subresource:
            who += f' with subresource "{clash.subresource}"'
        if clash.operation == "Update":
            who += f" using {clash.api_version}"
        field = fieldset.shown(clash.path)
        causes.append({"reason": "FieldManagerConflict", "message": who, "field": field})
        lines.append((who, field))
    if len(lines) == 1:
        shown = f"{lines[0][0]}: {lines[0][1]}"
        return errors.Conflict(f"Apply failed with 1 conflict: {shown}", details={"causes": causes})
    groups: dict[str, list[str]] = {}
    for who, field in lines:
        groups.setdefault(who, []).append(f"- {field}")
    told = [
        (who.replace("conflict", "conflicts", 1) if len(found) > 1 else who) + ":\n" + "\n".join(found)
        for who, found in groups.items()
    ]
    return errors.Conflict(f"Apply failed with {len(lines)} conflicts: " + "\n".join(told), details={"causes": causes})
