"""What is wrong with a CronJob, in the words of the real server."""

from collections.abc import Callable
from typing import Any

import pytest

Refuse = Callable[..., None]

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"},
}

FAULTS = [
    ({"schedule": "", "jobTemplate": {"spec": {"template": TEMPLATE}}}, ["spec.schedule: Required value"]),
    (
        {"schedule": "* * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]'],
    ),
    (
        {"schedule": "61 * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
    ),
    (
        {"schedule": "TZ=UTC 1 * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.schedule: Invalid value: "TZ=UTC 1 * * * *": cannot use TZ or CRON_TZ in schedule, use'],
    ),
    (
        {"schedule": "@daily", "timeZone": "Nowhere/Land", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.timeZone: Invalid value: "Nowhere/Land": unknown time zone Nowhere/Land'],
    ),
    (
        {"schedule": "@daily", "timeZone": "Local", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in'],
    ),
    (
        {
            "schedule": "@hourly",
            "concurrencyPolicy": "Odd",
            "successfulJobsHistoryLimit": -1,
            "failedJobsHistoryLimit": -1,
            "startingDeadlineSeconds": -1,
            "jobTemplate": {"spec": {"template": TEMPLATE}},
        },
        [
            "spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
            'spec.concurrencyPolicy: Unsupported value: "Odd": supported values: "Allow", "Forbid", "Replace"',
            "spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
            "spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
        ],
    ),
    (
        {"schedule": "5-1 * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.schedule: Invalid value: "5-1 * * * *": beginning of range (5) beyond end of range (1): 5-1'],
    ),
    (
        {"schedule": "*/0 * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
        ['spec.schedule: Invalid value: "*/0 * * * *": step of range should be a positive number: */0'],
    ),
    (
        {"schedule": "@daily", "jobTemplate": {"spec": {"manualSelector": True, "template": TEMPLATE}}},
        ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), FAULTS)
def test_faults(refuse: Refuse, spec: dict[str, Any], expected: list[str]) -> None:
    refuse("batch/v1", "CronJob", {"spec": spec}, expected)


def test_the_template_is_warned_of_where_it_is_new_or_changed(of: Callable[..., Any]) -> None:
    kind = of("batch/v1", "CronJob").kind
    template = {"spec": {"terminationGracePeriodSeconds": -1}, "metadata": {"annotations": {}}}
    old = {"spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}}
    (told,) = kind.warnings(old, None)
    assert told.startswith("spec.jobTemplate.spec.template.spec.terminationGracePeriodSeconds: must be >= 0")
    assert kind.warnings(old, old) == []
    assert kind.warnings({"spec": {**old["spec"], "suspend": True}}, old) == [told]
    template["metadata"] = {"annotations": {"security.alpha.kubernetes.io/sysctls": ""}}
    assert kind.warnings(old, None)[0].startswith("spec.jobTemplate.spec.template.metadata.annotations[")
