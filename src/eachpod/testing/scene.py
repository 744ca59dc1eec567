"""The walkthrough: what a person does who meets headless Services for the first time, step by step, checked.

The demo plays it for people and the end-to-end test for CI; both see the same commands.
"""

import contextlib
import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename

from eachpod.cluster.settings import Settings

from .footprint import footprint, left
from .podwatch import PodEvent, events_of, ordered_down, ordered_up
from .terminal import Terminal

DOMAIN = "nginx-headless.default.svc.cluster.local"
SELECTOR = "app=nginx"
_PODS = "/api/v1/namespaces/default/pods"
Say = Callable[[str], None]


class SceneError(AssertionError):
    """The scene did not go as it should; the message says what was expected and what was seen."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the scene plays. `eachpod` and `kubectl` are programs; `work` is a folder of its own, `manifest` the file
    that is created."""

    name: str
    runtime: str
    eachpod: str
    kubectl: str
    work: Path
    manifest: Path
    say: Say

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": str(self.work / "kubeconfig"), "TERM": "dumb"}


class Scene:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.place = ("--data-dir", str(stage.work / "cluster"))
        self._dns = dns.resolver.Resolver(configure=False)

    def play(self) -> None:
        """All steps. SceneError at the first that fails; the cluster is down afterwards in any case."""
        try:
            self.up()
            self.create()
            self.look()
            if self.stage.runtime == "containers":
                self.ask_from_a_pod()
            self.follow()
        except BaseException:
            with contextlib.suppress(SceneError):  # what went wrong before matters more
                self.eachpod("down", self.stage.name, *self.place, quiet=True)
            raise
        self.down()

    def up(self) -> None:
        wish = ("--runtime", self.stage.runtime, "--nodes", "2")
        self.eachpod("up", self.stage.name, *wish, *self.place)
        said = json.loads(self.eachpod("status", self.stage.name, *self.place, "-o", "json", quiet=True))
        self._dns.nameservers, self._dns.port = ["127.0.0.1"], said["settings"]["dns_port"]
        self._dns.lifetime = 60.0
        nodes = self._get("nodes")
        names = {node["metadata"]["name"] for node in nodes}
        _expect(names == {"192.168.0.194", "192.168.0.21"}, f"two nodes named by their addresses, not {names}")

    def create(self) -> None:
        before = self._version()
        self.kubectl("create", "-f", str(self.stage.manifest))
        self._ready(3)
        _expect_none(ordered_up(self._since(before), ["web-0", "web-1", "web-2"]))

    def look(self) -> None:
        shown = self.kubectl("get", "pods", "-l", SELECTOR, "-o", "wide")
        for ordinal in range(3):
            pattern = rf"^web-{ordinal}\s+1/1\s+Running\s+0\s+\S+\s+10\.0\.\d+\.\d+\s+192\.168\.0\.(194|21)\s"
            _expect(re.search(pattern, shown, re.M) is not None, f"web-{ordinal} 1/1 Running with an address")
        nodes = {pod["spec"]["nodeName"] for pod in self._get("pods", "-l", SELECTOR)}
        _expect(len(nodes) == 2, f"pods on both nodes, not only on {nodes}")
        shown = self.kubectl("get", "svc", "nginx-headless")
        pattern = r"^nginx-headless\s+ClusterIP\s+None\s+<none>\s+80/TCP\s"
        _expect(re.search(pattern, shown, re.M) is not None, "a Service without a cluster address")
        self._names(range(3))

    def ask_from_a_pod(self) -> None:
        command = ["run", "-it", "--rm", "--image=busybox:1.28", "test-pod", "--", "sh"]
        self.stage.say("$ " + shlex.join(["kubectl", *command]))
        terminal = Terminal([self.stage.kubectl, *command], self.stage.environment)
        try:
            terminal.until("/ # ", 120)
            self._nslookup(terminal)
            for ordinal in range(3):
                page = self._typed(terminal, f"wget -qO- web-{ordinal}.nginx-headless")
                _expect("Welcome to nginx!" in page, f"the page of web-{ordinal}")
            terminal.type("exit")
            self.stage.say("/ # exit\n" + terminal.rest(60).strip())
        except OSError as error:  # of time, or of a terminal that has ended
            raise SceneError(str(error)) from None
        finally:
            terminal.close()
        self._until(lambda: not self._get("pods", "-l", "run=test-pod"), "test-pod is removed")

    def _typed(self, terminal: Terminal, line: str) -> str:
        terminal.type(line)
        shown = terminal.until("/ # ", 60)
        answer = shown.partition("\n")[2].removesuffix("/ # ")
        self.stage.say(f"/ # {line}\n{answer.rstrip()}")
        return answer

    def _nslookup(self, terminal: Terminal) -> None:
        """What busybox 1.28 prints, line by line. Where that could not be built the distribution's busybox prints
        addresses alone, and the name of each is asked for by itself."""
        shown = self._typed(terminal, "nslookup nginx-headless")
        lines = [line.rstrip() for line in shown.splitlines() if line.strip()]
        addresses = self._addresses()
        if lines[1:2] == ["Address:\t10.247.3.10:53"]:
            self.stage.say("# not the output of busybox 1.28, which could not be built here; the names one by one:")
            for name, address in addresses.items():
                _expect(f"Address: {address}" in lines, f"the address {address}")
                _expect(f"name = {name}.{DOMAIN}" in self._typed(terminal, f"nslookup {address}"), f"the name {name}")
            return
        head = ["Server:    10.247.3.10", "Address 1: 10.247.3.10 coredns.kube-system.svc.cluster.local"]
        _expect(lines[:2] == head, f"the DNS Service by its name, not {lines[:2]}")
        _expect(lines[2] == "Name:      nginx-headless", f"the name asked for, not {lines[2]}")
        labels = [line.partition(": ")[0] for line in lines[3:]]
        _expect(labels == [f"Address {n}" for n in range(1, len(addresses) + 1)], f"numbered addresses, not {labels}")
        found = {line.partition(": ")[2] for line in lines[3:]}
        wanted = {f"{address} {name}.{DOMAIN}" for name, address in addresses.items()}
        _expect(found == wanted, f"{sorted(wanted)}, not {sorted(found)}")

    def follow(self) -> None:
        """Names follow a deleted pod, scaling and deletion."""
        before = self._get("pods", "web-1")
        self.kubectl("delete", "pod", "web-1")
        self._until(lambda: self._replaced("web-1", before["metadata"]["uid"]), "web-1 comes back")
        self._ready(3)
        self._names(range(3))
        old, new = before["status"]["podIP"], self._addresses()["web-1"]
        _expect(old != new, f"a new address for web-1, not {old} again")
        version = self._version()
        self.kubectl("scale", "sts", "web", "--replicas=5")
        self._ready(5)
        _expect_none(ordered_up(self._since(version), ["web-3", "web-4"]))
        self._names(range(5))
        version = self._version()
        self.kubectl("scale", "sts", "web", "--replicas=2")
        self._ready(2)
        _expect_none(ordered_down(self._since(version), ["web-4", "web-3", "web-2"]))
        self._names(range(2), gone=range(2, 5))
        self.kubectl("delete", "-f", str(self.stage.manifest))
        self._until(lambda: not self._get("pods", "-l", SELECTOR), "the pods are gone")
        self._names((), gone=range(5))
        self._until(lambda: not self._resolve(DOMAIN), f"{DOMAIN} is gone")

    def down(self) -> None:
        """What `eachpod down` says is left, and what the kernel's own lists say: nothing, both."""
        place = self.stage.work / "cluster"
        cgroup = Settings(self.stage.name, str(place)).cgroup
        supervisor = json.loads((place / "state.json").read_text())["pid"]
        before = footprint(supervisor, cgroup)
        networks = before.of("net")
        _expect(len(before.processes) >= 3, f"the processes of a cluster, not only {before.processes}")
        if self.stage.runtime == "containers":
            _expect(len(networks) >= 3, f"the networks of both nodes and between them, not only {networks}")
        said = self.eachpod("down", self.stage.name, *self.place)
        nothing = "left: processes 0, mounts 0, network namespaces 0, nftables rules 0, cgroups 0"
        _expect(nothing in said, f"{nothing!r}, not {said!r}")
        with contextlib.suppress(SceneError):  # what has ended may hold for a moment what it had
            self._until(lambda: not left(before, place, cgroup), "nothing is left")
        found = left(before, place, cgroup)
        _expect(not found, f"nothing is left, not {found}")
        counts = f"{len(before.processes)} processes, {len(networks)} networks, {len(before.cgroups)} cgroups"
        self.stage.say(f"  gone: {counts}; no mount and no nftables rule is left")

    def _replaced(self, name: str, before: str) -> bool:
        return any(
            pod["metadata"]["name"] == name and pod["metadata"]["uid"] != before
            for pod in self._get("pods", "-l", SELECTOR)
        )

    def _ready(self, replicas: int) -> None:
        def settled() -> bool:
            pods = self._get("pods", "-l", SELECTOR)
            return len(pods) == replicas and all(_ready_at(pod) for pod in pods)

        self._until(settled, f"{replicas} pods are Ready")

    def _version(self) -> str:
        """The resourceVersion of now."""
        found = json.loads(self.kubectl("get", "--raw", f"{_PODS}?labelSelector=app%3Dnginx", quiet=True))
        return str(found["metadata"]["resourceVersion"])

    def _since(self, version: str) -> list[PodEvent]:
        """What happened to the pods after a version: a watch from there replays it in its order."""
        query = f"watch=true&timeoutSeconds=1&resourceVersion={version}&labelSelector=app%3Dnginx"
        return events_of(self.kubectl("get", "--raw", f"{_PODS}?{query}", quiet=True))

    def _addresses(self) -> dict[str, str]:
        pods = self._get("pods", "-l", SELECTOR)
        return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in pods if pod["status"].get("podIP")}

    def _names(self, ordinals: Any, gone: Any = ()) -> None:
        """Each pod's name gives its address and back; those of `gone` give nothing."""
        for ordinal in ordinals:
            name = f"web-{ordinal}"
            self._until(
                lambda name=name: self._resolve(f"{name}.{DOMAIN}") == [self._addresses().get(name)],  # type: ignore[misc]
                f"{name}.{DOMAIN} gives its pod's address",
            )
            address = self._addresses()[name]
            pointer = self._ask(str(dns.reversename.from_address(address)), "PTR")
            _expect(pointer == [f"{name}.{DOMAIN}."], f"{address} is {name}.{DOMAIN}, not {pointer}")
            self.stage.say(f"  {name}.{DOMAIN} -> {address}")
        for ordinal in gone:
            self._until(
                lambda ordinal=ordinal: not self._resolve(f"web-{ordinal}.{DOMAIN}"),  # type: ignore[misc]
                f"web-{ordinal}.{DOMAIN} is gone",
            )
            self.stage.say(f"  web-{ordinal}.{DOMAIN} -> no such name")

    def _resolve(self, name: str) -> list[str]:
        return self._ask(f"{name}.", "A")

    def _ask(self, name: str, kind: str) -> list[str]:
        """What the DNS says of a name, sorted; nothing where it has no such name or record."""
        try:
            return sorted(str(each) for each in self._dns.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise SceneError(f"the DNS gave no answer for {name} {kind}: {error}") from None

    def _until(self, done: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise SceneError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.1)

    def _get(self, *what: str) -> Any:
        found = json.loads(self.kubectl("get", *what, "-o", "json", quiet=True))
        return found["items"] if found["kind"] == "List" else found

    def kubectl(self, *words: str, quiet: bool = False) -> str:
        return self._run("kubectl", self.stage.kubectl, words, quiet)

    def eachpod(self, *words: str, quiet: bool = False) -> str:
        return self._run("eachpod", self.stage.eachpod, words, quiet)

    def _run(self, shown: str, program: str, words: tuple[str, ...], quiet: bool) -> str:
        line = shlex.join([shown, *words])
        if not quiet:
            self.stage.say("$ " + line)
        try:
            done = subprocess.run(
                [program, *words], capture_output=True, text=True, timeout=300, check=False, env=self.stage.environment
            )
        except subprocess.TimeoutExpired:
            raise SceneError(f"{line} did not end within 300 s") from None
        except OSError as error:
            raise SceneError(f"{line} cannot be started: {error}") from None
        if not quiet and done.stdout.strip():
            self.stage.say(done.stdout.rstrip())
        if done.returncode:
            raise SceneError(f"{line} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def _ready_at(pod: Any) -> str:
    """When the pod became Ready, "" if it is not (or is being deleted)."""
    if pod["metadata"].get("deletionTimestamp"):
        return ""
    conditions = pod.get("status", {}).get("conditions") or []
    return next((c["lastTransitionTime"] for c in conditions if c["type"] == "Ready" and c["status"] == "True"), "")


def _expect_none(faults: list[str]) -> None:
    _expect(not faults, f"pods in their order, but {'; '.join(faults)}")


def _expect(good: bool, what: str) -> None:
    if not good:
        raise SceneError(f"expected {what}")
