"""Why a container ended, in its own words: the termination message file, else the end of its log."""

from dataclasses import replace
from pathlib import Path

from .logs import last_words
from .runtime import ContainerState
from .specs import MESSAGE_PATH, MESSAGE_POLICY

_LONGEST = 4096


def with_message(seen: ContainerState) -> ContainerState:
    """`seen`, which has exited, with its message."""
    where = seen.annotations.get(MESSAGE_PATH)
    mount = next((each for each in seen.mounts if each.container_path == where), None)
    text = ""
    if mount:
        try:
            with open(mount.host_path, "rb") as file:
                text = file.read(_LONGEST).decode(errors="replace")
        except OSError:
            text = ""
    by_log = seen.annotations.get(MESSAGE_POLICY) == "FallbackToLogsOnError"
    if not text and by_log and seen.exit_code and seen.log_path:
        text = last_words(Path(seen.log_path))
    return replace(seen, message=text or seen.message)
