"""Seeded simulation of StatefulSets and their endpoints under faults, in virtual time.

A schedule is a run of random steps: a watch delivers one event, late or twice; a watch breaks; a controller makes one
change of its plan, loses the answer to it, or crashes in the middle; the kubelet moves one pod one phase on; a user
scales, rolls, kills. After every step the laws are checked, and at the end, when the faults stop, everything must come
to rest in the right state. All chance comes from one seed, so a failing schedule is replayed by its number, and tells
its story line by line.
"""

import random
from dataclasses import dataclass, field

from eachpod.client.cache import Key
from eachpod.controllers import endpointslice, statefulset
from eachpod.controllers.statefulset.identity import ordinal, pod_name, wanted
from eachpod.model import objects
from eachpod.model.objects import Object, dig, put
from eachpod.model.resource import Resource
from eachpod.model.resources import (
    CONTROLLERREVISION,
    ENDPOINTSLICE,
    NODE,
    PERSISTENTVOLUMECLAIM,
    POD,
    SERVICE,
    STATEFULSET,
)
from eachpod.model.timestamps import render

from .process import Process
from .world import Happened, World

NAMESPACE, SET = "d", "web"
START = 1_000_000.0
_CONTROLLERS = (statefulset.CONTROLLER, endpointslice.CONTROLLER)
_ADDRESSES = 6
_SETTLE = 4000


class LawBroken(AssertionError):
    """The text names the seed, the law and everything that happened before."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is fixed during a schedule. `calm` leaves out what breaks pods that were Ready, so that order can be
    checked against the truth and not only against what the controller saw."""

    ordered: bool
    when_deleted: str
    when_scaled: str
    min_ready: int
    calm: bool
    max_unavailable: int


@dataclass(slots=True)
class Truth:
    """What the laws remember of the past."""

    running: dict[str, str] = field(default_factory=dict)  # pod name -> uid whose container runs
    addresses: dict[str, str] = field(default_factory=dict)  # address -> pod uid that holds it
    held: set[tuple[str, str]] = field(default_factory=set)  # (pod uid, address) ever
    out_of_range: set[int] = field(default_factory=set)  # ordinals that some spec did not want
    checked: dict[str, int] = field(default_factory=dict)  # how much of each log the laws have seen


