"""Commands tell what takes long, and only that."""

import time

import pytest

from eachpod.cli.output import progress


def test_what_takes_long_is_told_again_and_again(capfd: pytest.CaptureFixture[str]) -> None:
    seen = ""
    with progress("waiting for it", after=0.0, again=0.001):
        while seen.count("waiting for it\n") < 3:
            seen += capfd.readouterr().err
            time.sleep(0.001)


def test_what_is_done_at_once_is_not_told(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("waiting for it", after=3600.0):
        pass
    assert capfd.readouterr().err == ""


def test_nothing_is_told_after_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), progress("waiting for it", after=3600.0):
        _ = 1 / 0
    assert capfd.readouterr().err == ""
