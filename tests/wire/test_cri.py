"""The messages of the CRI as they lie on the wire."""

import pytest

from eachpod.wire import cri


def test_messages_have_the_field_numbers_of_the_interface() -> None:
    """Bytes as any other implementation writes them: RunPodSandboxRequest.config = 1, hostname = 2, labels = 6."""
    request = cri.RunPodSandboxRequest(config={"hostname": "a", "labels": {"k": "v"}})
    assert request.SerializeToString() == b"\x0a\x0b\x12\x01a\x32\x06\x0a\x01k\x12\x01v"
    assert cri.RunPodSandboxRequest.FromString(request.SerializeToString()).config.labels == {"k": "v"}


def test_presence_of_messages_is_told_and_numbers_of_enumerations_are_kept() -> None:
    status = cri.ImageStatusResponse()
    assert not status.HasField("image")
    sandbox = cri.PodSandbox.FromString(cri.PodSandbox(id="x", state=1).SerializeToString())
    assert (sandbox.id, sandbox.state) == ("x", 1)


def test_values_of_environment_variables_are_bytes() -> None:
    assert cri.KeyValue(key="A", value=b"\xff").SerializeToString() == b"\x0a\x01A\x12\x01\xff"


def test_a_message_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="no message Nope"):
        cri.message("Nope")
