"""Keeps a node's nftables rules equal to the Services and EndpointSlices of the API: what kube-proxy does.

Every change of those runs the same short way: compute the whole table, compare with the one that is loaded, load the
difference. Changes that come together are taken together.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eachpod.client.cache import Cache
from eachpod.client.client import Client
from eachpod.client.informer import Informer
from eachpod.model.resources import ENDPOINTSLICE, SERVICE

from . import conntrack, nft, nftables
from .nftables import Table
from .rules import TABLE, Surroundings, table
from .services import Place, service_ports

log = logging.getLogger(__name__)

# Services that someone else proxies.
_FOREIGN = "service.kubernetes.io/service-proxy-name"
_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 5.0
# Rules that are right are loaded anew now and then, in case someone else's program has removed them.
_REPAIR_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """`families` are "ip" and "ip6"."""

    place: Place
    around: Surroundings
    families: Sequence[str] = ("ip",)


async def run(client: Client, config: ProxyConfig, ready: Callable[[], None] = lambda: None) -> None:
    """Until cancelled. `ready` is called once the first rules are loaded. The rules stay when it ends: traffic goes on
    while an agent restarts."""
    services = Informer(client, SERVICE, label_selector=f"!{_FOREIGN}")
    slices = Informer(client, ENDPOINTSLICE)
    changed = asyncio.Event()
    for informer in (services, slices):
        informer.listen(lambda old, new: changed.set())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(services.run())
        tasks.create_task(slices.run())
        await services.synced()
        await slices.synced()
        proxy = Proxy(services.cache, slices.cache, config, nft.loader())
        await _keep(proxy, changed, ready)


async def _keep(proxy: "Proxy", changed: asyncio.Event, ready: Callable[[], None]) -> None:
    pause = _PAUSE_SECONDS
    while True:
        changed.clear()
        try:
            proxy.sync()
            pause = _PAUSE_SECONDS
            ready()
        except nft.NftError as error:
            log.warning("cannot load the rules for Services: %s", error)
            changed.set()
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        try:
            await asyncio.wait_for(changed.wait(), _REPAIR_SECONDS)
        except TimeoutError:
            proxy.forget()
        await asyncio.sleep(pause)


class Proxy:
    """The tables that are loaded, one per family."""

    def __init__(self, services: Cache, slices: Cache, config: ProxyConfig, load: nft.Load) -> None:
        self._services, self._slices, self._config, self._load = services, slices, config, load
        self._loaded: dict[str, Table] = {}
        self._datagrams: dict[str, dict[conntrack.Place, frozenset[conntrack.Place]]] = {}

    def sync(self) -> None:
        """Loads what differs; NftError where that fails, and then everything the next time."""
        for family in self._config.families:
            v6 = family == "ip6"
            ports = service_ports(self._services.items(), self._slices.items(), self._config.place, v6)
            wanted = table(ports, self._config.around, v6)
            before = self._loaded.pop(family, None)
            if before is None:
                self._load(nftables.whole(wanted))
            else:
                self._change(before, wanted)
            self._loaded[family] = wanted
            self._forget_flows(family, conntrack.datagram_services(ports))

    def forget(self) -> None:
        """What is loaded may not be what was: check by changing nothing, and load all where that fails."""
        for family, loaded in list(self._loaded.items()):
            try:
                self._load(nftables.presence(loaded))
            except nft.NftError:
                log.warning("table %s %s is not as it was loaded; loading it anew", family, TABLE)
                del self._loaded[family]

    def _forget_flows(self, family: str, services: dict[conntrack.Place, frozenset[conntrack.Place]]) -> None:
        """UDP flows outlive the rules that made them."""
        if services == self._datagrams.get(family, {}):
            return
        v6 = family == "ip6"
        try:
            gone = conntrack.stale(conntrack.flows(v6), services, self._config.around.local)
            conntrack.forget(gone, v6)
        except OSError as error:
            log.warning("cannot end UDP flows to pods that are gone: %s", error)
        self._datagrams[family] = services

    def _change(self, before: Table, wanted: Table) -> None:
        for text in (nftables.change(before, wanted), nftables.leftovers(before, wanted)):
            if text:
                self._load(text)
