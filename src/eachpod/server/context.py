"""What a deciding step knows besides the object: who asks, when, with which options, and what else is stored."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eachpod.model.objects import Object
from eachpod.model.resource import Resource

from .user import LOOPBACK, User


def fresh_entropy() -> bytes:
    """As much chance as one request needs."""
    return secrets.token_bytes(48)


class View(Protocol):
    """The stored objects, for admission. What it returns is shared."""

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None: ...

    def all(self, resource: Resource, namespace: str = "") -> Sequence[Object]: ...


@dataclass(frozen=True, slots=True)
class Context:
    """`entropy` is fresh for each request, so that deciding code stays free of chance."""

    now: float = field(default_factory=time.time)
    entropy: bytes = field(default_factory=fresh_entropy)
    user: User = LOOPBACK
    dry_run: bool = False
    field_manager: str = ""
    # Who is to own the written fields, also where no manager is named; "" for parts of the control plane.
    writer: str = ""
    warnings: list[str] = field(default_factory=list)
    # What lets go of things held for the time of the request; run when it has been stored or refused.
    cleanups: list[Callable[[], None]] = field(default_factory=list)

    def end(self) -> None:
        while self.cleanups:
            self.cleanups.pop()()

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
