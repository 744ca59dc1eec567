"""What is typed arrives, and a program that cannot be started is told like one that ended."""

import os

import pytest

from eachpod.testing.terminal import Terminal


def test_a_conversation() -> None:
    terminal = Terminal(["sh", "-c", 'read word; echo "heard $word"; exit 3'], os.environ)
    terminal.type("this")
    assert "heard this" in terminal.until("heard this", 60)
    assert terminal.close() == 3


def test_a_program_that_is_not_there() -> None:
    terminal = Terminal(["/nowhere/program"], os.environ)
    with pytest.raises(TimeoutError, match="/nowhere/program cannot be started"):
        terminal.until("a prompt", 60)
    assert terminal.close() == 127
