"""Server-side apply: what managers leave out, take over and may not take."""

from typing import Any

import pytest

from eachpod.model.patch import apply, fieldset, managers

SERVICE = "core/v1.Service"


def who(manager: str) -> Any:
    return {"manager": manager, "operation": "Apply", "apiVersion": "v1"}


def applied(live: Any, wanted: Any, manager: str, *, force: bool = False) -> Any:
    done = apply.applied(live, wanted, SERVICE, who(manager), force=force)
    if done.clashes:
        return [(clash.manager, fieldset.shown(clash.path)) for clash in done.clashes]
    return {**done.obj, "metadata": {**done.obj["metadata"], "managedFields": done.entries}}


def service(*ports: int, **spec: Any) -> Any:
    return {"metadata": {"name": "s"}, "spec": {"ports": [{"port": p} for p in ports], **spec}}


def test_what_a_manager_leaves_out_goes_and_what_others_own_stays() -> None:
    one = applied({"metadata": {"name": "s"}}, service(80, 81), "one")
    both = applied(one, service(81, 82), "two")
    assert [port["port"] for port in both["spec"]["ports"]] == [80, 81, 82]
    rest = applied(both, service(), "one")
    assert [port["port"] for port in rest["spec"]["ports"]] == [81, 82]


def test_conflicts_name_manager_and_field_and_can_be_forced() -> None:
    one = applied({"metadata": {"name": "s"}}, service(type="NodePort"), "one")
    other = service(type="ClusterIP")
    assert applied(one, other, "two") == [("one", ".spec.type")]
    forced = applied(one, other, "two", force=True)
    assert forced["spec"]["type"] == "ClusterIP"
    assert applied(forced, service(type="NodePort"), "one") == [("two", ".spec.type")]
    assert applied(one, service(type="NodePort"), "two")["spec"] == one["spec"]


def test_items_with_the_same_keys_are_refused() -> None:
    ports = [{"port": 1}, {"port": 1, "protocol": "TCP"}]
    with pytest.raises(fieldset.Unkeyed):
        applied({"metadata": {}, "spec": {"ports": [{"port": 9}]}}, {"metadata": {}, "spec": {"ports": ports}}, "one")


def test_a_key_that_is_left_out_counts_as_its_default() -> None:
    live = {"metadata": {}, "spec": {"ports": [{"port": 9}]}}
    made = applied(live, {"metadata": {}, "spec": {"ports": [{"name": "x"}]}}, "one")
    assert made["spec"]["ports"] == [{"port": 9}, {"name": "x"}]  # and validation says that the port is missing


def test_an_ordinary_write_takes_fields_over() -> None:
    one = applied({"metadata": {"name": "s"}}, service(80, type="NodePort"), "one")
    changed = {**one, "spec": {**one["spec"], "type": "ClusterIP"}}
    entries = managers.tracked(one, changed, SERVICE, {**who("kubectl"), "operation": "Update"})
    after = {**changed, "metadata": {**changed["metadata"], "managedFields": entries}}
    assert applied(after, service(80, type="NodePort"), "one") == [("kubectl", ".spec.type")]
