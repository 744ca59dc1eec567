"""Both forms of discovery tell the same, in the order in which clients are to meet groups and versions."""

import json
from typing import Any

import pytest

from eachpod.model.kinds import builtin
from eachpod.server import discovery

REGISTRY = builtin()


def aggregated() -> list[Any]:
    return [
        group for core in (True, False) for group in json.loads(discovery.aggregated(REGISTRY, core=core)[0])["items"]
    ]


def legacy(group: str, version: str) -> Any:
    return discovery.resources_document(REGISTRY, group, version)


def test_groups_and_versions_are_the_same_in_both() -> None:
    plain = [(each["name"], [one["version"] for one in each["versions"]]) for each in groups()]
    whole = [(each["metadata"].get("name", ""), [one["version"] for one in each["versions"]]) for each in aggregated()]
    assert whole == [("", ["v1"]), *plain]
    assert plain[0] == ("apps", ["v1"])


def groups() -> list[Any]:
    found: list[Any] = discovery.groups_document(REGISTRY)["groups"]
    return found


def test_the_first_version_is_preferred() -> None:
    for each in groups():
        assert each["preferredVersion"] == each["versions"][0]
        assert discovery.group_document(REGISTRY, each["name"]) == {"kind": "APIGroup", "apiVersion": "v1", **each}


def test_resources_are_the_same_in_both() -> None:
    for group in aggregated():
        for version in group["versions"]:
            whole = set()
            for each in version["resources"]:
                whole.add((each["resource"], tuple(each["verbs"])))
                whole |= {
                    (f"{each['resource']}/{sub['subresource']}", tuple(sub["verbs"]))
                    for sub in each.get("subresources", [])
                }
            found = legacy(group["metadata"].get("name", ""), version["version"])
            assert {(each["name"], tuple(each["verbs"])) for each in found["resources"]} == whole


def test_what_clients_know_a_resource_by() -> None:
    found = {each["name"]: each for each in legacy("apps", "v1")["resources"]}
    assert found["statefulsets"]["shortNames"] == ["sts"]
    assert (found["statefulsets"]["kind"], found["statefulsets"]["namespaced"]) == ("StatefulSet", True)
    assert found["statefulsets/scale"]["group"] == "autoscaling"
    pods = next(each for each in aggregated()[0]["versions"][0]["resources"] if each["resource"] == "pods")
    assert {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"} == set(pods["verbs"])
    assert {"attach", "exec", "log", "portforward", "status"} <= {sub["subresource"] for sub in pods["subresources"]}


def test_what_there_is_not() -> None:
    assert discovery.group_document(REGISTRY, "nobody.example") is None
    assert discovery.group_document(REGISTRY, "") is None
    assert legacy("apps", "v9") is None


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (f"{discovery.AGGREGATED},application/json", True),
        (f"{discovery.AGGREGATED.replace('v=v2', 'v=v2beta1')},application/json", False),
        (f"{discovery.AGGREGATED.replace('v=v2', 'v=v2beta1')},{discovery.AGGREGATED}", True),
        ("application/json", False),
        ("", False),
    ],
)
def test_who_wants_all_in_one(accept: str, wanted: bool) -> None:
    assert discovery.wants_aggregated(accept) is wanted


def test_the_documents_tag_changes_with_what_is_in_it() -> None:
    core, others = discovery.aggregated(REGISTRY, core=True)[1], discovery.aggregated(REGISTRY, core=False)[1]
    assert core != others
    assert core == discovery.aggregated(builtin(), core=True)[1]
