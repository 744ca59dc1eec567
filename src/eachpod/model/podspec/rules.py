"""Small rules that several parts of pod validation share."""

from collections.abc import Iterator
from typing import Any

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.objects import Object

_FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
NEGATIVE = "must be greater than or equal to 0"


def form(rule: names.Form, value: str, path: str) -> list[FieldError]:
    """The faults of a text against a form of names."""
    faults = rule(value)
    return [invalid(path, value, fault) for fault in faults] if faults else []


def one_of(value: Any, path: str, choices: tuple[str, ...]) -> list[FieldError]:
    """A required choice."""
    if value in choices:
        return []
    return [not_supported(path, value, choices)] if value else [required(path)]


def file_mode(source: Object, field: str, path: str) -> list[FieldError]:
    mode = source.get(field)
    if mode is None or 0 <= mode <= 0o777:
        return []
    return [invalid(f"{path}.{field}", mode, _FILE_MODE)]


def non_negative(source: Object, fields: tuple[str, ...], path: str) -> list[FieldError]:
    return [invalid(f"{path}.{field}", source[field], NEGATIVE) for field in fields if (source.get(field) or 0) < 0]


def relative_path(value: str, path: str) -> list[FieldError]:
    errors = [invalid(path, value, "must be a relative path")] if value.startswith("/") else []
    return errors + no_backsteps(value, path)


def no_backsteps(value: str, path: str) -> list[FieldError]:
    return [invalid(path, value, "must not contain '..'")] if ".." in value.split("/") else []


def plain_path(value: str, path: str) -> list[FieldError]:
    """A relative path whose first step is not one of the names that the system keeps for itself."""
    errors = relative_path(value, path)
    if value.startswith("..") and not value.startswith("../"):
        errors.append(invalid(path, value, "must not start with '..'"))
    return errors


def port_or_name(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, str):
        return form(names.port_name, value, path)
    return [invalid(path, value or 0, fault) for fault in names.port(value)]


def containers(spec: Object, path: str, lists: tuple[str, ...] = CONTAINER_LISTS) -> Iterator[tuple[str, Object]]:
    """Every container with its path."""
    for kind in lists:
        for index, container in enumerate(spec.get(kind) or ()):
            yield f"{path}.{kind}[{index}]", container
