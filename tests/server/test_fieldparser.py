"""Field selectors: what is read, what is refused, and laws for any text."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.errors import BadRequest
from eachpod.server import fieldparser
from eachpod.server.fieldparser import FieldTerm


def test_fields() -> None:
    assert fieldparser.parse("b!=2,a==1,,a==1") == (
        FieldTerm("a", "1", True),
        FieldTerm("a", "1", True),
        FieldTerm("b", "2", False),
    )
    assert fieldparser.parse(r"a=x\,y\=z\\") == (FieldTerm("a", "x,y=z\\", True),)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        ("a=1,b", "invalid selector: 'a=1,b'; can't understand 'b'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("a=\\", "invalid field selector: invalid escape sequence: \\"),
        ("a=\\x", "invalid field selector: invalid escape sequence: \\x"),
    ],
)
def test_field_selectors_that_cannot_be_read(selector: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        fieldparser.parse(selector)
    assert refused.value.message == message


@given(st.text(max_size=12))
def test_an_escaped_value_is_read_back(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
    assert fieldparser.parse(f"f={escaped}") == (FieldTerm("f", value, True),)


@given(st.text(alphabet="ab=!,\\", max_size=12))
def test_any_field_selector_is_read_or_refused(selector: str) -> None:
    with contextlib.suppress(BadRequest):
        assert all(isinstance(term, FieldTerm) for term in fieldparser.parse(selector))
