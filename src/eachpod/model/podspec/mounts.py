"""How containers mount the volumes of their pod, or take them as devices."""

from typing import Any

from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_found, not_supported, required
from eachpod.model.objects import Object

from .rules import relative_path
from .volumes import Volumes


def validate_mounts(container: Object, volumes: Volumes, path: str) -> list[FieldError]:
    """The volumeMounts and volumeDevices of a container."""
    mounts, devices = container.get("volumeMounts") or [], container.get("volumeDevices") or []
    errors: list[FieldError] = []
    by_device = {device.get("name"): device.get("devicePath") for device in devices}
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        where = mount.get("mountPath") or ""
        errors += _mount(mount, f"{path}.volumeMounts", index, volumes, repeated=where in seen)
        errors += _mount_and_device(mount, by_device, f"{path}.volumeMounts[{index}]")
        errors += _propagation(mount, container, f"{path}.volumeMounts")
        seen.add(where)
    return errors + (_devices(devices, mounts, volumes, f"{path}.volumeDevices") if devices else [])


def _mount(mount: Object, path: str, index: int, volumes: Volumes, *, repeated: bool) -> list[FieldError]:
    here = f"{path}[{index}]"
    name, where = mount.get("name") or "", mount.get("mountPath") or ""
    errors: list[FieldError] = []
    if not name:
        errors.append(required(f"{here}.name"))
    if name not in volumes:
        errors.append(not_found(f"{here}.name", name))
    if not where:
        errors.append(required(f"{here}.mountPath"))
    if repeated:
        errors.append(invalid(f"{here}.mountPath", where, "must be unique"))
    sub, expression = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    if sub:
        errors += relative_path(sub, f"{path}.subPath")
    if expression:
        if sub:
            text = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(f"{here}.subPathExpr", expression, text))
        errors += relative_path(expression, f"{path}.subPathExpr")
    return errors


def _mount_and_device(mount: Object, devices: dict[Any, Any], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if mount.get("name") in devices:
        errors.append(invalid(f"{path}.name", mount.get("name"), "must not already exist in volumeDevices"))
    if mount.get("mountPath") in devices.values():
        text = "must not already exist as a path in volumeDevices"
        errors.append(invalid(f"{path}.mountPath", mount.get("mountPath"), text))
    return errors


def _propagation(mount: Object, container: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    mode = mount.get("mountPropagation")
    choices = ("Bidirectional", "HostToContainer", "None")
    if mode is not None and mode not in choices:
        errors.append(not_supported(f"{path}.mountPropagation", mode, choices))
    if mode == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        text = "Bidirectional mount propagation is available only to privileged containers"
        errors.append(forbidden(f"{path}.mountPropagation", text))
    recursive = mount.get("recursiveReadOnly")
    if recursive in ("Enabled", "IfPossible"):
        where = f"{path}.recursiveReadOnly"
        if not mount.get("readOnly"):
            errors.append(forbidden(where, "may only be specified when readOnly is true"))
        if mode not in (None, "None"):
            errors.append(forbidden(where, "may only be specified when mountPropagation is None or not specified"))
    elif recursive not in (None, "Disabled"):
        choices = ("Disabled", "Enabled", "IfPossible")
        errors.append(not_supported(f"{path}.recursiveReadOnly", recursive, choices))
    return errors


def _devices(devices: list[Object], mounts: list[Object], volumes: Volumes, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen_names: set[str] = set()
    seen_paths: set[str] = set()
    mounted = {mount.get("name"): mount.get("mountPath") for mount in mounts}
    for index, device in enumerate(devices):
        here = f"{path}[{index}]"
        name, where = device.get("name") or "", device.get("devicePath") or ""
        errors += _device_name(name, volumes, here, repeated=name in seen_names)
        if not where:
            errors.append(required(f"{here}.devicePath"))
        if where in seen_paths:
            errors.append(invalid(f"{here}.devicePath", where, "must be unique"))
        if ".." in where.split("/"):
            errors.append(invalid(f"{here}.devicePath", where, "can not contain backsteps ('..')"))
        if name in mounted:
            errors.append(invalid(f"{here}.name", name, "must not already exist in volumeMounts"))
        if where in mounted.values():
            errors.append(invalid(f"{here}.devicePath", where, "must not already exist as a path in volumeMounts"))
        seen_names.add(name)
        seen_paths.add(where)
    return errors


def _device_name(name: str, volumes: Volumes, path: str, *, repeated: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    if not name:
        errors.append(required(f"{path}.name"))
    if repeated and name:
        errors.append(invalid(f"{path}.name", name, "must be unique"))
    volume = volumes.get(name)
    if volume is None:
        errors.append(not_found(f"{path}.name", name))
    elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
        text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        errors.append(invalid(f"{path}.name", name, text))
    return errors
