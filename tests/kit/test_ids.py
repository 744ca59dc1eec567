"""Identifiers from given bytes."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.kit import ids


@given(st.binary(min_size=16, max_size=16))
def test_uids_are_version_4(entropy: bytes) -> None:
    parsed = uuid.UUID(ids.uid(entropy))
    assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)


def test_suffixes_use_the_safe_alphabet_only() -> None:
    assert ids.suffix(bytes(range(27)), 27) == ids.SAFE_ALPHABET
    assert len(ids.suffix(b"12345")) == 5
    with pytest.raises(ValueError, match="needs 5 bytes"):
        ids.suffix(b"1234")


def test_hashes_as_go_makes_them() -> None:
    assert ids.fnv1a_32(b"") == 0x811C9DC5
    assert ids.fnv1a_32(b"foobar") == 0xBF9CF968
    assert ids.safe_encode("0123456789") == "456789bcdf"
