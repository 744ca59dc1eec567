"""The form in which the real server shows some values."""

import json

from eachpod.model.internalform import in_memory


def test_a_claim() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}, "volumeMode": "Filesystem"}
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"labels": {"a": "b"}, "name": "data"}, "spec": spec}
    (shown,) = in_memory([{**claim, "status": {"phase": "Pending"}}], "PersistentVolumeClaim")
    text = json.dumps(shown, separators=(",", ":"))
    assert text.startswith('{"name":"data","labels":{"a":"b"},"Spec":{"AccessModes":["ReadWriteOnce"],"Selector":null,')
    assert '"Resources":{"Limits":null,"Requests":{"storage":"2Gi"}},"VolumeName":"","StorageClassName":null' in text
    assert '"Status":{"Phase":"Pending","AccessModes":null,"Capacity":null,' in text


def test_sources() -> None:
    source = {"apiGroup": "g", "kind": "K", "name": "n"}
    spec = in_memory({"spec": {"dataSource": source, "dataSourceRef": source}}, "PersistentVolumeClaim")["Spec"]
    assert spec["DataSource"] == {"APIGroup": "g", "Kind": "K", "Name": "n"}
    assert spec["DataSourceRef"] == {"APIGroup": "g", "Kind": "K", "Name": "n", "Namespace": None}


def test_what_is_absent() -> None:
    assert in_memory(None, "PersistentVolumeClaim") is None
    assert in_memory({}, "RollingUpdateStatefulSetStrategy") == {"Partition": 0, "MaxUnavailable": None}
