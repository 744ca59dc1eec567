"""Which Debian or Ubuntu archives this machine takes packages from, read out of apt's own source files.

apt itself only tells once its lists are there; a machine where `apt-get update` never ran still has these files.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")
_COMPONENTS = frozenset(("main", "universe"))


@dataclass(frozen=True, slots=True)
class Archive:
    """One suite of an archive, with those of its components that hold free software of the distribution itself."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def lines(self) -> tuple[str, str]:
        """The lines of a sources.list for its packages and for their sources."""
        option = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        rest = f"{option}{self.uri} {self.suite} {' '.join(self.components)}"
        return f"deb {rest}", f"deb-src {rest}"


def archives(texts: Iterable[str], codename: str) -> tuple[Archive, ...]:
    """The archives that the texts of source files name for a release: its own suite, its updates and security."""
    suites = {codename, f"{codename}-updates", f"{codename}-security"}
    found = (archive for text in texts for archive in (*_one_line(text), *_deb822(text)))
    return tuple(dict.fromkeys(archive for archive in found if archive.suite in suites and archive.components))


def codename(os_release: str) -> str:
    match = re.search(r'^VERSION_CODENAME="?([a-z]+)', os_release, re.MULTILINE)
    return match[1] if match else ""


def _one_line(text: str) -> Iterator[Archive]:
    for line in text.splitlines():
        match = _ONE_LINE.fullmatch(line.split("#")[0].strip())
        if match:
            signed = re.search(r"signed-by=(\S+)", match["options"] or "")
            yield _archive(match["uri"], match["suite"], match["components"].split(), signed[1] if signed else "")


def _deb822(text: str) -> Iterator[Archive]:
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", "\n".join(lines), re.MULTILINE))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled", "yes").lower() in ("no", "false"):
            continue
        for uri in fields.get("URIs", "").split():
            for suite in fields.get("Suites", "").split():
                yield _archive(uri, suite, fields.get("Components", "").split(), fields.get("Signed-By", "").strip())


def _archive(uri: str, suite: str, components: Iterable[str], signed_by: str) -> Archive:
    own = tuple(component for component in components if component in _COMPONENTS)
    return Archive(uri, suite, own, signed_by if signed_by.startswith("/") else "")
