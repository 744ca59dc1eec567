"""What is a reference to an image, and what is wrong with what is none."""

import pytest

from eachpod.node.imagename import fault


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:alpine",
        "library/nginx:1.2_3-x",
        "localhost/a",
        "localhost:5000/a/b:c",
        "[fd00::1]:5000/a",
        "Registry.example.com/x/y__z/a-b:1",
        "a@sha256:" + "0" * 64,
        "registry.example.com:443/a.b:v1@sha256:" + "f" * 64,
    ],
)
def test_references(image: str) -> None:
    assert fault(image) == ""


@pytest.mark.parametrize(
    "image", ["", ":tag", "a:", "a//b", "/a", "a/", "a b", "a:b:c", "-a", "a@sha256:12", "http://a/b", "a:-x", "a..b"]
)
def test_what_is_none(image: str) -> None:
    assert fault(image) == "invalid reference format"


@pytest.mark.parametrize(
    ("image", "name"), [("Nginx", "Nginx"), ("a/B:c", "a/B"), ("example.com/X", "X"), ("Host/ok/No:1", "ok/No")]
)
def test_capital_letters_are_named(image: str, name: str) -> None:
    assert fault(image) == f"invalid reference format: repository name ({name}) must be lowercase"
