"""Options of a request for a log."""

import pytest

from eachpod.model.errors import BadRequest, Invalid
from eachpod.server.nodes.logoptions import check_log_options


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"tailLines": "0", "limitBytes": "1", "sinceSeconds": "1", "container": "c"},
        {"sinceTime": "2020-01-01T00:00:00Z", "follow": "true"},
    ],
)
def test_what_makes_sense(query: dict[str, str]) -> None:
    check_log_options("p", query)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"tailLines": "-1"}, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"limitBytes": "0"}, "limitBytes: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "0"}, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            {"sinceSeconds": "-1", "sinceTime": "2020-01-01T00:00:00Z"},
            "[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ({"stream": "Stdout"}, "stream: Forbidden: may not be specified"),
    ],
)
def test_what_makes_no_sense(query: dict[str, str], text: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_log_options("p", query)
    assert raised.value.message == f'PodLogOptions "p" is invalid: {text}'
    assert raised.value.details["kind"] == "PodLogOptions"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"tailLines": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"sinceTime": "x"}, 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
    ],
)
def test_what_cannot_be_read(query: dict[str, str], text: str) -> None:
    with pytest.raises(BadRequest) as raised:
        check_log_options("p", query)
    assert raised.value.message == text
