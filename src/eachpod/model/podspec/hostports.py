"""Ports that a pod takes on its node's own addresses, which two pods of a node cannot share.

The scheduler asks before it binds a pod, the node's admission for those that came past the scheduler.
"""

from collections.abc import Iterator
from typing import NamedTuple

from eachpod.model.objects import Object, dig

_ANY_ADDRESS = "0.0.0.0"


class HostPort(NamedTuple):
    ip: str
    protocol: str
    port: int

    def clashes(self, other: "HostPort") -> bool:
        """An address of all zeros clashes with every address."""
        same = (self.protocol, self.port) == (other.protocol, other.port)
        return same and (self.ip == other.ip or _ANY_ADDRESS in (self.ip, other.ip))


def host_ports_of(pod: Object) -> Iterator[HostPort]:
    """Those of regular containers and of sidecars, which hold theirs for the pod's whole life."""
    inits = dig(pod, "spec", "initContainers", default=())
    sidecars = [container for container in inits if container.get("restartPolicy") == "Always"]
    for container in [*dig(pod, "spec", "containers", default=()), *sidecars]:
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield HostPort(port.get("hostIP") or _ANY_ADDRESS, port.get("protocol") or "TCP", int(port["hostPort"]))
