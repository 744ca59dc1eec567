"""containerd's events, and bytes that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.node.cri.events import subject


def field(number: int, value: bytes) -> bytes:
    assert len(value) < 16384
    length = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 0x7F | 0x80, len(value) >> 7])
    return bytes([number << 3 | 2]) + length + value


def envelope(topic: bytes, task: bytes) -> bytes:
    any_message = field(1, b"containerd.events.TaskExit") + field(2, task)
    timestamp = field(1, b"\x08\x01")
    return timestamp + field(2, b"k8s.io") + field(3, topic) + field(4, any_message)


@pytest.mark.parametrize(
    ("topic", "task", "expected"),
    [
        (b"/tasks/exit", field(1, b"c") + field(2, b"c") + b"\x18\x05", "c"),
        (b"/tasks/exit", field(1, b"c") + field(2, b"exec-1") + b"\x18\x05", ""),
        (b"/tasks/start", field(1, b"c" * 200) + b"\x10\x05", "c" * 200),
        (b"/tasks/oom", field(1, b"c"), "c"),
    ],
)
def test_the_container_that_an_event_is_about(topic: bytes, task: bytes, expected: str) -> None:
    assert subject(envelope(topic, task)) == expected


@given(st.binary(max_size=60))
def test_whatever_comes_is_no_reason_to_fail(raw: bytes) -> None:
    assert isinstance(subject(raw), str)
