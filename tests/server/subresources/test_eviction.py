"""Evictions: what budgets refuse and in which words, what they are charged, and what is told about the pod."""

from typing import Any

import pytest

from eachpod.client.client import Client
from eachpod.model.errors import Conflict, Forbidden, StatusError, TooManyRequests
from eachpod.model.objects import Object, condition, dig, revision, uid
from eachpod.model.resources import POD, PODDISRUPTIONBUDGET
from eachpod.server.subresources.eviction import charge

NOW = 1_800_000_000.0
READY = {"type": "Ready", "status": "True"}


def budget(spec: Object | None = None, generation: int = 1, **status: Any) -> Object:
    meta = {"name": "b", "generation": generation, "resourceVersion": "7"}
    return {"metadata": meta, "spec": spec or {}, "status": {"observedGeneration": 1, **status}}


def pod(*, ready: bool = True) -> Object:
    return {"metadata": {"name": "p"}, "status": {"conditions": [READY] if ready else []}}


def condition_of(reason: str, message: str) -> list[Object]:
    return [{"type": "DisruptionAllowed", "status": "False", "reason": reason, "message": message}]


NOT_NOW = "The disruption budget b does not allow evicting pods currently"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (
            {"desiredHealthy": 3, "currentHealthy": 3},
            "The disruption budget b needs 3 healthy pods and has 3 currently",
        ),
        ({"desiredHealthy": 3}, "The disruption budget b needs 3 healthy pods and has 0 currently"),
        ({"conditions": condition_of("SyncFailed", "why")}, f"{NOT_NOW} because it failed sync: why"),
        ({"currentHealthy": 4, "conditions": condition_of("Paused", "why")}, f"{NOT_NOW} (Paused): why"),
        ({"currentHealthy": 4, "conditions": condition_of("Paused", "")}, NOT_NOW),
        ({"currentHealthy": 4}, NOT_NOW),
    ],
)
def test_a_budget_says_why_it_allows_nothing(status: Object, told: str) -> None:
    with pytest.raises(TooManyRequests) as refused:
        charge(budget(**status), pod(), NOW)
    assert [cause["message"] for cause in refused.value.details["causes"]] == [told]
    assert "retryAfterSeconds" not in refused.value.details


def test_a_budget_that_was_not_looked_at_yet_asks_to_wait() -> None:
    with pytest.raises(TooManyRequests) as refused:
        charge(budget(generation=2, disruptionsAllowed=5), pod(), NOW)
    assert refused.value.details["retryAfterSeconds"] == 10


@pytest.mark.parametrize(("pending", "refused"), [(2000, False), (2001, True)])
def test_evictions_that_nobody_confirms_are_limited(pending: int, refused: bool) -> None:
    full = budget(disruptionsAllowed=1, disruptedPods={f"p{number}": "x" for number in range(pending)})
    if not refused:
        assert charge(full, pod(), NOW)
        return
    with pytest.raises(Forbidden, match="too many evictions not confirmed") as error:
        charge(full, pod(), NOW)
    assert str(error.value).startswith('poddisruptionbudget.policy "b" is forbidden: ')
    assert "too many pending evictions" in error.value.details["causes"][0]["message"]


def test_what_a_disruption_costs() -> None:
    charged = charge(budget(disruptionsAllowed=2), pod(), NOW)
    assert charged is not None
    assert charged["status"]["disruptionsAllowed"] == 1
    assert "conditions" not in charged["status"]
    last = charge(charged, {**pod(), "metadata": {"name": "q"}}, NOW)
    assert last is not None
    assert (last["status"]["disruptionsAllowed"], sorted(last["status"]["disruptedPods"])) == (0, ["p", "q"])
    allowed = condition(last, "DisruptionAllowed") or {}
    assert (allowed["status"], allowed["reason"], allowed["observedGeneration"]) == ("False", "InsufficientPods", 1)


@pytest.mark.parametrize(
    ("spec", "status", "free"),
    [
        ({"unhealthyPodEvictionPolicy": "AlwaysAllow"}, {}, True),
        ({}, {"currentHealthy": 2, "desiredHealthy": 2}, True),
        ({}, {"currentHealthy": 1, "desiredHealthy": 2}, False),
        ({}, {"currentHealthy": 0, "desiredHealthy": 0}, False),
    ],
)
def test_a_pod_that_is_not_ready_costs_nothing_where_the_rest_suffices(
    spec: Object, status: Object, free: bool
) -> None:
    if free:
        assert charge(budget(spec, **status), pod(ready=False), NOW) is None
        return
    with pytest.raises(TooManyRequests):
        charge(budget(spec, **status), pod(ready=False), NOW)


async def evict(client: Client, **options: Any) -> None:
    body = {"metadata": {"name": "a"}, "deleteOptions": options}
    await client.create(POD, body, "x", name="a", subresource="eviction")


@pytest.fixture(name="live")
async def _live(client: Client) -> Object:
    """A pod on a node, so that its deletion is graceful."""
    spec = {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}
    return await client.create(POD, {"metadata": {"name": "a", "namespace": "x", "labels": {"app": "a"}}, "spec": spec})


async def test_a_pod_says_that_it_is_evicted(client: Client, live: Object) -> None:
    await evict(client)
    left = await client.get(POD, "a", "x")
    assert left["metadata"]["deletionTimestamp"]
    target = condition(left, "DisruptionTarget") or {}
    assert (target["status"], target["reason"]) == ("True", "EvictionByEvictionAPI")
    await evict(client)
    again = condition(await client.get(POD, "a", "x"), "DisruptionTarget") or {}
    assert again["lastTransitionTime"] == target["lastTransitionTime"]


@pytest.mark.parametrize("wrong", [{"uid": "other"}, {"resourceVersion": "1"}])
async def test_another_pod_than_the_one_that_is_meant_is_left_alone(
    client: Client, live: Object, wrong: dict[str, str]
) -> None:
    with pytest.raises(Conflict, match="precondition"):
        await evict(client, preconditions=wrong)
    assert await client.get(POD, "a", "x") == live


async def test_the_pod_that_is_meant_goes(client: Client, live: Object) -> None:
    await evict(client, preconditions={"uid": uid(live), "resourceVersion": revision(live)})
    assert (await client.get(POD, "a", "x"))["metadata"]["deletionTimestamp"]


async def test_a_dry_run_changes_nothing(client: Client, live: Object) -> None:
    await evict(client, dryRun=["All"])
    assert await client.get(POD, "a", "x") == live


async def test_two_budgets_for_one_pod_are_one_too_many(client: Client, live: Object) -> None:
    await client.update(POD, {**live, "status": {"phase": "Running", "conditions": [READY]}}, "status")
    for name in ("b", "c"):
        spec = {"minAvailable": 0, "selector": {"matchLabels": {"app": "a"}}}
        await client.create(PODDISRUPTIONBUDGET, {"metadata": {"name": name, "namespace": "x"}, "spec": spec})
    with pytest.raises(StatusError, match="more than one PodDisruptionBudget"):
        await evict(client)
    assert not dig(await client.get(POD, "a", "x"), "metadata", "deletionTimestamp")
