"""Image names: how a short name such as `nginx` is read, by the rules that container runtimes share."""

import re
from dataclasses import dataclass

_DEFAULT_REGISTRY = "docker.io"
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A full image name. One of `tag` and `digest` is set; both may be."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def short(self) -> str:
        """The name as people write it: without the registry and folder that are the defaults."""
        text = str(self).removeprefix(f"{_DEFAULT_REGISTRY}/")
        return text.removeprefix("library/") if text != str(self) else text


def parse(name: str) -> Reference:
    """Reads an image name; ValueError with the reason where it is none. No tag and no digest means `latest`."""
    rest, _, digest = name.partition("@")
    registry, rest = _split_registry(rest)
    head, colon, tag = rest.rpartition(":")
    repository = head if colon else rest
    if registry == _DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(
            f'invalid image name "{name}": a repository is lower-case words joined by "/", ".", "_" or "-"'
        )
    if colon and not _TAG.fullmatch(tag):
        raise ValueError(f'invalid image name "{name}": a tag has up to 128 letters, digits, ".", "_" and "-"')
    if "@" in name and not _DIGEST.fullmatch(digest):
        raise ValueError(f'invalid image name "{name}": a digest is "sha256:" and 64 hexadecimal digits')
    return Reference(registry, repository, tag if colon else "" if digest else "latest", digest)


def _split_registry(name: str) -> tuple[str, str]:
    """The first part is a registry where it looks like a host: it has a dot or a port, or is `localhost`."""
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        return (_DEFAULT_REGISTRY if head == "index.docker.io" else head), rest
    return _DEFAULT_REGISTRY, name
