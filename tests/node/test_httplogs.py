"""Requests for logs that are refused: the sentences are the kubelet's."""

import pytest

from eachpod.node.httplogs import nothing_yet


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("", 'previous terminated container "c" in pod "p" not found'),
        ("ContainerCreating", 'container "c" in pod "p" is waiting to start: ContainerCreating'),
        ("ErrImagePull", 'container "c" in pod "p" is waiting to start: image can\'t be pulled'),
        ("ImagePullBackOff", 'container "c" in pod "p" is waiting to start: trying and failing to pull image'),
    ],
)
def test_why_there_is_no_log(reason: str, text: str) -> None:
    assert nothing_yet("c", "p", reason) == text