class Simulation:
    def __init__(self, seed: int, *, guarded: bool = True) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.story: list[str] = []
        self.world = World(tell=self._tell)
        self.setting = self._choose()
        self.truth = Truth()
        self._tell(f"setting {self.setting}")
        self._furnish()
        self._guarded = guarded
        self.processes = [self._make(number) for number in range(len(_CONTROLLERS))]
        self.check()

    def _make(self, number: int) -> Process:
        return Process(self.world, _CONTROLLERS[number], guarded=self._guarded)

    # --- running

    def run(self, steps: int = 120) -> "Simulation":
        """Steps with faults, then rest. Raises LawBroken."""
        actions = (
            (30, self._deliver),
            (30, self._work),
            (22, self._kubelet),
            (4, self._user),
            (3, self._again),
            (3, self._break_watch),
            (2, self._crash),
            (2, self._lose_answer),
            (4, self._collect),
            (6, self._tick),
            (1, self._jump),
            (1, self._server_restart),
        )
        weights = [weight for weight, _ in actions]
        for _ in range(steps):
            self.chance.choices(actions, weights)[0][1]()
            self.check()
        self._settle()
        return self

    def check(self) -> None:
        """The laws that hold at every moment."""
        for pod in self._fresh(POD):
            self._check_pod(pod.type, pod.object)
        for claim in self._fresh(PERSISTENTVOLUMECLAIM):
            if claim.type == "DELETED":
                self._check_claim(claim.object)
        for slice_ in self._fresh(ENDPOINTSLICE):
            if slice_.type != "DELETED":
                self._check_slice(slice_.object)

    def fail(self, law: str) -> None:
        story = "\n".join(f"  {line}" for line in self.story)
        raise LawBroken(f"seed {self.seed}: {law}\n{story}")

    # --- the laws

    def _check_pod(self, type_: str, pod: Object) -> None:
        name, uid = objects.name(pod), objects.uid(pod)
        if type_ == "DELETED":
            if self.truth.running.get(name) == uid:
                self.fail(f"pod {name} ({uid}) left the store while its container ran: two could run at once")
        elif type_ == "ADDED" and self.setting.ordered and self.setting.calm:
            self._check_order(pod)

    def _check_order(self, pod: Object) -> None:
        set_ = self.world.of(STATEFULSET).get(Key(NAMESPACE, SET))
        if set_ is None:
            return
        for number in range(dig(set_, "spec", "ordinals", "start", default=0), ordinal(pod)):
            before = self.world.of(POD).get(Key(NAMESPACE, pod_name(set_, number)))
            if number in wanted(set_) and (before is None or not _is_ready(before)):
                self.fail(f"pod {objects.name(pod)} was created before {pod_name(set_, number)} was Ready")

    def _check_claim(self, claim: Object) -> None:
        number = int(objects.name(claim).rsplit("-", 1)[1])
        set_gone = Key(NAMESPACE, SET) not in self.world.of(STATEFULSET)
        by_set = set_gone and self.setting.when_deleted == "Delete"
        by_scale = self.setting.when_scaled == "Delete" and number in self.truth.out_of_range
        if not (by_set or by_scale):
            self.fail(f"claim {objects.name(claim)} was deleted against its policy")

    def _check_slice(self, slice_: Object) -> None:
        for endpoint in slice_.get("endpoints") or []:
            uid, address = dig(endpoint, "targetRef", "uid"), endpoint["addresses"][0]
            if (uid, address) not in self.truth.held:
                self.fail(f"{endpoint.get('hostname')} was published for {address}, which pod {uid} never had")

    # --- coming to rest

    def _settle(self) -> None:
        self._tell("the faults stop")
        for count in range(_SETTLE):
            if not self._settling_step():
                break
            self.check()
            if count == _SETTLE - 1:
                self.fail("it did not come to rest")
        self._check_rest()

    def _settling_step(self) -> bool:
        """One step towards rest; False where there is none left."""
        for process in self.processes:
            behind = process.behind()
            if behind:
                process.deliver(behind[0])
                return True
        for process in self.processes:
            if not process.idle:
                process.step()
                return True
        if self._collect() or self._kubelet(well=True):
            return True
        waits = [process.next_at for process in self.processes if process.next_at is not None]
        if waits and min(waits) > self.world.now:
            self.world.now = min(waits)
            return True
        return bool(waits)

    def _check_rest(self) -> None:
        set_ = self.world.of(STATEFULSET).get(Key(NAMESPACE, SET))
        pods = {objects.name(pod): pod for pod in self.world.of(POD).values()}
        if set_ is None:
            if pods:
                self.fail(f"the set is gone, but there are pods: {sorted(pods)}")
            return
        names = {pod_name(set_, number) for number in wanted(set_)}
        if pods.keys() != names:
            self.fail(f"wanted are {sorted(names)}, but there are {sorted(pods)}")
        self._check_rest_of_set(set_, pods)
        self._check_rest_of_slices(pods)

    def _check_rest_of_set(self, set_: Object, pods: dict[str, Object]) -> None:
        status, want = set_["status"], dig(set_, "spec", "replicas")
        for counter in ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"):
            if status.get(counter, 0) != want:
                self.fail(f"status.{counter} is {status.get(counter, 0)}, not {want}")
        template = dig(set_, "spec", "template", "spec", "containers")[0]["image"]
        stale = [name for name, pod in pods.items() if dig(pod, "spec", "containers")[0]["image"] != template]
        if stale:
            self.fail(f"pods are not of the newest template: {stale}")
        claims = {objects.name(claim) for claim in self.world.of(PERSISTENTVOLUMECLAIM).values()}
        missing = {f"data-{name}" for name in pods} - claims
        if missing:
            self.fail(f"claims are missing: {sorted(missing)}")
        if len(self.world.of(CONTROLLERREVISION)) > 10 + 1:
            self.fail("the history was not truncated")

    def _check_rest_of_slices(self, pods: dict[str, Object]) -> None:
        published = {
            (endpoint.get("hostname"), endpoint["addresses"][0], dig(endpoint, "conditions", "ready"))
            for slice_ in self.world.of(ENDPOINTSLICE).values()
            for endpoint in slice_.get("endpoints") or []
        }
        expected = {(name, dig(pod, "status", "podIP"), True) for name, pod in pods.items()}
        if published != expected:
            self.fail(f"published are {sorted(map(str, published))}, true are {sorted(map(str, expected))}")

    # --- what can happen

    def _choose(self) -> Setting:
        policies = ("Retain", "Delete")
        return Setting(
            ordered=self.chance.random() < 0.6,
            when_deleted=self.chance.choice(policies),
            when_scaled=self.chance.choice(policies),
            min_ready=self.chance.choice((0, 0, 3)),
            calm=self.chance.random() < 0.5,
            max_unavailable=self.chance.choice((1, 1, 2)),
        )

    def _furnish(self) -> None:
        self.world.create(NODE, {"metadata": {"name": "n1"}})
        ports = [{"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}]
        selector = {"app": SET}
        service = {"clusterIP": "None", "selector": selector, "ports": ports, "ipFamilies": ["IPv4"]}
        self.world.create(SERVICE, {"metadata": {"name": SET, "namespace": NAMESPACE}, "spec": service})
        setting = self.setting
        spec = {
            "serviceName": SET,
            "replicas": 3,
            "minReadySeconds": setting.min_ready,
            "podManagementPolicy": "OrderedReady" if setting.ordered else "Parallel",
            "selector": {"matchLabels": selector},
            "template": _template("v1"),
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"partition": 0, "maxUnavailable": setting.max_unavailable},
            },
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": setting.when_deleted,
                "whenScaled": setting.when_scaled,
            },
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}],
        }
        self.world.create(STATEFULSET, {"metadata": {"name": SET, "namespace": NAMESPACE}, "spec": spec})
        self._note_range()

    def _fresh(self, resource: Resource) -> list[Happened]:
        """What has happened to a resource since the laws last looked."""
        name, history = resource.group_resource, self.world.history(resource)
        seen = self.truth.checked.get(name, 0)
        self.truth.checked[name] = len(history)
        return history[seen:]

    def _tell(self, line: str) -> None:
        self.story.append(f"{self.world.now - START:9.3f}  {line}" if hasattr(self, "world") else line)

    def _any(self) -> Process:
        return self.chance.choice(self.processes)

    def _deliver(self) -> None:
        process = self._any()
        behind = process.behind()
        if behind:
            process.deliver(self.chance.choice(behind))

    def _again(self) -> None:
        process = self._any()
        resource = self.chance.choice(list(process.caches))
        if resource not in process.behind():
            process.deliver(resource, again=True)

    def _break_watch(self) -> None:
        process = self._any()
        resource = self.chance.choice(list(process.caches))
        self._tell(f"{process.controller.name}: the watch of {resource.plural} breaks")
        process.relist(resource)

    def _server_restart(self) -> None:
        self._tell("the server restarts")
        for process in self.processes:
            for resource in process.caches:
                process.relist(resource)

    def _crash(self) -> None:
        number = self.chance.randrange(len(self.processes))
        self._tell(f"{self.processes[number].controller.name} crashes")
        self.processes[number] = self._make(number)

    def _work(self) -> None:
        self._any().step()

    def _lose_answer(self) -> None:
        self._any().step(lose_answer=True)

    def _tick(self) -> None:
        self.world.now += self.chance.random() * 2

    def _jump(self) -> None:
        seconds = self.chance.uniform(-30, 30)
        self.world.now += seconds
        self._tell(f"the clock jumps by {seconds:.1f} s")

    def _collect(self) -> bool:
        return bool(self.world.collect())

    def _user(self) -> None:
        set_ = self.world.of(STATEFULSET).get(Key(NAMESPACE, SET))
        if set_ is None:
            return
        choice = self.chance.random()
        if choice < 0.45:
            self._scale(set_, self.chance.randint(0, 5))
        elif choice < 0.8:
            version = f"v{self.chance.randint(1, 4)}"
            self._tell(f"user: template {version}")
            self.world.update(STATEFULSET, put(set_, ("spec", "template"), _template(version)))
        elif choice < 0.85:
            self._tell("user: delete the set")
            self.world.delete(STATEFULSET, NAMESPACE, SET)
        elif not self.setting.calm and self.world.of(POD):
            name = self.chance.choice([key.name for key in self.world.of(POD)])
            self._tell(f"user: delete pod {name}")
            self.world.delete(POD, NAMESPACE, name)

    def _scale(self, set_: Object, replicas: int) -> None:
        self._tell(f"user: scale to {replicas}")
        self.world.update(STATEFULSET, put(set_, ("spec", "replicas"), replicas))
        self._note_range()

    def _note_range(self) -> None:
        set_ = self.world.get(STATEFULSET, NAMESPACE, SET)
        self.truth.out_of_range.update(set(range(10)) - set(wanted(set_)))

    # --- the kubelet

    def _kubelet(self, *, well: bool = False) -> bool:
        """One step of one pod's life; with `well` the next one towards Ready or away, of the first pod that has one."""
        pods = list(self.world.of(POD).values())
        if not well:
            pods = [self.chance.choice(pods)] if pods else []
        return any(self._live(pod, well=well) for pod in pods)

    def _live(self, pod: Object, *, well: bool) -> bool:
        phase = dig(pod, "status", "phase")
        if objects.deleting(pod):
            self._stop(pod)
        elif phase == "Pending":
            return self._start(pod)
        elif phase == "Running" and not _is_ready(pod):
            self.world.set_status(pod, self._status(pod, "Running", ready=True))
            self._tell(f"kubelet: {objects.name(pod)} is Ready")
        elif phase == "Running" and not well and not self.setting.calm and self.chance.random() < 0.3:
            self._harm(pod)
        else:
            return False
        return True

    def _start(self, pod: Object) -> bool:
        name, uid = objects.name(pod), objects.uid(pod)
        claims = [dig(v, "persistentVolumeClaim", "claimName") for v in dig(pod, "spec", "volumes", default=[])]
        free = [a for a in (f"10.0.0.{n}" for n in range(1, _ADDRESSES + 1)) if a not in self.truth.addresses]
        if not free or any(Key(NAMESPACE, claim) not in self.world.of(PERSISTENTVOLUMECLAIM) for claim in claims):
            return False
        if name in self.truth.running:
            self.fail(f"two pods called {name} run at once: {self.truth.running[name]} and {uid}")
        # The first free address: one that a pod just left is taken again at once.
        self.truth.running[name], self.truth.addresses[free[0]] = uid, uid
        self.truth.held.add((uid, free[0]))
        bound = self.world.update(POD, put(pod, ("spec", "nodeName"), "n1"))
        self.world.set_status(bound, self._status(bound, "Running", ready=False, address=free[0]))
        self._tell(f"kubelet: {name} ({uid}) runs at {free[0]}")
        return True

    def _stop(self, pod: Object) -> None:
        name, uid = objects.name(pod), objects.uid(pod)
        if self.truth.running.get(name) == uid:
            del self.truth.running[name]
        address = dig(pod, "status", "podIP", default="")
        if self.truth.addresses.get(address) == uid:
            del self.truth.addresses[address]
        self.world.finish(POD, NAMESPACE, name)

    def _harm(self, pod: Object) -> None:
        name = objects.name(pod)
        if self.chance.random() < 0.5:
            self.world.set_status(pod, self._status(pod, "Running", ready=False))
            self._tell(f"kubelet: {name} is not Ready any more")
            return
        phase = self.chance.choice(("Failed", "Succeeded"))
        self.truth.running.pop(name, None)
        self.world.set_status(pod, self._status(pod, phase, ready=False))
        self._tell(f"kubelet: {name} has {phase.lower()}")

    def _status(self, pod: Object, phase: str, *, ready: bool, address: str = "") -> Object:
        address = address or dig(pod, "status", "podIP", default="")
        condition = {
            "type": "Ready",
            "status": "True" if ready else "False",
            "lastTransitionTime": render(self.world.now),
        }
        return {"phase": phase, "podIP": address, "podIPs": [{"ip": address}], "conditions": [condition]}


def _is_ready(pod: Object) -> bool:
    """Ready, and staying."""
    ready = objects.condition(pod, "Ready") or {}
    return bool(ready.get("status") == "True" and not objects.deleting(pod))


def _template(version: str) -> Object:
    return {"metadata": {"labels": {"app": SET}}, "spec": {"containers": [{"name": "app", "image": version}]}}
