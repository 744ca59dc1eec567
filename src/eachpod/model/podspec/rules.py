"""Small rules that several parts of pod validation share, and a walk over all containers."""

from collections.abc import Iterator

from eachpod.model.fielderrors import FieldError, invalid
from eachpod.model.fieldrules import no_backsteps
from eachpod.model.objects import Object

_FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def file_mode(source: Object, field: str, path: str) -> list[FieldError]:
    mode = source.get(field)
    if mode is None or 0 <= mode <= 0o777:
        return []
    return [invalid(f"{path}.{field}", mode, _FILE_MODE)]


def relative_path(value: str, path: str) -> list[FieldError]:
    errors = [invalid(path, value, "must be a relative path")] if value.startswith("/") else []
    return errors + no_backsteps(value, path)


def plain_path(value: str, path: str) -> list[FieldError]:
    """A relative path whose first step is not one of the names that the system keeps for itself."""
    errors = relative_path(value, path)
    if value.startswith("..") and not value.startswith("../"):
        errors.append(invalid(path, value, "must not start with '..'"))
    return errors


def containers(spec: Object, path: str, lists: tuple[str, ...] = CONTAINER_LISTS) -> Iterator[tuple[str, Object]]:
    """Every container with its path."""
    for kind in lists:
        for index, container in enumerate(spec.get(kind) or ()):
            yield f"{path}.{kind}[{index}]", container
