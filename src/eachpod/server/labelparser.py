"""Label selectors as clients write them (`a=b,c in (d,e),!f`), and what is wrong with those that cannot be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eachpod.model import names
from eachpod.model.errors import BadRequest

Test = Callable[[Mapping[str, str]], bool]

_SIGNS = {"(", ")", ",", "!", "=", "==", "!=", ">", "<"}
_OPERATORS = "in, notin, =, ==, !=, gt, lt"


def _tokens(text: str) -> list[str]:
    """Words and signs; "" ends them."""
    found, at = [], 0
    while at < len(text):
        sign = text[at]
        if sign.isspace():
            at += 1
        elif sign in "(),!=<>":
            end = at + 1
            while end < len(text) and text[at : end + 1] in _SIGNS:
                end += 1
            found.append(text[at:end])
            at = end
        else:
            end = at
            while end < len(text) and not text[end].isspace() and text[end] not in "(),!=<>":
                end += 1
            found.append(text[at:end])
            at = end
    return [*found, ""]


def _bad(text: str) -> BadRequest:
    return BadRequest(f"unable to parse requirement: {text}")


@dataclass(slots=True)
class _Parser:
    tokens: list[str]
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self) -> str:
        token = self.tokens[self.at]
        if token:
            self.at += 1
        return token

    def all(self) -> list[Test]:
        tests: list[Test] = []
        while self.peek():
            if self.peek() != "!" and self.peek() in _SIGNS:
                raise BadRequest(f"found '{self.peek()}', expected: !, identifier, or 'end of string'")
            tests.append(self._requirement())
            sign = self.take()
            if not sign:
                break
            if sign != ",":
                raise BadRequest(f"found '{sign}', expected: ',' or 'end of string'")
            if self.peek() != "!" and (not self.peek() or self.peek() in _SIGNS):
                raise BadRequest(f"found '{self.peek()}', expected: identifier after ','")
        return tests

    def _requirement(self) -> Test:
        absent = self.peek() == "!"
        if absent:
            self.take()
        key = self.take()
        if not key or key in _SIGNS:
            raise _bad(f"found '{key}', expected: identifier")
        faults = names.label_key(key)
        if faults:
            raise _bad(f'<nil>: Invalid value: "{key}": {"; ".join(faults)}')
        if absent:
            return lambda labels: key not in labels
        if self.peek() in ("", ","):
            return lambda labels: key in labels
        return self._compared(key)

    def _compared(self, key: str) -> Test:
        operator = self.take()
        if operator in ("in", "notin"):
            values = self._values()
            _check(key, values)
            if operator == "in":
                return lambda labels: labels.get(key) in values
            return lambda labels: labels.get(key) not in values
        if operator not in ("=", "==", "!=", ">", "<"):
            raise _bad(f"found '{operator}', expected: {_OPERATORS}")
        if self.peek() in _SIGNS and self.peek() != ",":
            raise _bad(f"found '{self.peek()}', expected: identifier")
        value = "" if self.peek() in ("", ",") else self.take()
        if operator in "<>":
            return _ordered(key, value, above=operator == ">")
        _check(key, [value])
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value

    def _values(self) -> list[str]:
        if self.peek() != "(":
            raise _bad(f"found '{self.peek()}' expected: '('")
        self.take()
        values: list[str] = []
        while True:
            if self.peek() in (",", ")"):
                values.append("")
            elif not self.peek() or self.peek() in _SIGNS:
                raise _bad(f"found '{self.peek()}', expected: ',', ')' or identifier")
            else:
                values.append(self.take())
            sign = self.take()
            if sign == ")":
                return values
            if sign != ",":
                raise _bad(f"found '{sign}', expected: ',' or ')'")


def _check(key: str, values: list[str]) -> None:
    for index, value in enumerate(values):
        faults = names.label_value(value)
        if faults:
            raise _bad(f'values[{index}][{key}]: Invalid value: "{value}": {"; ".join(faults)}')


def _ordered(key: str, value: str, *, above: bool) -> Test:
    if not value.removeprefix("-").isdigit():
        why = "for 'Gt', 'Lt' operators, the value must be an integer"
        raise _bad(f'values[0]: Invalid value: "{value}": {why}')
    limit = int(value)

    def test(labels: Mapping[str, str]) -> bool:
        have = labels.get(key, "")
        if not have.removeprefix("-").isdigit():
            return False
        return int(have) > limit if above else int(have) < limit

    return test


def parse(text: str) -> tuple[Test, ...]:
    """The requirements of a selector; BadRequest in the words of the real server."""
    return tuple(_Parser(_tokens(text)).all())
