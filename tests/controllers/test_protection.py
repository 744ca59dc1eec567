"""Claims that pods keep from going: whose turn a change of a pod is."""

from typing import Any

import pytest

from eachpod.controllers import protection
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object
from eachpod.model.resources import POD


def user_of(claim_name: str, uid: str = "u", **spec: Any) -> Object:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}
    return {"metadata": {"name": "p", "namespace": "d", "uid": uid}, "spec": {"volumes": [volume], **spec}}


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        (None, user_of("a"), ["a"]),
        (user_of("a"), None, ["a"]),
        (user_of("a"), user_of("a"), []),
        (user_of("a"), user_of("a", nodeName="n"), ["a"]),
        (user_of("a"), user_of("b", uid="next"), ["a", "b"]),  # no watch has told that the first one went
        (user_of("a"), user_of("a", uid="next"), ["a"]),
    ],
)
def test_claims_that_a_change_of_a_pod_concerns(old: Any, new: Any, concerned: list[str]) -> None:
    (keys,) = (watch.keys for watch in protection.CONTROLLERS[0].watches if watch.resource == POD)
    assert list(keys(View({}, ControllersConfig()), old, new)) == [Key("d", one) for one in concerned]
