"""A file system in the making, written out as one image layer.

It is kept as a table of paths and written sorted and without times or names of users, so that equal contents give
equal bytes and thereby equal digests, on whatever machine they were made.
"""

import io
import re
import tarfile
from collections.abc import Iterator
from posixpath import dirname

# Folders that a system with merged /usr has as links; contents said to lie in them go under /usr.
_MERGED = ("bin", "lib", "lib64", "sbin")


class Tree:
    """First come, first served: adding a path that is there already does nothing. Parents are made as needed."""

    def __init__(self, merged_usr: bool = True) -> None:
        self._merged = merged_usr
        self._entries: dict[str, tuple[tarfile.TarInfo, bytes]] = {}
        for name in _MERGED if merged_usr else ():
            self._put(_info(name, tarfile.SYMTYPE, 0o777, link=f"usr/{name}"))

    def __contains__(self, path: str) -> bool:
        return self._place(path) in self._entries

    def paths(self) -> list[str]:
        return sorted(self._entries)

    def folder(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._put(_info(self._place(path), tarfile.DIRTYPE, mode, owner))

    def file(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        raw = data.encode() if isinstance(data, str) else data
        info = _info(self._place(path), tarfile.REGTYPE, mode)
        info.size = len(raw)
        self._put(info, raw)

    def link(self, path: str, target: str) -> None:
        self._put(_info(self._place(path), tarfile.SYMTYPE, 0o777, link=target))

    def archive(self, raw: bytes, unwanted: re.Pattern[str]) -> None:
        """Takes over the entries of a tar archive, but for those whose path, ended by "/", begins with `unwanted`."""
        with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
            for info in tar:
                path = self._place(info.name)
                if not path or path in _MERGED or unwanted.match(f"{path}/"):
                    continue
                stream = tar.extractfile(info) if info.isreg() else None
                kept = _info(path, info.type, info.mode, info.uid, info.linkname)
                kept.gid, kept.size = info.gid, info.size if stream else 0
                if info.islnk():
                    kept.linkname = self._place(info.linkname)
                self._put(kept, stream.read() if stream else b"")

    def tar(self) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for info, data in self._in_order():
                tar.addfile(info, io.BytesIO(data))
        return out.getvalue()

    def _in_order(self) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
        """Sorted by path, hard links last: what they point at must be there before."""
        entries = sorted(self._entries.items(), key=lambda item: (item[1][0].islnk(), item[0]))
        return (entry for _, entry in entries)

    def _put(self, info: tarfile.TarInfo, data: bytes = b"") -> None:
        if info.name in self._entries:
            return
        parent = dirname(info.name)
        if parent and parent not in self._entries:
            self.folder(parent)
        self._entries[info.name] = (info, data)

    def _place(self, path: str) -> str:
        path = path.removeprefix("./").strip("/").removeprefix("./")
        if path == ".":
            return ""
        return f"usr/{path}" if self._merged and "/" in path and path.split("/")[0] in _MERGED else path


def _info(path: str, kind: bytes, mode: int, owner: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, owner, owner, link
    return info
