"""How short names of images are completed."""

import pytest

from eachpod.cluster.images.reference import parse


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [
        ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("nginx:alpine", "docker.io/library/nginx:alpine", "nginx:alpine"),
        ("team/app:1", "docker.io/team/app:1", "team/app:1"),
        ("docker.io/library/busybox:1.28", "docker.io/library/busybox:1.28", "busybox:1.28"),
        ("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9"),
        ("localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000/a/b:latest"),
        ("localhost/a", "localhost/a:latest", "localhost/a:latest"),
        ("a@sha256:" + "0" * 64, "docker.io/library/a@sha256:" + "0" * 64, "a@sha256:" + "0" * 64),
        ("a:1@sha256:" + "0" * 64, "docker.io/library/a:1@sha256:" + "0" * 64, "a:1@sha256:" + "0" * 64),
    ],
)
def test_names_are_completed(name: str, full: str, short: str) -> None:
    reference = parse(name)
    assert (str(reference), reference.short) == (full, short)
    assert parse(full) == reference


@pytest.mark.parametrize("name", ["", "Nginx", "nginx:", "nginx:a b", "a//b", "a@sha256:12", "a@", "/a"])
def test_a_name_that_is_none_is_refused_with_its_text(name: str) -> None:
    with pytest.raises(ValueError, match="invalid image name"):
        parse(name)
