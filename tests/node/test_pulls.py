"""What is said of an image before any registry is asked."""

from typing import cast

import pytest

from eachpod.node.pulls import Images
from eachpod.node.runtime import ImageState, Runtime, RuntimeFault, SandboxSpec


class Bare:
    """A runtime that has no image and reaches no registry; it remembers for which it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def image_status(self, image: str) -> ImageState | None:
        self.asked.append(image)
        return None


async def refusal(container: dict[str, str]) -> tuple[RuntimeFault, list[tuple[str, str, str]], list[str]]:
    runtime, said = Bare(), list[tuple[str, str, str]]()
    images = Images(cast(Runtime, runtime))
    with pytest.raises(RuntimeFault) as caught:
        await images.ensure(container, [], cast(SandboxSpec, None), lambda *event: said.append(event))
    return caught.value, said, runtime.asked


async def test_what_is_no_reference_is_never_asked_for() -> None:
    fault, said, asked = await refusal({"name": "c", "image": "Shop:1"})
    text = (
        'Failed to apply default image tag "Shop:1": couldn\'t parse image name "Shop:1": '
        "invalid reference format: repository name (Shop) must be lowercase"
    )
    assert (fault.reason, fault.message, said, asked) == (
        "InvalidImageName", text, [("InspectFailed", text, "Warning")], [],
    )  # fmt: skip


async def test_an_image_that_may_not_be_pulled() -> None:
    fault, said, asked = await refusal({"name": "c", "image": "shop:1", "imagePullPolicy": "Never"})
    assert (fault.reason, [reason for reason, _, _ in said], asked) == (
        "ErrImageNeverPull", ["ErrImageNeverPull"], ["shop:1"],
    )  # fmt: skip
