"""The bytes that revisions are hashed over, and the hash."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers.statefulset import revisions


def test_known_vectors_of_the_revision_hash() -> None:
    """A StatefulSet's template of today and its name in a cluster of today."""
    data = {
        "spec": {
            "template": {
                "$patch": "replace",
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "image": "app:v1",
                            "imagePullPolicy": "IfNotPresent",
                            "name": "app",
                            "ports": [{"containerPort": 80, "name": "http", "protocol": "TCP"}],
                            "resources": {},
                            "terminationMessagePath": "/dev/termination-log",
                            "terminationMessagePolicy": "File",
                        }
                    ],
                    "dnsPolicy": "ClusterFirst",
                    "restartPolicy": "Always",
                    "schedulerName": "default-scheduler",
                    "securityContext": {},
                    "terminationGracePeriodSeconds": 30,
                },
            }
        }
    }
    assert revisions.hash_of(data, 0) == "b885cfd7b"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_go_json_is_json(value: Any) -> None:
    raw = revisions.go_json(value)
    assert json.loads(raw) == value
    assert not set(raw) & set(b"<>&")
