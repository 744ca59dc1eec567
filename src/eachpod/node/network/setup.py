"""Performs a network plan with iproute2, in the mount and user namespace that it is called in."""

import itertools
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from .namespaces import inside
from .netns import AddNamespace, Ip, Step, Sysctl, namespace_path


class NetworkError(Exception):
    """A step of a plan failed; the message is what the kernel or iproute2 said."""


def perform(plan: Iterable[Step]) -> None:
    """Carries out the steps in order. It blocks for some 10 ms a node."""
    for key, group in itertools.groupby(plan, _together):
        steps = list(group)
        for step in steps:
            if isinstance(step, AddNamespace):
                _run(["ip", "netns", "add", step.name])
                _run(["ip", "-n", step.name, "link", "set", "lo", "up"])
            elif isinstance(step, Sysctl):
                _set(step)
        lines = [step.line for step in steps if isinstance(step, Ip)]
        if lines:
            _batches(key[1], lines)


def _together(step: Step) -> tuple[type, str]:
    """Neighbouring lines for the same namespace go to iproute2 in one call."""
    return type(step), step.namespace if isinstance(step, Ip) else ""


def _batches(namespace: str, lines: Sequence[str]) -> None:
    """A batch knows no family option on its lines, so that each family is a batch of its own, in order."""
    for family, group in itertools.groupby(lines, lambda line: line[:2] if line[0] == "-" else ""):
        text = "\n".join(line.removeprefix(family).strip() for line in group)
        _run(["ip", *([family] if family else []), "-n", namespace, "-batch", "-"], text)


def _set(step: Sysctl) -> None:
    path = Path("/proc/sys") / step.path

    def write() -> None:
        if path.exists():
            path.write_text(step.value)

    try:
        inside(namespace_path(step.namespace), write)
    except OSError as error:
        raise NetworkError(f"cannot set {step.path} in namespace {step.namespace}: {error}") from error


def _run(command: Sequence[str], text: str = "") -> None:
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NetworkError(f"{command[0]} is not installed: nodes need it for their network (iproute2)") from None
    if done.returncode:
        said = " / ".join(done.stderr.strip().splitlines()[:3])
        raise NetworkError(f"{' '.join(command)} failed: {said or done.returncode}")
