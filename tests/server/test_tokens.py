"""Tokens of service accounts, and what is said of those that do not count."""

import time

import jwt
import pytest

from eachpod.cluster.pki import new_token_key
from eachpod.server.tokens import Subject, TokenAuthority

ISSUER = "https://kubernetes.default.svc"
KEY = new_token_key()


@pytest.fixture(scope="module")
def authority() -> TokenAuthority:
    return TokenAuthority(KEY, ISSUER)


def token(authority: TokenAuthority, *audiences: str, seconds: int = 600) -> str:
    return authority.issue(Subject("x", "a", "uid"), audiences or (ISSUER,), seconds, time.time(), "id")


def test_for_whom_it_is_meant(authority: TokenAuthority) -> None:
    made = token(authority, "one", "two")
    assert authority.audiences(made) == ["one", "two"]
    assert authority.fault(made, ("two",)) == ""
    assert (
        authority.fault(made, ()) == f'token audiences ["one" "two"] is invalid for the target audiences ["{ISSUER}"]'
    )


def test_what_else_is_wrong(authority: TokenAuthority) -> None:
    assert authority.fault(token(authority, seconds=-9), ()) == "service account token has expired"
    made = token(TokenAuthority(new_token_key(), ISSUER))
    assert authority.fault(made, ()) == "go-jose/go-jose: error in cryptographic primitive"
    assert authority.audiences(made) == []


@pytest.mark.parametrize("foreign", ["", "word", jwt.encode({"iss": "z", "exp": 9e9, "sub": "s"}, "k" * 32)])
def test_nothing_is_said_of_what_others_made(authority: TokenAuthority, foreign: str) -> None:
    assert (authority.fault(foreign, ()), authority.audiences(foreign)) == ("", [])
