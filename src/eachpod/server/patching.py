"""PATCH of either form: an apply configuration (`applying.py`), or a body that says what to change (`patchbody.py`)."""

from eachpod.model import errors
from eachpod.model.fielderrors import FieldError, forbidden, invalid, required, too_long
from eachpod.model.kind import Kind
from eachpod.model.objects import Object
from eachpod.wire.http import APPLY_PATCH, STRATEGIC_PATCH, Response

from . import applying, decode, fieldcheck
from .calls import Call, Core
from .patchbody import patch_of, refused
from .requestinfo import text
from .writes import answer, change, check_name

_MANAGER_LIMIT = 128


async def patch(core: Core, call: Call) -> Response:
    applies = decode.media_type(call.request.content_type) == APPLY_PATCH
    check_options(call, applies=applies)
    if applies:
        return await applying.applied(core, call)
    wanted, chosen = patch_of(call), fieldcheck.level(call.request.query)

    def next_state(old: Object) -> Object:
        made = readable(call, call.kind, wanted(old), chosen)
        check_name(call, made)
        return decode.defaulted(call.kind, made)

    return answer(call, 200, await change(core, call, next_state))


def check_options(call: Call, *, applies: bool) -> None:
    """fieldManager and force, as the form of the PATCH may have them."""
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


def readable(call: Call, kind: Kind, made: Object, chosen: str) -> Object:
    """What a patch has made, where it is an object of its kind."""
    if decode.media_type(call.request.content_type) == STRATEGIC_PATCH:
        decode.check_identity(kind, made)
    with refused(call, made):
        decode.check_identity(kind, made)
        return fieldcheck.check(kind, made, chosen, call.context)
