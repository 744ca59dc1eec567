"""Security contexts of pods and containers."""

import re

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from eachpod.model.objects import Object

from .rules import relative_path

_MAX_ID = 2**31 - 1
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL = re.compile(r"([a-z0-9][-_a-z0-9]*[a-z0-9]?[./])*[a-z0-9][-_a-z0-9]*")
_SYSCTL_SHOWN = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_SYSCTL_LENGTH = 253
_PROC_MOUNTS = ("Default", "Unmasked")


def _identity(context: Object, field: str, path: str) -> list[FieldError]:
    value = context.get(field)
    if value is None or 0 <= value <= _MAX_ID:
        return []
    return [invalid(f"{path}.{field}", value, names.in_range(0, _MAX_ID))]


def validate_container_security(context: Object, path: str, *, host_users: bool) -> list[FieldError]:
    errors = _identity(context, "runAsUser", path) + _identity(context, "runAsGroup", path)
    mount = context.get("procMount")
    if mount is not None:
        if mount not in _PROC_MOUNTS:
            errors.append(not_supported(f"{path}.procMount", mount, _PROC_MOUNTS))
        if host_users and mount == "Unmasked":
            errors.append(invalid(f"{path}.procMount", mount, "`hostUsers` must be false to use `Unmasked`"))
    errors += _profile(context.get("seccompProfile"), f"{path}.seccompProfile", "seccomp type")
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            errors.append(invalid(path, context, text))
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(invalid(path, context, text))
    return errors + _app_armor(context.get("appArmorProfile"), f"{path}.appArmorProfile")


def _profile(profile: Object | None, path: str, what: str) -> list[FieldError]:
    if profile is None:
        return []
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    errors: list[FieldError] = []
    if not kind:
        errors.append(required(f"{path}.type", "type is required when seccompProfile is set"))
    elif kind not in _PROFILES:
        errors.append(not_supported(f"{path}.type", kind, _PROFILES))
    if kind == "Localhost":
        if local is None:
            errors.append(required(f"{path}.localhostProfile", f"must be set when {what} is Localhost"))
        else:
            errors += relative_path(local, f"{path}.localhostProfile")
    elif local is not None:
        text = f"can only be set when {what} is Localhost"
        errors.append(invalid(f"{path}.localhostProfile", profile, text))
    return errors


def _app_armor(profile: Object | None, path: str) -> list[FieldError]:
    if profile is None:
        return []
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    if kind == "Localhost":
        if local is None:
            return [required(f"{path}.localhostProfile", "must be set when AppArmor type is Localhost")]
        return (
            []
            if local.strip()
            else [required(f"{path}.localhostProfile", "must be set when AppArmor type is Localhost")]
        )
    if kind not in _PROFILES:
        if not kind:
            return [required(f"{path}.type", "type is required when appArmorProfile is set")]
        return [not_supported(f"{path}.type", kind, _PROFILES)]
    if local is not None:
        return [invalid(f"{path}.localhostProfile", local, "can only be set when AppArmor type is Localhost")]
    return []


def validate_pod_security(spec: Object, path: str) -> list[FieldError]:
    context = spec.get("securityContext") or {}
    here = f"{path}.securityContext"
    errors: list[FieldError] = []
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(f"{path}.shareProcessNamespace", True, text))
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        errors += _identity(context, field, here)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        if not 0 <= group <= _MAX_ID:
            errors.append(invalid(f"{here}.supplementalGroups[{index}]", group, names.in_range(0, _MAX_ID)))
    errors += _sysctls(context.get("sysctls") or [], spec, f"{here}.sysctls")
    for field, choices in (
        ("fsGroupChangePolicy", ("Always", "OnRootMismatch")),
        ("supplementalGroupsPolicy", ("Merge", "Strict")),
        ("seLinuxChangePolicy", ("MountOption", "Recursive")),
    ):
        if context.get(field) is not None and context[field] not in choices:
            errors.append(not_supported(f"{here}.{field}", context[field], choices))
    errors += _profile(context.get("seccompProfile"), f"{here}.seccompProfile", "seccomp type")
    return errors + _app_armor(context.get("appArmorProfile"), f"{here}.appArmorProfile")


def _sysctls(sysctls: list[Object], spec: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        name = sysctl.get("name") or ""
        where = f"{path}[{index}].name"
        if not name:
            errors.append(required(where))
        elif len(name) > _SYSCTL_LENGTH or not _SYSCTL.fullmatch(name):
            text = f"must have at most {_SYSCTL_LENGTH} characters and match regex {_SYSCTL_SHOWN}"
            errors.append(invalid(where, name, text))
        elif name in seen:
            errors.append(duplicate(where, name))
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith("net."):
            errors.append(invalid(where, name, "may not be specified when 'hostNetwork' is true"))
        if spec.get("hostIPC") and dotted.startswith(("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")):
            errors.append(invalid(where, name, "may not be specified when 'hostIPC' is true"))
        seen.add(name)
    return errors


def validate_host_users(spec: Object, path: str) -> list[FieldError]:
    """What a pod with users of its own may not share with the node."""
    if spec.get("hostUsers") is not False:
        return []
    return [
        forbidden(f"{path}.{shown}", "when `hostUsers` is false")
        for field, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC"))
        if spec.get(field)
    ]
