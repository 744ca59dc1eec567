"""Statuses that tell of several faults."""

from eachpod.model import errors
from eachpod.model.fielderrors import required
from eachpod.model.resources import POD


def test_a_fault_that_is_found_twice_is_told_once() -> None:
    refused = errors.invalid(POD, "p", [required("spec.a"), required("spec.a")])
    assert refused.message == 'Pod "p" is invalid: spec.a: Required value'
    assert len(refused.details["causes"]) == 1
