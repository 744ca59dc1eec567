"""The offline image kit: makes the images of the walkthrough from packages, takes in a user's own, and serves them."""

from eachpod.cluster.sandbox import SANDBOX_IMAGE

from .archive import load
from .build import build, cache_folder
from .packages import KitError
from .recipes import DEFAULT_NAMES
from .registry import serve
from .store import Image, Store

__all__ = ["DEFAULT_NAMES", "SANDBOX_IMAGE", "Image", "KitError", "Store", "build", "cache_folder", "load", "serve"]
