"""Names that are not the cluster's: whom to ask, and what to keep."""

from collections.abc import Callable

import pytest

from eachpod.dns import forward, message

NAME = b"\x07example\x03org\x00"


Reply = Callable[..., bytes]

QUERY = message.question_message(b"ab", NAME, message.A)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("nameserver 192.0.2.1\n", ("192.0.2.1",)),
        (
            "# nameserver 192.0.2.9\nnameserver\t192.0.2.1 # ours\n;x\nnameserver 192.0.2.2\n",
            ("192.0.2.1", "192.0.2.2"),
        ),
        ("nameserver 10.96.0.10\nnameserver 2001:db8::1\nsearch example.org\n", ("2001:db8::1",)),
        ("nameserver\nnameserver 192.0.2.1\nnameserver 192.0.2.1\n", ("192.0.2.1",)),
    ],
)
def test_resolvers_are_those_of_the_file_without_ourselves(text: str, expected: tuple[str, ...]) -> None:
    assert forward.resolvers(text, frozenset({"10.96.0.10"})) == expected


def test_answers_are_kept_as_long_as_their_records_allow(reply_to: Reply) -> None:
    kept = forward.Kept()
    kept.put(NAME, message.A, reply_to(QUERY, "example.org. A 192.0.2.1", ttl=5), 100.0)
    assert kept.get(NAME, message.A, 104.9) is not None
    assert kept.get(NAME, message.A, 105.0) is None
    assert kept.get(NAME, message.AAAA, 101.0) is None
    kept.put(NAME, message.A, reply_to(QUERY, "example.org. A 192.0.2.1", ttl=9999), 200.0)
    assert kept.get(NAME, message.A, 200.0 + forward.MAX_LIFE_SECONDS) is None
    for wire in (reply_to(QUERY), reply_to(QUERY, "example.org. A 192.0.2.1", ttl=0)):
        fresh = forward.Kept()
        fresh.put(NAME, message.A, wire, 300.0)
        assert fresh.get(NAME, message.A, 300.0) is None


def test_what_is_kept_has_a_bound(reply_to: Reply) -> None:
    kept = forward.Kept()
    wire = reply_to(QUERY, "example.org. A 192.0.2.1")
    for number in range(forward.MAX_KEPT + 50):
        kept.put(number.to_bytes(4), message.A, wire, 100.0)
    held = sum(kept.get(number.to_bytes(4), message.A, 100.0) is not None for number in range(forward.MAX_KEPT + 50))
    assert 0 < held <= forward.MAX_KEPT


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda wire: wire, True),
        (lambda wire: b"xy" + wire[2:], False),
        (lambda wire: wire[:2] + b"\x01" + wire[3:], False),
        (lambda wire: wire.replace(b"example", b"eXAMPLE"), True),
        (lambda wire: wire.replace(b"example", b"examplf"), False),
        (lambda wire: wire[:20], False),
        (lambda wire: b"", False),
    ],
)
def test_only_the_answer_to_the_question_is_taken(
    reply_to: Reply, change: Callable[[bytes], bytes], expected: bool
) -> None:
    assert forward.matches(QUERY, change(reply_to(QUERY, "example.org. A 192.0.2.1"))) is expected
