"""How repeated events become one, and a flood of them is cut off."""

from typing import Any

from eachpod.client.correlate import Correlator, Note, Record

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-0", "namespace": "d", "uid": "u1"}}


def tell(correlator: Correlator, message: str, now: float, obj: dict[str, Any] = POD) -> Record:
    record = correlator.observe(Note(obj, "Pulled", message), now)
    assert record is not None
    return record


def test_first_is_created_with_the_fields_of_client_go() -> None:
    record = tell(Correlator("kubelet", "n1"), "m", 1.5)
    assert record.patch is None
    assert record.name == f"web-0.{1_500_000_000:x}"
    event = record.fresh
    assert event["involvedObject"] == {
        "kind": "Pod",
        "namespace": "d",
        "name": "web-0",
        "uid": "u1",
        "apiVersion": "v1",
    }
    assert event["source"] == {"component": "kubelet", "host": "n1"}
    assert (event["count"], event["type"], event["firstTimestamp"]) == (1, "Normal", "1970-01-01T00:00:01Z")
    assert (event["reportingComponent"], event["reportingInstance"], event["eventTime"]) == ("kubelet", "n1", None)


def test_repetition_counts_on_the_same_event() -> None:
    correlator = Correlator("c")
    first = tell(correlator, "m", 1)
    again = tell(correlator, "m", 5)
    assert again.name == first.name
    assert again.patch == {"count": 2, "lastTimestamp": "1970-01-01T00:00:05Z", "message": "m"}
    assert again.fresh["firstTimestamp"] == "1970-01-01T00:00:01Z"


def test_names_differ_under_a_standing_clock() -> None:
    correlator = Correlator("c")
    assert tell(correlator, "a", 1).name != tell(correlator, "b", 1).name


def test_ten_different_messages_become_one_combined_event() -> None:
    correlator = Correlator("c")
    records = [tell(correlator, f"m{n}", n) for n in range(12)]
    assert [r.patch is None for r in records] == [True] * 10 + [False] * 2
    assert records[9].fresh["message"] == "(combined from similar events): m9"
    assert records[11].name == records[9].name
    assert records[11].patch is not None
    assert records[11].patch["count"] == 3


def test_similar_messages_far_apart_stay_apart() -> None:
    correlator = Correlator("c")
    messages = [tell(correlator, f"m{n}", n * 700).fresh["message"] for n in range(12)]
    assert messages == [f"m{n}" for n in range(12)]


def test_a_flood_about_one_object_is_cut_off_and_comes_back_slowly() -> None:
    correlator = Correlator("c")
    told = [correlator.observe(Note(POD, "R", "m"), 0) for _ in range(30)]
    assert sum(record is not None for record in told) == 25
    assert correlator.observe(Note(POD, "R", "m"), 299) is None
    assert correlator.observe(Note(POD, "R", "m"), 601) is not None
    other = {**POD, "metadata": {"name": "web-1", "namespace": "d", "uid": "u2"}}
    assert correlator.observe(Note(other, "R", "m"), 0) is not None


def test_cluster_scoped_objects_have_their_events_in_default() -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    record = tell(Correlator("c"), "m", 1, node)
    assert record.namespace == "default"
    assert record.fresh["involvedObject"] == {"kind": "Node", "name": "n1", "apiVersion": "v1"}
