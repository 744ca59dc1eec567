"""Which addresses pods get, and when one is given again."""

from hypothesis import given
from hypothesis import strategies as st

from eachpod.node.addresses import Addresses


def test_addresses_of_both_families() -> None:
    addresses = Addresses(["10.0.0.0/25", "fd00::/120"])
    assert addresses.take() == ("10.0.0.2", "fd00::2")
    assert addresses.take() == ("10.0.0.3", "fd00::3")
    addresses.give_back(("10.0.0.2", "fd00::2"))
    assert addresses.take() == ("10.0.0.4", "fd00::4")  # one that was just given back rests


def test_an_address_is_kept_for_its_name() -> None:
    addresses = Addresses(["10.0.0.0/29"])
    mine = addresses.take("ns/web-0")
    addresses.give_back(mine)
    others = [addresses.take() for _ in range(4)]
    assert mine not in others
    assert addresses.take("ns/web-0") == mine


@given(st.lists(st.booleans(), max_size=60))
def test_no_address_is_given_twice(story: list[bool]) -> None:
    addresses = Addresses(["10.0.0.0/28"])
    given: list[tuple[str, ...]] = []
    for take in story:
        if take:
            found = addresses.take()
            assert found not in given
            assert found or len(given) == 13
            given += [found] if found else []
        elif given:
            addresses.give_back(given.pop(0))
