"""What two lists of the runtime tell of the time between them."""

from types import SimpleNamespace

from eachpod.node.podstate import ContainerLost, ContainerSeen, SandboxSeen
from eachpod.node.relist import compare
from eachpod.node.runtime import Phase, Snapshot


def test_what_a_relist_tells(make: SimpleNamespace) -> None:
    running, ended = make.container("a"), make.container("a", 0, Phase.EXITED)
    gone = make.container("b")
    before = Snapshot((make.sandbox(0), make.sandbox(1)), (running, gone))
    now = Snapshot((make.sandbox(0),), (ended, make.container("c")))
    told = list(compare(before, now, {"s0": "u1", "s1": "u1"}))
    assert {uid for uid, _ in told} == {"u1"}
    assert [type(event) for _, event in told] == [ContainerSeen, ContainerSeen, ContainerLost, SandboxSeen]
    assert list(compare(now, now, {"s0": "u1"})) == []
