"""One schedule from a seed: a cluster, storms in which things go wrong, and the calm after each, in which it must come
to rest in the right state."""

import asyncio
import random
from random import Random

from eachpod.client.client import Client
from eachpod.controllers.config import ControllersConfig
from eachpod.dns.counters import Counters
from eachpod.dns.follow import Follower
from eachpod.dns.zone import Index, ZoneOptions

from . import setting as settings
from .controllers import run_controllers
from .faults import FAIR, Sky
from .kubelet import Binder, Kubelet, Tempo
from .laws import CONTROLLERS, Laws
from .link import Direct
from .loop import VirtualLoop
from .loop import run as run_on_loop
from .machines import Machines
from .process import Clock, Process, Program, Scene
from .rest import amiss, resolved
from .server import Server
from .story import Faults, Story
from .user import User

_SEEN = ("pods", "pods", "statefulsets", "endpointslices", "persistentvolumeclaims", "controllerrevisions")
_LOOK = 1.0
# So long must nothing be written for rest, and so long may it take to get there.
_QUIET, _DEADLINE = 10.0, 1500.0


def run(seed: int) -> Story:
    """Play the schedule of a seed. LawBroken, with the story, where a law is broken."""
    story = play(seed)
    story.check()
    return story


def play(seed: int, *, storms: int = 2, size: int = 8) -> Story:
    """The story of a schedule of so many storms with so many things each."""
    held = random.getstate()
    random.seed(seed)  # informers and watches draw the times at which they come back
    played: list[Story] = []
    try:
        run_on_loop(lambda loop: _play(loop, seed, storms, size, played))
    finally:
        random.setstate(held)
    return played[0]


async def _play(loop: VirtualLoop, seed: int, storms: int, size: int, played: list[Story]) -> None:
    story = Story(seed, loop.time, loop.halt)
    played.append(story)
    with Faults(story):
        schedule = Schedule(seed, story)
        await schedule.begin()
        for _ in range(storms):
            await schedule.storm(size)
            await schedule.rest()


class Schedule:
    def __init__(self, seed: int, story: Story) -> None:
        self._chance = Random(f"schedule {seed}")
        self._story = story
        self._setting = settings.draw(self._chance)
        self._machines = Machines(story.fail)
        self._laws = Laws(self._setting, self._machines, story)
        self._clock = Clock()
        self._server = Server(Random(f"server {seed}"), self._clock, story, self._laws.follow)
        self._scene = Scene(self._server, Sky(Random(f"sky {seed}")), Random(f"network {seed}"), story)
        self._tempos = {node: Tempo(Random(f"{node} {seed}")) for node in settings.NODES}
        self._user = User(Client(Direct(self._server)), Random(f"user {seed}"), self._setting, story)
        self._index = Index(ZoneOptions())
        self._processes: dict[str, Process] = {}

    async def begin(self) -> None:
        self._story.tell(f"{self._setting} {self._scene.sky.storm}")
        await self._user.furnish()
        self._add(CONTROLLERS, self._controllers)
        self._add("dns", self._dns)
        self._add("binder", lambda client, clock: Binder(client, settings.NODES, self._tempos["n1"].chance).run())
        for node, tempo in self._tempos.items():
            self._add(node, self._kubelet(node, tempo))

    def _add(self, name: str, program: Program) -> None:
        self._processes[name] = Process(name, self._scene, program)

    async def _controllers(self, client: Client, clock: Clock) -> None:
        config = ControllersConfig(max_endpoints_per_slice=self._setting.slice_size)
        await run_controllers(client, config, clock)

    async def _dns(self, client: Client, clock: Clock) -> None:
        self._index = Index(ZoneOptions())
        await Follower(self._index, client, Counters(), "").run()

    def _kubelet(self, node: str, tempo: Tempo) -> Program:
        return lambda client, clock: Kubelet(node, client, self._machines, tempo, clock).run()

    # --- storms

    async def storm(self, size: int) -> None:
        self._story.tell("a storm")
        self._scene.sky.weather = self._scene.sky.storm
        for tempo in self._tempos.values():
            tempo.mishaps = 0.0 if self._setting.calm else 0.05
        for _ in range(size):
            await asyncio.sleep(self._chance.expovariate(0.5))
            await self._happen()

    async def _happen(self) -> None:
        happenings = (
            (10, self._user.act),
            (3, self._crash_controllers),
            (1, self._crash_dns),
            (2, self._crash_server),
            (4, self._blind),
            (2, self._break_watches),
            (1, self._compact),
            (2, self._slow_node),
            (2, self._jump),
        )
        weights = [weight for weight, _ in happenings]
        await self._chance.choices(happenings, weights)[0][1]()
        self._ask()

    async def _crash_controllers(self) -> None:
        await self._crash(self._processes[CONTROLLERS])

    async def _crash_dns(self) -> None:
        await self._crash(self._processes["dns"])

    async def _crash(self, process: Process) -> None:
        await process.crash()
        self._laws.answers_lost()
        await asyncio.sleep(self._chance.expovariate(2.0))
        process.start()

    async def _crash_server(self) -> None:
        self._server.crash()
        self._laws.answers_lost()
        await asyncio.sleep(self._chance.expovariate(1.0))
        self._server.restart()

    async def _break_watches(self) -> None:
        for _ in range(self._chance.randint(1, 4)):
            self._server.cut_a_watch()

    async def _blind(self) -> None:
        name = self._chance.choice((CONTROLLERS, CONTROLLERS, *self._processes))
        self._processes[name].blind(self._chance.choice(_SEEN), self._chance.uniform(1, 20))

    async def _compact(self) -> None:
        self._server.compact()

    async def _slow_node(self) -> None:
        node, seconds = self._chance.choice(settings.NODES), self._chance.uniform(5, 60)
        self._story.tell(f"node {node} does nothing for {seconds:.0f} s")
        self._tempos[node].slow_until = asyncio.get_running_loop().time() + seconds

    async def _jump(self) -> None:
        clocks = {"server": self._clock} | {name: process.clock for name, process in self._processes.items()}
        name, seconds = self._chance.choice(list(clocks)), self._chance.uniform(-30, 30)
        self._story.tell(f"the clock of {name} jumps by {seconds:.0f} s")
        clocks[name].offset += seconds

    def _ask(self) -> None:
        """No name may lead to an address that no pod of that name ever had."""
        for number in range(2):
            name = f"{settings.SET}-{number}"
            for address in resolved(self._index, name):
                if name not in self._machines.names_of(address):
                    self._story.fail(f"{name} resolves to {address}, which it never had")

    # --- the calm after

    async def rest(self) -> None:
        """Until everything is as it should be and nothing is written any more."""
        self._story.tell("the faults stop")
        self._scene.sky.weather = FAIR
        loop = asyncio.get_running_loop()
        for tempo in self._tempos.values():
            tempo.mishaps, tempo.slow_until = 0.0, 0.0
        await self._user.settle()
        since, revision, deadline = loop.time(), self._server.store.revision, loop.time() + _DEADLINE
        while True:
            await asyncio.sleep(_LOOK)
            if self._server.store.revision != revision:
                since, revision = loop.time(), self._server.store.revision
            if loop.time() - since < _QUIET:
                wrong = "something is still being written"
            else:
                wrong = next(amiss(self._laws, self._machines, self._index), "")
            if not wrong:
                return
            if loop.time() > deadline:
                self._story.fail(f"it did not come to rest: {wrong}")
                await asyncio.sleep(1)
