"""Quantities: exact amounts with a unit suffix (`100m`, `1Gi`, `3e6`).

The written form that the API gives back is canonical: the largest suffix that keeps the number whole.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

_PATTERN = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_TENS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_TEN_SUFFIXES = {power: suffix for suffix, power in _TENS.items()}
_TWOS = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_NANO = 10**9

INVALID = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@lru_cache(8192)
def _read(text: str) -> tuple[Fraction, str]:
    """The exact value, rounded up to billionths, and the style: `10`, `2` or `e`."""
    match = _PATTERN.fullmatch(text)
    if not match:
        raise ValueError(INVALID)
    sign, digits, suffix = match[1], Fraction(Decimal(match[2])), match[3] or ""
    if suffix.endswith("i"):
        style, value = "2", digits * 1024 ** _TWOS.index(suffix)
    elif suffix in _TENS:
        style, value = "10", digits * Fraction(10) ** _TENS[suffix]
    else:
        style, value = "e", digits * Fraction(10) ** int(suffix[1:])
    value = Fraction(-(-value * _NANO // 1), _NANO)
    return (-value if sign == "-" else value), style


def parse(value: str | int | float) -> Fraction:
    """The exact value; ValueError where it is not a quantity."""
    return _read(str(value))[0]


def valid(value: object) -> bool:
    try:
        _read(str(value))
    except ValueError:
        return False
    return isinstance(value, str | int | float) and not isinstance(value, bool)


@lru_cache(8192)
def _canonical(text: str) -> str:
    value, style = _read(text)
    return render(value, style)


def canonical(value: str | int | float) -> str:
    """The written form of a quantity; what is not one is given back as it is, for validation to find."""
    try:
        return _canonical(str(value))
    except ValueError:
        return str(value)


def render(value: Fraction, style: str = "10") -> str:
    """`value` in the canonical form of a style."""
    if not value:
        return "0"
    if style == "2" and abs(value) >= 1024 and value.denominator == 1:
        whole, power = value.numerator, 0
        while whole % 1024 == 0 and power < len(_TWOS) - 1:
            whole, power = whole // 1024, power + 1
        return f"{whole}{_TWOS[power]}"
    mantissa, power = int(value * _NANO), -9
    while mantissa % 1000 == 0:
        mantissa, power = mantissa // 1000, power + 3
    if style == "e":
        return f"{mantissa}e{power}" if power else str(mantissa)
    while power > 18:
        mantissa, power = mantissa * 1000, power - 3
    return f"{mantissa}{_TEN_SUFFIXES[power]}"


def compare(left: str | int | float, right: str | int | float) -> int:
    """Below zero, zero or above zero as `left` is less than, equal to or greater than `right`."""
    a, b = parse(left), parse(right)
    return (a > b) - (a < b)
