"""Makes the images of `recipes.py` and puts them into a store.

What was made once lies in a store in the user's cache and is copied from there: a second run asks apt for nothing.
"""

import os
import platform
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from . import busybox, oci
from .packages import KitError, Packages, contents
from .recipes import (
    BASE_FILES,
    BASE_FOLDERS,
    BUSYBOX_OPTIONS,
    DEFAULT_NAMES,
    PATH,
    RECIPES,
    UNWANTED_PACKAGES,
    UNWANTED_PATHS,
    Recipe,
)
from .reference import parse
from .store import Image, Store
from .tree import Tree

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}
# What a package's install script would do: the name that a program goes by.
_ALTERNATIVES = {"nc": "nc.openbsd", "sh": "dash"}


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "eachpod" / "images"


def build(
    names: Sequence[str] = DEFAULT_NAMES,
    out: Path | None = None,
    *,
    cache: Path | None = None,
    refresh: bool = False,
    tell: busybox.Tell = lambda text: None,
) -> list[Image]:
    """Puts the named images into the store at `out`, making those that the cache has not; `refresh` makes all anew,
    from the newest packages. KitError says what cannot be had."""
    recipes = {str(parse(name)): recipe for name, recipe in RECIPES.items()}
    wanted = [str(parse(name)) for name in names]
    unknown = [name for name in wanted if name not in recipes]
    if unknown:
        known = ", ".join(parse(name).short for name in recipes)
        raise KitError(f"no recipe for {', '.join(unknown)}; there are {known}; others: eachpod image load FILE")
    folder = cache or cache_folder()
    made, kitchen = Store(folder / "store"), _Kitchen(folder / "packages", tell)
    target = Store(out) if out else made
    images = []
    for name in wanted:
        recipe = recipes[name]
        entry = made.find(name)
        if refresh or entry is None or made.recipe(entry) != recipe.fingerprint():
            tell(f"{parse(name).short}: making it from packages")
            entry, blobs = kitchen.image(name, recipe)
            made.add(name, entry, blobs, recipe=recipe.fingerprint())
        images.append(target.add(name, entry, source=made, recipe=recipe.fingerprint()))
    return images


class _Kitchen:
    """What several images share is fetched once, when the first one needs it."""

    def __init__(self, folder: Path, tell: busybox.Tell) -> None:
        self._folder, self._tell = folder, tell

    @cached_property
    def _packages(self) -> Packages:
        packages = Packages(self._folder)
        packages.update()
        return packages

    @cached_property
    def _busybox(self) -> bytes:
        return busybox.program(self._packages, BUSYBOX_OPTIONS, self._tell)

    @cached_property
    def _applets(self) -> list[str]:
        return busybox.applets(self._busybox)

    def image(self, name: str, recipe: Recipe) -> tuple[oci.Json, dict[str, bytes]]:
        """The name goes into the configuration, so that no two names share an image id: runtimes tell the name of a
        container's image by its id."""
        config = {"Env": [f"PATH={PATH}"], **recipe.config, "Labels": {oci.REF_NAME: name}}
        layers = [self._base.tar()] if recipe.system else []
        own = self._own(recipe)
        if own.paths() or not layers:
            layers.append(own.tar())
        return oci.image(layers, config, _ARCHITECTURES.get(platform.machine(), platform.machine()))

    @cached_property
    def _base(self) -> Tree:
        """Users, folders and busybox: the layer that all system images have in common."""
        tree = Tree()
        for path in BASE_FOLDERS:
            tree.folder(path)
        for path in ("tmp", "var/tmp"):
            tree.folder(path, 0o1777)
        tree.link("var/run", "/run")
        for path, text in BASE_FILES.items():
            tree.file(path, text)
        tree.file("bin/busybox", self._busybox, 0o755)
        for applet in self._applets:
            tree.link(f"bin/{applet}", "busybox")
        return tree

    def _own(self, recipe: Recipe) -> Tree:
        """The layer of one image above the common one; its own files come before what packages bring."""
        tree = Tree(merged_usr=recipe.system)
        for path in recipe.folders:
            tree.folder(path)
        for path, text in recipe.files.items():
            tree.file(path, text)
        for path, text in recipe.scripts.items():
            tree.file(path, text, 0o755)
        for path, target in recipe.links.items():
            tree.link(path, target)
        for package, source, path in recipe.programs:
            tree.file(path, self._packages.file(package, source), 0o755)
        if recipe.packages:
            self._unpack(tree, recipe.packages)
        return tree

    def _unpack(self, tree: Tree, names: Sequence[str]) -> None:
        for package in self._packages.closure(names, UNWANTED_PACKAGES):
            tree.archive(contents(package), UNWANTED_PATHS)
        for name, target in _ALTERNATIVES.items():
            if f"bin/{target}" in tree:
                tree.link(f"bin/{name}", target)
