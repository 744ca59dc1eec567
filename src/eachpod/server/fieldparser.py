"""Field selectors as clients write them (`a=b,c!=d`, with backslashes), and what is wrong with those that cannot be
read."""

import re
from dataclasses import dataclass

from eachpod.model.errors import BadRequest

# A comma ends a term where no backslash stands before it; a backslash takes the sign after it along.
_TERM = re.compile(r"(?:\\.|[^\\,]|\\\Z)*", re.DOTALL)
_OPERATOR = re.compile(r"!=|==|=")
_ESCAPED = frozenset("\\,=")


@dataclass(frozen=True, slots=True)
class FieldTerm:
    field: str
    value: str
    equal: bool


def parse(text: str) -> tuple[FieldTerm, ...]:
    """The terms of a selector; BadRequest in the words of the real server."""
    terms = []
    for part in sorted(_split(text)):
        operator = _OPERATOR.search(part)
        if operator is None:
            raise BadRequest(f"invalid selector: '{text}'; can't understand '{part}'")
        value = _unescaped(part[operator.end() :])
        terms.append(FieldTerm(part[: operator.start()], value, operator[0] != "!="))
    return tuple(terms)


def _split(text: str) -> list[str]:
    parts, at = [], 0
    while at <= len(text):
        found = _TERM.match(text, at)
        end = found.end() if found else len(text)
        parts.append(text[at:end])
        at = end + 1
    return [part for part in parts if part]


def _unescaped(text: str) -> str:
    out, signs = [], iter(text)
    for sign in signs:
        if sign == "\\":
            escaped = next(signs, "")
            if escaped not in _ESCAPED or not escaped:
                raise BadRequest(f"invalid field selector: invalid escape sequence: \\{escaped}")
            out.append(escaped)
        elif sign in _ESCAPED:
            raise BadRequest(f"invalid field selector: unescaped character in value: {ord(sign)}")
        else:
            out.append(sign)
    return "".join(out)
