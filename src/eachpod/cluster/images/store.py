"""The image store: a folder of blobs named by digest, with one list of which names point where.

The folder is an OCI image layout, so that other tools read it as it lies. Blobs are written beside and renamed; the
list is replaced at once under a lock: a reader, such as the registry, never sees half of a change.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import oci
from .oci import Json
from .reference import parse

RECIPE = "dev.eachpod.recipe"
_LAYOUT = '{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True, slots=True)
class Image:
    """A named image of a store. `size` is that of all its blobs together, as a puller downloads them."""

    name: str
    digest: str
    size: int
    recipe: str = ""


class Store:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def blob(self, digest: str) -> Path | None:
        """The file of a blob; None where the store has it not or the digest is none."""
        kind, _, value = digest.partition(":")
        if kind != "sha256" or not value.isalnum():
            return None
        path = self._path(digest)
        return path if path.is_file() else None

    def document(self, digest: str) -> Json | None:
        """A manifest or index, parsed."""
        path = self.blob(digest)
        return json.loads(path.read_bytes()) if path else None

    def entries(self) -> list[Json]:
        """The descriptors of index.json, each with its image's full name as annotation."""
        try:
            text = (self.folder / "index.json").read_text()
        except FileNotFoundError:
            return []
        return [entry for entry in json.loads(text)["manifests"] if oci.named(entry)]

    def images(self) -> list[Image]:
        return sorted(map(self._image, self.entries()), key=lambda image: image.name)

    def find(self, name: str) -> Json | None:
        """The entry of a full or short image name."""
        wanted = str(parse(name))
        return next((entry for entry in self.entries() if oci.named(entry) == wanted), None)

    def add(
        self,
        name: str,
        entry: Json,
        blobs: Mapping[str, bytes] | None = None,
        *,
        source: "Store | None" = None,
        recipe: str = "",
    ) -> Image:
        """Lets `name` point at the manifest of `entry`. Its blobs come as bytes, or from another store; those that no
        name leads to any more are removed."""
        full = str(parse(name))
        notes = {oci.NAME: full, oci.REF_NAME: full} | ({RECIPE: recipe} if recipe else {})
        added = {**{key: entry[key] for key in ("mediaType", "digest", "size")}, "annotations": notes}
        with self._locked():
            for digest, data in (blobs or {}).items():
                if self.blob(digest) is None:
                    self._write(self._path(digest), data)
            if source:
                self._take(source, entry)
            others = [other for other in self.entries() if oci.named(other) != full]
            self._replace([*others, added])
        return self._image(added)

    @staticmethod
    def recipe(entry: Json) -> str:
        """The fingerprint of the recipe that an entry was made by, "" where it was not."""
        return str(entry["annotations"].get(RECIPE, ""))

    def remove(self, name: str) -> bool:
        full = str(parse(name))
        with self._locked():
            entries = self.entries()
            kept = [entry for entry in entries if oci.named(entry) != full]
            if len(kept) < len(entries):
                self._replace(kept)
        return len(kept) < len(entries)

    def reachable(self, entry: Json) -> Iterator[str]:
        """The digests of an entry's manifest and of all that it names, whether they are there or not."""
        yield entry["digest"]
        document = self.document(entry["digest"]) if oci.is_document(entry) else None
        for child in oci.children(document or {}):
            yield from self.reachable(child)

    def _take(self, other: "Store", entry: Json) -> None:
        """Copies an entry's blobs, by hard link where the file system can."""
        for digest in other.reachable(entry):
            source = other.blob(digest)
            if source is None or self.blob(digest):
                continue
            target = self._path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:
                self._write(target, source.read_bytes())

    def _path(self, digest: str) -> Path:
        return self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def _image(self, entry: Json) -> Image:
        paths = {self.blob(digest) for digest in self.reachable(entry)}
        size = sum(path.stat().st_size for path in paths if path)
        return Image(oci.named(entry), entry["digest"], size, self.recipe(entry))

    def _replace(self, entries: list[Json]) -> None:
        self._write(self.folder / "oci-layout", _LAYOUT.encode())
        index = {"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": entries}
        self._write(self.folder / "index.json", oci.encode(index))
        used = {digest for entry in entries for digest in self.reachable(entry)}
        for path in (self.folder / "blobs" / "sha256").glob("*"):
            if f"sha256:{path.name}" not in used and not path.name.startswith("."):
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".")
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o644)
            file.write(data)
        os.replace(beside, path)
