"""Objects as tables: columns, rows and what is left out of them."""

from eachpod.model import table
from eachpod.model.kinds import builtin

CONFIG = {
    "kind": "ConfigMap",
    "apiVersion": "v1",
    "metadata": {"name": "c", "creationTimestamp": "2020-01-01T00:00:00Z"},
    "data": {"a": "1", "b": "2"},
}
NOW = 1577836800 + 30


def test_a_table_of_a_kind_with_columns() -> None:
    kind = builtin().by_kind("v1", "ConfigMap")
    made = table.table(kind, [CONFIG], NOW, list_meta={"resourceVersion": "7"})
    assert [column["name"] for column in made["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert made["metadata"] == {"resourceVersion": "7"}
    assert made["rows"] == [{"cells": ["c", 2, "30s"], "object": table.partial(CONFIG)}]


def test_kinds_without_columns_show_when_they_were_made() -> None:
    made = table.table(builtin().by_kind("rbac.authorization.k8s.io/v1", "Role"), [CONFIG], NOW)
    assert [(c["name"], c["type"]) for c in made["columnDefinitions"]] == [("Name", "string"), ("Created At", "date")]
    assert made["rows"][0]["cells"] == ["c", "2020-01-01T00:00:00Z"]


def test_what_is_included() -> None:
    assert table.table(None, [CONFIG], NOW, include="None")["rows"][0]["object"] is None
    assert table.table(None, [CONFIG], NOW, include="Object")["rows"][0]["object"] is CONFIG


def test_later_events_of_a_watch_have_no_headers() -> None:
    assert table.table(None, [CONFIG], NOW, headers=False)["columnDefinitions"] == []


def test_finished_pods_are_marked() -> None:
    pod = {"metadata": {"name": "p"}, "spec": {}, "status": {"phase": "Succeeded"}}
    row = table.table(builtin().by_kind("v1", "Pod"), [pod], NOW)["rows"][0]
    assert row["conditions"][0]["reason"] == "Succeeded"


def test_selectors_read_like_query_parameters() -> None:
    selector = {
        "matchLabels": {"b": "1"},
        "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["y", "x"]},
            {"key": "c", "operator": "DoesNotExist"},
        ],
    }
    assert table.selector(selector) == "a in (x,y),b=1,!c"
    assert table.selector({}) == "<none>"


def test_first_three() -> None:
    assert table.first_three(["1", "2"], "-") == "1,2"
    assert table.first_three(["1", "2", "3", "4", "5"], "-") == "1,2,3 + 2 more..."
    assert table.first_three([], "-") == "-"


def test_older_versions_differ_in_name_only() -> None:
    kind = builtin().by_kind("apps/v1", "DaemonSet")
    obj = {"metadata": {"name": "d", "annotations": {"deprecated.daemonset.template.generation": "1"}}}
    shown = table.in_version(table.table(kind, [obj], 0), "v1beta1")
    row = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1beta1", "metadata": {"name": "d"}}
    assert (shown["apiVersion"], shown["rows"][0]["object"]) == ("meta.k8s.io/v1beta1", row)
    assert table.in_version(table.partial_list([obj], {}, kind), "v1beta1")["items"] == [row]
    assert table.in_version(table.table(kind, [obj], 0, include="Object"), "v1beta1")["rows"][0]["object"] == obj
