"""What a Job's status may say."""

from typing import Any

import pytest

from eachpod.model.kinds.jobstatus import validate_job_status

START, END = "2020-01-01T00:00:00Z", "2020-01-01T00:01:00Z"


def job(*conditions: str, suspend: bool = False, **status: Any) -> dict[str, Any]:
    held = [{"type": kind, "status": "True"} for kind in conditions]
    return {"spec": {"suspend": suspend}, "status": {"conditions": held, **status}}


DONE = job("SuccessCriteriaMet", "Complete", startTime=START, completionTime=END, succeeded=1)
LOST = job("FailureTarget", "Failed", startTime=START, failed=1)
RUNNING = job(startTime=START, active=2, ready=1)


@pytest.mark.parametrize("good", [job(), RUNNING, DONE, LOST])
def test_what_agrees(good: dict[str, Any]) -> None:
    assert validate_job_status(good, job()) == []
    assert validate_job_status(good, good) == []


def changed(obj: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {**obj, "status": {**obj["status"], **status}}


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (job(active=-1), "status.active: Invalid value: -1"),
        (job("FailureTarget", "Failed", "SuccessCriteriaMet", "Complete", startTime=START, completionTime=END),
         "cannot set Complete=True and Failed=true"),
        (job("SuccessCriteriaMet", "Complete", "FailureTarget", startTime=START, completionTime=END),
         "cannot set Complete=True and FailureTarget=true"),
        (job("Failed", startTime=START), "without the FailureTarget=true condition"),
        (job("Complete", startTime=START, completionTime=END), "without the SuccessCriteriaMet=true condition"),
        (job("SuccessCriteriaMet", "FailureTarget"), "cannot set SuccessCriteriaMet=True and FailureTarget=true"),
        (job(completionTime=END), "cannot set completionTime when there is no Complete=True"),
        (changed(DONE, completionTime=None), "completionTime is required for Complete jobs"),
        (changed(DONE, startTime=END, completionTime=START), "must be equal to or after `startTime`"),
        (changed(DONE, startTime=None), "startTime is required for finished job"),
        (changed(LOST, active=1), "active>0 is invalid for finished job"),
        (changed(LOST, terminating=1), "terminating>0 is invalid for finished job"),
        (changed(LOST, uncountedTerminatedPods={"failed": ["u"]}), "must be empty for finished job"),
        (job(active=1, ready=2), "cannot set more ready pods than active"),
    ],
)  # fmt: skip
def test_what_contradicts_itself(new: dict[str, Any], told: str) -> None:
    assert any(told in str(fault) for fault in validate_job_status(new, job()))


@pytest.mark.parametrize(
    ("new", "old", "told"),
    [
        (RUNNING, DONE, "cannot disable the terminal Complete=True condition"),
        (RUNNING, LOST, "cannot disable the terminal Failed=True condition"),
        (RUNNING, job("FailureTarget", startTime=START), "cannot disable the terminal FailureTarget=True condition"),
        (RUNNING, job("SuccessCriteriaMet", startTime=START), "cannot disable the SuccessCriteriaMet=True condition"),
        (job(succeeded=1), job(succeeded=2), "cannot decrease the succeeded counter"),
        (job(), job(failed=1), "cannot decrease the failed counter"),
        (job(startTime=END), RUNNING, "field is immutable for unsuspended job once set"),
    ],
)
def test_what_cannot_be_taken_back(new: dict[str, Any], old: dict[str, Any], told: str) -> None:
    assert [str(fault) for fault in validate_job_status(new, old) if told in str(fault)]


def test_a_suspended_job_may_start_anew() -> None:
    assert validate_job_status(job(startTime=END, suspend=True), job(startTime=START, suspend=True)) == []
