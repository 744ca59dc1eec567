"""The registry as a puller meets it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from eachpod.cluster.images import Store, oci, serve
from eachpod.cluster.images.registry import Login, Wanted, wanted

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2/library/nginx/manifests/alpine", Wanted("library/nginx", "manifests", "alpine")),
        (f"/v2/a/b/c/blobs/{DIGEST}", Wanted("a/b/c", "blobs", DIGEST)),
        ("/v2/manifests/x", None),
        ("/v2/library/nginx/tags/list", None),
        ("/other", None),
    ],
)
def test_paths(path: str, expected: Wanted | None) -> None:
    assert wanted(path) == expected


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    logins = {"team/private": Login("user", "secret")}
    task = asyncio.create_task(serve(tmp_path, [listening], logins))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def added(folder: Path, name: str) -> oci.Json:
    entry, blobs = oci.image([b"layer of some length"], {"Labels": {"name": name}}, "amd64")
    Store(folder).add(name, entry, blobs)
    return entry


async def test_a_puller_gets_manifest_configuration_and_layers(registry: str, tmp_path: Path) -> None:
    entry = added(tmp_path, "nginx:alpine")
    async with aiohttp.ClientSession(registry) as http:
        head = await http.head("/v2/library/nginx/manifests/alpine?ns=docker.io")
        assert (head.status, head.headers["Docker-Content-Digest"]) == (200, entry["digest"])
        assert head.headers["Content-Type"] == oci.MANIFEST
        assert head.headers["Content-Length"] == str(entry["size"])
        got = await http.get(f"/v2/library/nginx/manifests/{entry['digest']}?ns=docker.io")
        raw = await got.read()
        assert oci.digest_of(raw) == entry["digest"]
        for child in oci.children(await got.json(content_type=None)):
            blob = await http.get(f"/v2/library/nginx/blobs/{child['digest']}?ns=docker.io")
            assert oci.digest_of(await blob.read()) == child["digest"]
        part = await http.get(
            f"/v2/library/nginx/blobs/{entry['digest']}", headers={"Range": f"bytes=5-{entry['size'] - 1}"}
        )
        assert (part.status, await part.read()) == (206, raw[5:])


async def test_names_belong_to_registries_and_appear_while_it_runs(registry: str, tmp_path: Path) -> None:
    async with aiohttp.ClientSession(registry) as http:
        assert (await http.get("/v2/")).status == 200
        assert (await http.head("/v2/a/manifests/1?ns=registry.k8s.io")).status == 404
        added(tmp_path, "registry.k8s.io/a:1")
        assert (await http.head("/v2/a/manifests/1?ns=registry.k8s.io")).status == 200
        assert (await http.head("/v2/a/manifests/1")).status == 200
        missing = await http.get("/v2/a/manifests/1?ns=docker.io")
        assert (missing.status, (await missing.json())["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
        assert (await http.get(f"/v2/a/blobs/{DIGEST}")).status == 404
        assert (await http.get("/v2/a/blobs/sha256:..%2F..%2Findex.json")).status == 404
        assert (await http.put("/v2/a/manifests/1")).status == 405


async def test_a_private_repository_is_for_its_user(registry: str, tmp_path: Path) -> None:
    added(tmp_path, "team/private:1")
    path = "/v2/team/private/manifests/1"
    async with aiohttp.ClientSession(registry) as http:
        refused = await http.head(path)
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="eachpod"')
        wrong = await http.head(path, headers={"Authorization": Login("user", "wrong").header()})
        right = await http.head(path, headers={"Authorization": "Basic dXNlcjpzZWNyZXQ="})
        assert (wrong.status, right.status) == (401, 200)
