"""Loads nftables texts into the kernel: by libnftables in the process, in a millisecond, else by the nft program.

Either acts on the network namespace of the calling thread.
"""

import ctypes
import ctypes.util
import subprocess
from collections.abc import Callable


class NftError(Exception):
    """The kernel or the parser refused a text; nothing of it was applied."""


Load = Callable[[str], None]


def loader() -> Load:
    """The fastest way this machine has."""
    name = ctypes.util.find_library("nftables") or "libnftables.so.1"
    try:
        return _Library(ctypes.CDLL(name)).load
    except OSError:
        return _by_program


class _Library:
    def __init__(self, library: ctypes.CDLL) -> None:
        library.nft_ctx_new.restype = ctypes.c_void_p
        library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        for function in ("nft_ctx_free", "nft_ctx_buffer_error", "nft_ctx_buffer_output", "nft_ctx_get_error_buffer"):
            getattr(library, function).argtypes = [ctypes.c_void_p]
        library.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._library = library

    def load(self, text: str) -> None:
        """A context holds a socket of the namespace that it was made in, so each load has its own."""
        context = self._library.nft_ctx_new(0)
        if not context:
            raise NftError("libnftables gave no context")
        try:
            self._library.nft_ctx_buffer_error(context)
            self._library.nft_ctx_buffer_output(context)
            if self._library.nft_run_cmd_from_buffer(context, text.encode()):
                said: bytes = self._library.nft_ctx_get_error_buffer(context) or b"no reason given"
                raise NftError(_first_lines(said.decode(errors="replace")))
        finally:
            self._library.nft_ctx_free(context)


def _by_program(text: str) -> None:
    try:
        done = subprocess.run(["nft", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NftError("neither libnftables nor nft is installed; Service addresses need one (nftables)") from None
    if done.returncode:
        raise NftError(_first_lines(done.stderr))


def _first_lines(text: str) -> str:
    return " / ".join(text.strip().splitlines()[:3])
