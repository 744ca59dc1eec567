"""Who a request comes from: a client certificate, a bearer token, or nobody in particular.

Ways are asked in this order; a token that nobody knows is refused even where anonymous requests are allowed.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eachpod.model.errors import Unauthorized

from .user import ANONYMOUS, AUTHENTICATED, User

TokenReader = Callable[[str, Sequence[str]], User | None]


def read_token_file(path: str) -> dict[str, User]:
    """Users by token, from lines `token,user,uid,"group1,group2"`. ValueError names the line that is wrong."""
    found: dict[str, User] = {}
    with Path(path).open(newline="") as file:
        for number, row in enumerate(csv.reader(file, skipinitialspace=True), 1):
            if not row or row[0].startswith("#"):
                continue
            if len(row) < 3:
                raise ValueError(f"{path}, line {number}: expected token,user,uid[,groups]")
            groups = tuple(group.strip() for group in row[3].split(",") if group.strip()) if len(row) > 3 else ()
            found[row[0]] = User(row[1], (*groups, AUTHENTICATED), row[2])
    return found


def from_certificate(certificate: Mapping[str, object]) -> User | None:
    """The user that a verified client certificate names: CN is the name, each O a group."""
    pairs = [pair for relative in certificate.get("subject") or () for pair in relative]  # type: ignore[attr-defined]
    name = next((value for key, value in pairs if key == "commonName"), "")
    groups = tuple(value for key, value in pairs if key == "organizationName")
    return User(name, (*groups, AUTHENTICATED)) if name else None


class Authenticator:
    """`readers` are asked in order for a token's user."""

    def __init__(self, readers: list[TokenReader], *, anonymous: bool) -> None:
        self._readers, self._anonymous = readers, anonymous

    def user(self, certificate: Mapping[str, object] | None, authorization: str) -> User:
        if certificate:
            found = from_certificate(certificate)
            if found:
                return found
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            found = self.token_user(token.strip(), ())
            if found:
                return found
            raise Unauthorized("Unauthorized")
        if self._anonymous:
            return ANONYMOUS
        raise Unauthorized("Unauthorized")

    def token_user(self, token: str, audiences: Sequence[str]) -> User | None:
        """The user of a token that is meant for one of the audiences; for this server where none are given."""
        for reader in self._readers:
            found = reader(token, audiences)
            if found:
                return found
        return None
