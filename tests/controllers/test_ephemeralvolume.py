"""Claims of generic ephemeral volumes."""

from collections.abc import Callable
from typing import Any

from eachpod.controllers import ephemeralvolume
from eachpod.controllers.plan import Create, Emit
from eachpod.controllers.view import Key, View

MakeView = Callable[..., View]
POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "d", "uid": "uid-p"},
    "spec": {
        "volumes": [
            {"name": "plain", "emptyDir": {}},
            {
                "name": "data",
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "metadata": {"labels": {"a": "b"}},
                        "spec": {"accessModes": ["ReadWriteOnce"]},
                    }
                },
            },
        ]
    },
}


def test_the_claim_belongs_to_the_pod(view_of: MakeView) -> None:
    view = view_of(ephemeralvolume.CONTROLLER, pods=[POD])
    (change,) = ephemeralvolume.reconcile(view, Key("d", "p"), 0.0).changes
    assert isinstance(change, Create)
    made = change.object
    assert (made["metadata"]["name"], made["metadata"]["labels"]) == ("p-data", {"a": "b"})
    assert made["metadata"]["ownerReferences"][0]["uid"] == "uid-p"
    assert made["spec"] == {"accessModes": ["ReadWriteOnce"]}
    again = view_of(ephemeralvolume.CONTROLLER, pods=[POD], persistentvolumeclaims=[made])
    assert not ephemeralvolume.reconcile(again, Key("d", "p"), 0.0)


def test_somebody_elses_claim_is_not_taken(view_of: MakeView) -> None:
    other = {"metadata": {"name": "p-data", "namespace": "d"}}
    view = view_of(ephemeralvolume.CONTROLLER, pods=[POD], persistentvolumeclaims=[other])
    (change,) = ephemeralvolume.reconcile(view, Key("d", "p"), 0.0).changes
    assert isinstance(change, Emit)
    assert change.note.message == "PVC d/p-data was not created for pod d/p (pod is not owner)"
