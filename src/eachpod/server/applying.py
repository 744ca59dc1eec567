"""PATCH with an apply configuration: create what is missing, else merge by ownership of fields."""

from eachpod.model import errors
from eachpod.model.fielderrors import FieldError, forbidden, invalid, required, too_long
from eachpod.model.objects import Object, dig, put
from eachpod.model.patch import apply
from eachpod.model.structure import struct_of
from eachpod.model.timestamps import render
from eachpod.wire.http import Response

from . import decode, fieldcheck, present, writes
from .calls import Call, Core
from .requestinfo import flag, text

_MANAGER_LIMIT = 128
# Who goes over from client-side to server-side apply keeps what is theirs.
_CLIENT_SIDE = "kubectl-client-side-apply"


def check_options(call: Call, *, applies: bool) -> None:
    """fieldManager and force, as PATCH requests of either form may have them."""
    manager = text(call.request.query, "fieldManager")
    faults: list[FieldError] = []
    if applies and not manager:
        faults.append(required("fieldManager", "is required for apply patch"))
    if not applies and "force" in call.request.query:
        faults.append(forbidden("force", "may not be specified for non-apply patch"))
    if len(manager.encode()) > _MANAGER_LIMIT:
        faults.append(too_long("fieldManager", _MANAGER_LIMIT))
    bad = next(((at, sign) for at, sign in enumerate(manager) if not sign.isprintable()), None)
    if bad:
        code = f"U+{ord(bad[1]):04X}"
        shown = manager.replace(bad[1], f"\\x{ord(bad[1]):02x}")
        fault = invalid("fieldManager", "", f"invalid character {code} (at position {bad[0]})")
        message = fault.text.replace('""', f'"{shown}"', 1)
        faults.append(FieldError("fieldManager", fault.reason, message))
    if faults:
        details: Object = {"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [f.cause() for f in faults]}
        shown = str(faults[0]) if len(faults) == 1 else f"[{', '.join(map(str, faults))}]"
        raise errors.Invalid(f'PatchOptions.meta.k8s.io "" is invalid: {shown}', details=details)


async def handle(core: Core, call: Call) -> Response:
    check_options(call, applies=True)
    kind = call.kind
    wanted = decode.parsed(call.request.body, "application/yaml")
    if not isinstance(wanted, dict):
        raise errors.BadRequest("an apply patch has to be an object")
    decode.check_identity(kind, wanted)
    wanted = fieldcheck.check(kind, wanted, fieldcheck.level(call.request.query), call.context)
    if dig(wanted, "metadata", "managedFields"):
        raise errors.BadRequest("metadata.managedFields must be nil")
    wanted = put(wanted, ("metadata", "name"), dig(wanted, "metadata", "name") or call.info.name)
    if wanted["metadata"]["name"] != call.info.name:
        sent = wanted["metadata"]["name"]
        raise errors.BadRequest(
            f"the name of the object ({sent}) does not match the name on the URL ({call.info.name})"
        )
    if core.store.get(call.key()) is None and not call.info.subresource:
        if uid := dig(wanted, "metadata", "uid"):
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise errors.conflict(call.resource, call.info.name, why)
        body = _merged(call, {"metadata": {}}, wanted)
        body = decode.defaulted(kind, decode.parsed(body, "application/json"))
        return writes.answer(call, 201, (await writes.stored_new(core, call, body)).object)

    def next_state(old: Object) -> Object:
        made = decode.parsed(_merged(call, old, wanted), "application/json")
        return decode.defaulted(kind, made)

    return writes.answer(call, 200, await writes.change(core, call, next_state, applies=True))


def _merged(call: Call, old: Object, wanted: Object) -> Object:
    struct = struct_of(call.resource)
    who: Object = {
        "manager": call.context.field_manager,
        "operation": "Apply",
        "apiVersion": call.resource.api_version,
        "time": render(call.context.now),
    }
    if call.info.subresource:
        who["subresource"] = call.info.subresource
    applied = _owned_part(call, wanted)
    heir = _CLIENT_SIDE if who["manager"] == "kubectl" else ""
    try:
        done = apply.applied(old, applied, struct, who, force=flag(call.request.query, "force"), heir_of=heir)
    except apply.Unkeyed as error:
        raise errors.InternalError(str(error), reason="") from None
    if done.clashes:
        raise _conflict(done.clashes)
    made = present.sealed(done.obj, call.resource)
    fields = ("metadata", "managedFields")
    return put(made, fields, done.entries or [{}])  # an empty list would not be told from none


def _owned_part(call: Call, wanted: Object) -> Object:
    """What an apply to this endpoint can own: the status is a matter of its own."""
    if call.info.subresource == "status":
        kept = {"metadata": {"name": call.info.name}}
        return {**kept, **({"status": wanted["status"]} if "status" in wanted else {})}
    if call.kind.has_status:
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
        field = apply.shown(clash.path)
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
