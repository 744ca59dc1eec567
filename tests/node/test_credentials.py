"""Which of the credentials in secrets belong to an image."""

import base64
import json

import pytest

from eachpod.node.credentials import matching, registry_and_path


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", ("docker.io", "library/nginx")),
        ("nginx:alpine", ("docker.io", "library/nginx")),
        ("a/b@sha256:1", ("docker.io", "a/b")),
        ("localhost:5000/x/y:1", ("localhost:5000", "x/y")),
        ("r.example/x", ("r.example", "x")),
    ],
)
def test_image_references(image: str, expected: tuple[str, str]) -> None:
    assert registry_and_path(image) == expected


@pytest.mark.parametrize(
    ("server", "image", "found"),
    [
        ("https://index.docker.io/v1/", "nginx", True),
        ("r.example", "r.example/x", True),
        ("*.example", "r.example/x", True),
        ("r.example/team", "r.example/team/x", True),
        ("r.example/team", "r.example/other/x", False),
        ("r.example", "nginx", False),
    ],
)
def test_credentials_of_the_images_registry(server: str, image: str, found: bool) -> None:
    auth = base64.b64encode(b"me:pw").decode()
    config = base64.b64encode(json.dumps({"auths": {server: {"auth": auth}}}).encode()).decode()
    credentials = matching(image, [{"data": {".dockerconfigjson": config}}])
    assert [(each.username, each.password) for each in credentials] == ([("me", "pw")] if found else [])


def test_a_broken_secret_is_no_credential() -> None:
    assert matching("nginx", [{"data": {".dockerconfigjson": "!!"}}, {"data": {}}]) == []
