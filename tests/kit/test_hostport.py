"""Where a host stands in brackets."""

from eachpod.kit.hostport import joined


def test_only_addresses_with_colons_stand_in_brackets() -> None:
    assert joined("10.0.0.1", 80) == "10.0.0.1:80"
    assert joined("fd00::1", 80) == "[fd00::1]:80"
    assert joined("web-0", "http") == "web-0:http"
