"""Only one of several copies works: the one that holds a Lease (coordination.k8s.io), as with kube-controller-manager.

Clocks of different machines are not compared. A holder counts as lost when its Lease has not changed for
`lease_seconds` by our own clock; and the holder stops working well before others may think so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from eachpod.client.client import Client
from eachpod.model import objects
from eachpod.model.errors import AlreadyExists, Conflict, NotFound, StatusError
from eachpod.model.objects import Object, dig
from eachpod.model.resources import LEASE
from eachpod.model.timestamps import render_micro

log = logging.getLogger(__name__)

NAMESPACE, NAME = "kube-system", "kube-controller-manager"


@dataclass(frozen=True, slots=True)
class Candidate:
    identity: str
    lease_seconds: float = 15.0
    name: str = NAME

    @property
    def retry_seconds(self) -> float:
        return self.lease_seconds / 7.5

    @property
    def deadline_seconds(self) -> float:
        """How long the holder works on without having renewed."""
        return self.lease_seconds * 2 / 3


def holds(candidate: Candidate, lease: Object | None) -> bool:
    return lease is not None and dig(lease, "spec", "holderIdentity") == candidate.identity


def bid(candidate: Candidate, lease: Object | None, unchanged_for: float, now: float) -> Object | None:
    """The Lease to write to get or keep it; None while another holds it. `unchanged_for` are the seconds since we saw
    it change last."""
    spec: Object = dig(lease, "spec", default={})
    mine, holder = holds(candidate, lease), spec.get("holderIdentity")
    if holder and not mine and unchanged_for < float(spec.get("leaseDurationSeconds") or candidate.lease_seconds):
        return None
    wanted = {
        "holderIdentity": candidate.identity,
        "leaseDurationSeconds": int(candidate.lease_seconds),
        "acquireTime": spec["acquireTime"] if mine and "acquireTime" in spec else render_micro(now),
        "renewTime": render_micro(now),
        "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (0 if mine or lease is None else 1),
    }
    if lease is None:
        metadata = {"name": candidate.name, "namespace": NAMESPACE}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": wanted}
    return {**lease, "spec": wanted}


class Election:
    """Asks for the Lease again and again, and remembers when it changed last."""

    def __init__(self, client: Client, candidate: Candidate, clock: Callable[[], float]) -> None:
        self._client, self._candidate, self._clock = client, candidate, clock
        self._revision = ""
        self._changed_at = 0.0
        self.trouble = ""  # why the last try failed, said once

    async def attempt(self) -> bool:
        """One try to get or renew the Lease: whether it is ours now. Raises what the requests raise."""
        loop = asyncio.get_running_loop()
        lease: Object | None
        try:
            lease = await self._client.get(LEASE, self._candidate.name, NAMESPACE)
        except NotFound:
            lease = None
        if lease is not None and objects.revision(lease) != self._revision:
            self._revision, self._changed_at = objects.revision(lease), loop.time()
        wanted = bid(self._candidate, lease, loop.time() - self._changed_at, self._clock())
        if wanted is None:
            return False
        if lease is None:
            await self._client.create(LEASE, wanted, NAMESPACE)
        else:
            await self._client.update(LEASE, wanted)
        return True


async def lead(
    client: Client, candidate: Candidate, clock: Callable[[], float], work: Callable[[], Awaitable[None]]
) -> None:
    """Run `work` whenever the Lease is held; for ever. Work is cancelled when the Lease is lost."""
    election = Election(client, candidate, clock)
    while True:
        if await _tried(election):
            log.info("%s holds the lease %s/%s", candidate.identity, NAMESPACE, candidate.name)
            await _while_held(election, candidate, work)
            log.warning("%s lost the lease %s/%s", candidate.identity, NAMESPACE, candidate.name)
        await asyncio.sleep(candidate.retry_seconds)


async def _while_held(election: Election, candidate: Candidate, work: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work())
    try:
        renewed = loop.time()
        while loop.time() - renewed < candidate.deadline_seconds:
            done, _ = await asyncio.wait([task], timeout=candidate.retry_seconds)
            if done:
                task.result()
                return
            if await _tried(election):
                renewed = loop.time()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tried(election: Election) -> bool:
    try:
        held = await election.attempt()
        election.trouble = ""
        return held
    except (AlreadyExists, Conflict) as error:  # another was quicker
        log.debug("lease: %s", error)
    except (StatusError, ConnectionError) as error:
        if election.trouble != str(error):
            log.warning("the lease can be neither got nor kept: %s", error)
        election.trouble = str(error)
    return False
