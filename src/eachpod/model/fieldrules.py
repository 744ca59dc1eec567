"""Rules for single fields that many kinds share: a form of names, a choice, a number, a path."""

from typing import Any

from . import names
from .fielderrors import FieldError, invalid, not_supported, required
from .objects import Object

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


def non_negative(source: Object, path: str, *fields: str) -> list[FieldError]:
    return [invalid(f"{path}.{field}", source[field], NEGATIVE) for field in fields if (source.get(field) or 0) < 0]


def port_or_name(value: Any, path: str) -> list[FieldError]:
    if isinstance(value, str):
        return form(names.port_name, value, path)
    return [invalid(path, value or 0, fault) for fault in names.port(value)]


def no_backsteps(value: str, path: str) -> list[FieldError]:
    return [invalid(path, value, "must not contain '..'")] if ".." in value.split("/") else []
