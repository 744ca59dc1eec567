"""The StatefulSet controller as tables: the pods there are on the left, what is planned on the right."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eachpod.controllers.plan import Confirm, Create, Delete, Emit, Patch, Plan, Together, Update
from eachpod.controllers.statefulset import CONTROLLER, claims, revisions
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object, dig, drop, put
from eachpod.model.podspec.template import default_template

MakeView = Callable[..., View]
KEY = Key("d", "web")
NOW = 1_000.0


def template(image: str = "v1") -> Object:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": image}]}}


def stateful_set(replicas: int = 3, **spec: Any) -> Object:
    status = spec.pop("status", {})
    meta = {
        "name": "web",
        "namespace": "d",
        "uid": "S",
        "generation": 1,
        "resourceVersion": "1",
        **spec.pop("meta", {}),
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    base = {
        "serviceName": "web",
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template(),
        "updateStrategy": rolling,
        "podManagementPolicy": "OrderedReady",
    }
    return {"metadata": meta, "spec": {**base, **spec}, "status": status}


def revision(image: str, number: int) -> Object:
    set_ = stateful_set(template=template(image))
    made = revisions.resolve({"apiVersion": "apps/v1", "kind": "StatefulSet", **set_}, [], {}).update
    return {**put(made, ("metadata", "uid"), f"r{number}"), "revision": number}


V1, V2 = revision("v1", 1), revision("v2", 2)
V1_NAME, V2_NAME = V1["metadata"]["name"], V2["metadata"]["name"]


def pod(number: int, state: str = "ready", at: str = V1_NAME, since: float = 0.0, owner: str = "S") -> Object:
    name = f"web-{number}"
    labels = {
        "app": "web",
        "controller-revision-hash": at,
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(number),
    }
    meta: Object = {"name": name, "namespace": "d", "uid": f"p{number}", "labels": labels}
    if owner:
        meta["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": owner, "controller": True}
        ]
    if state == "leaving":
        meta["deletionTimestamp"] = "1970-01-01T00:00:00Z"
    phase = {"pending": "Pending", "failed": "Failed", "succeeded": "Succeeded"}.get(state, "Running")
    minute, second = divmod(int(since), 60)
    ready = {
        "type": "Ready",
        "status": "True" if state in ("ready", "leaving") else "False",
        "lastTransitionTime": f"1970-01-01T00:{minute:02}:{second:02}Z",
    }
    return {"metadata": meta, "spec": {"containers": []}, "status": {"phase": phase, "conditions": [ready]}}


def decide(view_of: MakeView, set_: Object, pods: list[Object], revs: list[Object] | None = None, **more: Any) -> Plan:
    view = view_of(
        CONTROLLER,
        statefulsets=[set_],
        pods=pods,
        controllerrevisions=[V1] if revs is None else revs,
        **more,
    )
    return CONTROLLER.reconcile(view, KEY, NOW)


def changes(plan: Plan) -> Iterator[Any]:
    for step in plan.changes:
        if isinstance(step, Together):
            for group in step.groups:
                yield from group
        else:
            yield step


def acts(plan: Plan) -> list[str]:
    """`+web-0`, `-web-2` and so on; other kinds by kind."""
    told = []
    for change in changes(plan):
        match change:
            case Create(resource, obj):
                told.append(
                    f"+{obj['metadata']['name']}"
                    if resource.kind in ("Pod", "PersistentVolumeClaim")
                    else f"+{resource.kind}"
                )
            case Delete(resource, _, name):
                told.append(f"-{name}")
            case Update(resource, obj):
                told.append(f"={resource.kind}/{obj['metadata']['name']}")
            case Patch(resource, _, name):
                told.append(f"~{name}")
            case Confirm():
                told.append("?")
            case Emit(note):
                told.append(f"!{note.reason}")
    return told


PARALLEL = {"podManagementPolicy": "Parallel"}


@pytest.mark.parametrize(
    ("spec", "states", "expected"),
    [
        ({}, {}, ["+web-0"]),
        ({}, {0: "pending"}, []),
        ({}, {0: "unready"}, []),
        ({}, {0: "ready"}, ["+web-1"]),
        ({}, {0: "ready", 1: "ready", 2: "ready"}, []),
        ({}, {0: "ready", 2: "ready"}, ["+web-1"]),
        ({}, {0: "leaving", 1: "ready", 2: "ready"}, []),
        ({}, {0: "failed", 1: "ready"}, ["-web-0"]),
        ({}, {0: "succeeded"}, ["-web-0"]),
        (PARALLEL, {}, ["+web-0", "+web-1", "+web-2"]),
        (PARALLEL, {1: "unready"}, ["+web-0", "+web-2"]),
        # scaling down: the highest first, one at a time, and only while the rest is available
        ({"replicas": 1}, {0: "ready", 1: "ready", 2: "ready"}, ["-web-2"]),
        ({"replicas": 1}, {0: "ready", 1: "ready", 2: "leaving"}, []),
        ({"replicas": 1}, {0: "unready", 1: "ready", 2: "ready"}, []),
        ({"replicas": 1}, {0: "ready", 1: "unready", 2: "ready"}, ["-web-2"]),
        ({"replicas": 1}, {0: "ready", 1: "unready", 2: "unready"}, []),
        ({"replicas": 1}, {0: "ready", 1: "ready", 2: "unready"}, ["-web-2"]),
        ({"replicas": 0}, {0: "failed", 1: "succeeded"}, ["-web-1"]),
        ({"replicas": 1, **PARALLEL}, {0: "unready", 1: "ready", 2: "unready"}, ["-web-2", "-web-1"]),
        # ordinals that start later
        ({"ordinals": {"start": 5}, "replicas": 2}, {5: "ready"}, ["+web-6"]),
        ({"ordinals": {"start": 1}, "replicas": 2}, {0: "ready", 1: "ready", 2: "ready"}, ["-web-0"]),
    ],
)
def test_order(view_of: MakeView, spec: Any, states: dict[int, str], expected: list[str]) -> None:
    plan = decide(view_of, stateful_set(**spec), [pod(number, state) for number, state in states.items()])
    assert acts(plan) == expected


@pytest.mark.parametrize(
    ("strategy", "policy", "pods", "expected"),
    [
        ({"partition": 0}, {}, "111", ["-web-2"]),
        ({"partition": 0}, {}, "112", ["-web-1"]),
        ({"partition": 2}, {}, "111", ["-web-2"]),
        ({"partition": 2}, {}, "112", []),
        ({"partition": 0, "maxUnavailable": 2}, {}, "111", ["-web-2", "-web-1"]),
        ({"partition": 0, "maxUnavailable": "70%"}, {}, "111", ["-web-2", "-web-1"]),
        ({"partition": 0, "maxUnavailable": "1%"}, {}, "111", ["-web-2"]),
        # ordered: a broken pod of the old revision holds the rollout up; parallel: it is replaced first
        ({"partition": 0}, {}, "1u1", []),
        ({"partition": 0}, PARALLEL, "1u1", ["-web-1"]),
        ({"partition": 0}, PARALLEL, "uu1", ["-web-1", "-web-0"]),
        ({"partition": 0, "maxUnavailable": 2}, PARALLEL, "1u1", ["-web-1", "-web-2"]),
        ({"partition": 0}, PARALLEL, "11x", []),
    ],
)
def test_rolling_update(view_of: MakeView, strategy: Any, policy: Any, pods: str, expected: list[str]) -> None:
    """Pods: 1 and 2 are Ready at that revision, u is an unready one at 1, x an unready one at 2."""
    set_ = stateful_set(
        template=template("v2"),
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": strategy},
        status={"currentRevision": V1_NAME},
        **policy,
    )
    made = [pod(n, "unready" if c in "ux" else "ready", V2_NAME if c in "2x" else V1_NAME) for n, c in enumerate(pods)]
    assert acts(decide(view_of, set_, made, [V1, V2])) == expected


def test_on_delete_leaves_pods_and_brings_them_back_at_the_update_revision(view_of: MakeView) -> None:
    set_ = stateful_set(
        template=template("v2"), updateStrategy={"type": "OnDelete"}, status={"currentRevision": V1_NAME}
    )
    assert acts(decide(view_of, set_, [pod(0), pod(1), pod(2)], [V1, V2])) == []
    (create,) = changes(decide(view_of, set_, [pod(0), pod(2)], [V1, V2]))
    assert create.object["spec"]["containers"][0]["image"] == "v2"


def test_pods_below_the_partition_come_back_at_the_current_revision(view_of: MakeView) -> None:
    set_ = stateful_set(
        template=template("v2"),
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
        status={"currentRevision": V1_NAME},
    )
    (create,) = changes(decide(view_of, set_, [pod(1), pod(2)], [V1, V2]))
    assert create.object["spec"]["containers"][0]["image"] == "v1"
    assert create.object["metadata"]["labels"]["controller-revision-hash"] == V1_NAME


def test_a_pod_has_its_identity(view_of: MakeView) -> None:
    set_ = stateful_set(volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": {"x": 1}}])
    set_["spec"]["template"]["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    claim, made = list(changes(decide(view_of, set_, [])))[-2:]
    assert claim.object["metadata"] == {"name": "data-web-0", "namespace": "d", "labels": {"app": "web"}}
    spec, meta = made.object["spec"], made.object["metadata"]
    assert (meta["name"], meta["generateName"], spec["hostname"], spec["subdomain"]) == (
        "web-0",
        "web-",
        "web-0",
        "web",
    )
    assert meta["labels"]["apps.kubernetes.io/pod-index"] == "0"
    assert spec["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}},
        {"name": "tmp", "emptyDir": {}},
    ]
    assert made.telling.done.message == "Create Pod web-0 in StatefulSet web successful"
    assert claim.telling.done.message == "Create Claim data-web-0 Pod web-0 in StatefulSet web success"


def test_min_ready_seconds_waits_exactly(view_of: MakeView) -> None:
    set_ = stateful_set(minReadySeconds=10)
    plan = decide(view_of, set_, [pod(0, since=NOW - 7)])
    assert acts(plan) == []
    assert plan.requeue_after == 3
    assert acts(decide(view_of, set_, [pod(0, since=NOW - 10)])) == ["+web-1"]


def test_adoption_looks_at_the_live_set_first(view_of: MakeView) -> None:
    assert acts(decide(view_of, stateful_set(1), [pod(0, owner="")])) == ["?", "~web-0"]
    stranger = put(pod(0, owner=""), ("metadata", "name"), "web-x")
    assert acts(decide(view_of, stateful_set(0), [stranger])) == []
    relabelled = put(pod(0), ("metadata", "labels", "app"), "other")
    assert acts(decide(view_of, stateful_set(1), [relabelled]))[0] == "~web-0"


def test_a_set_that_is_deleted_only_counts(view_of: MakeView) -> None:
    set_ = stateful_set(3, meta={"deletionTimestamp": "x"})
    plan = decide(view_of, set_, [pod(0)])
    assert acts(plan) == []
    (status,) = plan.always
    assert isinstance(status, Update)
    assert status.object["status"]["replicas"] == 1


def test_a_leaving_set_makes_and_adopts_no_revision(view_of: MakeView) -> None:
    """The garbage collector takes away what a set deleted in the foreground owns; each deletion would wake the set."""
    set_ = stateful_set(0, meta={"deletionTimestamp": "x"})
    orphan = {**V2, "metadata": {**V2["metadata"], "ownerReferences": []}}
    for revs in ([], [orphan]):
        assert decide(view_of, set_, [], revs).changes == ()


def test_status_counts_and_completes(view_of: MakeView) -> None:
    set_ = stateful_set(template=template("v2"), status={"currentRevision": V1_NAME})
    (status, *_) = decide(view_of, set_, [pod(0), pod(1, "unready"), pod(2, "leaving", V2_NAME)], [V1, V2]).always
    assert isinstance(status, Update)
    assert status.object["status"] == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 2,
        "currentReplicas": 2,
        "currentRevision": V1_NAME,
        "updateRevision": V2_NAME,
        "collisionCount": 0,
        "availableReplicas": 2,
    }
    (status, *_) = decide(view_of, set_, [pod(n, at=V2_NAME) for n in range(3)], [V1, V2]).always
    assert isinstance(status, Update)
    assert status.object["status"]["currentRevision"] == V2_NAME


def test_equal_status_is_not_written(view_of: MakeView) -> None:
    first = decide(view_of, stateful_set(1), [pod(0)]).always[0]
    assert isinstance(first, Update)
    assert decide(view_of, first.object, [pod(0)]).always == ()


def test_rollback_brings_the_old_revision_to_the_front(view_of: MakeView) -> None:
    plan = decide(view_of, stateful_set(0), [], [V1, V2])
    (update,) = changes(plan)
    assert (update.object["metadata"]["name"], update.object["revision"]) == (V1_NAME, 3)


def test_another_spelling_is_no_new_revision(view_of: MakeView) -> None:
    old = put(V1, ("data", "spec", "template", "metadata", "creationTimestamp"), None)
    assert acts(decide(view_of, stateful_set(0), [], [old])) == []


@pytest.mark.parametrize(("missing", "rolls"), [("dnsPolicy", False), ("image", True)])
def test_a_field_that_the_server_had_no_default_for_is_no_new_revision(
    view_of: MakeView, missing: str, rolls: bool
) -> None:
    whole: Object = {"template": template("v1")}
    default_template(whole)
    set_ = stateful_set(0, template=whole["template"])
    old = put(V1, ("data", "spec", "template"), {**whole["template"], "$patch": "replace"})
    if missing == "image":
        old = put(old, ("data", "spec", "template", "spec", "containers"), [{"name": "a", "image": "v0"}])
    else:
        old = drop(old, ("data", "spec", "template", "spec", missing))
    assert bool(acts(decide(view_of, set_, [], [old]))) is rolls


def test_pods_whose_number_no_set_gives_are_not_counted(view_of: MakeView) -> None:
    beyond = pod(2**31)
    for leaving, replicas in ((False, 1), (True, 2)):
        meta = {"deletionTimestamp": "x"} if leaving else {}
        (write, *_) = decide(view_of, stateful_set(1, meta=meta), [pod(0), beyond]).always
        assert isinstance(write, Update)
        assert write.object["status"]["replicas"] == replicas


def test_collision_takes_another_name(view_of: MakeView) -> None:
    taken = {**V1, "data": {"spec": {}}}
    taken["metadata"] = {**V1["metadata"], "ownerReferences": [{"uid": "else", "controller": True}]}
    plan = decide(view_of, stateful_set(0), [], [taken])
    (create,) = changes(plan)
    assert create.object["metadata"]["name"] != V1_NAME
    assert isinstance(plan.always[0], Update)
    assert plan.always[0].object["status"]["collisionCount"] == 1


def test_history_keeps_what_is_in_use_and_the_newest(view_of: MakeView) -> None:
    old = [revision(f"v{n}", n) for n in range(3, 9)]
    set_ = stateful_set(
        1, template=template("v8"), revisionHistoryLimit=2, status={"currentRevision": old[5]["metadata"]["name"]}
    )
    used = old[0]["metadata"]["name"]
    plan = decide(view_of, set_, [pod(0, at=used)], old)
    gone = [change.name for change in plan.always if isinstance(change, Delete)]
    assert gone == [old[1]["metadata"]["name"], old[2]["metadata"]["name"]]


RETENTION = {
    ("Retain", "Retain"): ((False, False), (False, False)),
    ("Delete", "Retain"): ((True, False), (True, False)),
    ("Retain", "Delete"): ((False, False), (False, True)),
    ("Delete", "Delete"): ((True, False), (False, True)),
}


@pytest.mark.parametrize(("policy", "owners"), RETENTION.items())
@pytest.mark.parametrize("start", [(), ("S",), ("p1",), ("S", "p1")])
def test_claims_get_the_owners_of_their_policy(policy: Any, owners: Any, start: tuple[str, ...]) -> None:
    """From any owners before; set or pod, for a pod that stays and for one that is condemned."""
    deleted, scaled = policy
    for condemned in (False, True):
        set_ = stateful_set(
            1 if condemned else 3,
            volumeClaimTemplates=[{"metadata": {"name": "data"}}],
            persistentVolumeClaimRetentionPolicy={"whenDeleted": deleted, "whenScaled": scaled},
        )
        set_ = {"apiVersion": "apps/v1", "kind": "StatefulSet", **set_}
        member = {"apiVersion": "v1", "kind": "Pod", **pod(1)}
        named = {"S": set_, "p1": member}
        refs = [claims.controller_reference(named[uid]) for uid in start]
        claim = {"metadata": {"name": "data-web-1", "namespace": "d", "ownerReferences": refs}}
        after = claims.with_owners(claim, set_, member)
        uids = {ref["uid"] for ref in after["metadata"]["ownerReferences"]}
        assert ("S" in uids, "p1" in uids) == owners[condemned]
        assert claims.ownership_matches(set_, member, {"data-web-1": after})
        again = claims.with_owners(after, set_, member)
        assert dig(again, "metadata", "ownerReferences") == dig(after, "metadata", "ownerReferences")


def test_a_new_pod_waits_for_a_claim_that_goes_with_the_old_one(view_of: MakeView) -> None:
    set_ = stateful_set(
        1,
        volumeClaimTemplates=[{"metadata": {"name": "data"}}],
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Delete"},
    )
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "web-0", "uid": "before", "controller": True}
    claim = {"metadata": {"name": "data-web-0", "namespace": "d", "ownerReferences": [owner]}}
    assert acts(decide(view_of, set_, [], persistentvolumeclaims=[claim])) == []


def test_a_new_set_waits_for_a_claim_that_goes_with_the_old_one(view_of: MakeView) -> None:
    """A set deleted and made again at once: its pods must not run on what is about to be deleted."""
    set_ = stateful_set(
        1,
        volumeClaimTemplates=[{"metadata": {"name": "data"}}],
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete", "whenScaled": "Retain"},
    )
    set_ |= {"apiVersion": "apps/v1", "kind": "StatefulSet"}
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "before", "controller": True}
    claim = {"metadata": {"name": "data-web-0", "namespace": "d", "ownerReferences": [owner]}}
    assert acts(decide(view_of, set_, [], persistentvolumeclaims=[claim])) == []
    claim["metadata"]["ownerReferences"] = [{**owner, "uid": "S"}]
    assert acts(decide(view_of, set_, [], persistentvolumeclaims=[claim])) == ["+web-0"]


def test_a_claim_that_is_deleted_holds_its_pod_up_and_says_so(view_of: MakeView) -> None:
    set_ = stateful_set(1, volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    claim = {"metadata": {"name": "data-web-0", "namespace": "d", "deletionTimestamp": "x"}}
    (emit,) = changes(decide(view_of, set_, [], persistentvolumeclaims=[claim]))
    text = "Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted"
    assert (emit.note.reason, emit.note.message) == ("FailedCreate", text)


def asked(name: str, **spec: Any) -> Object:
    return stateful_set(1, meta={"annotations": {f"eachpod.dev/{name}": "true"}}, **spec)


def headless(**spec: Any) -> Object:
    return {
        "metadata": {"name": "web", "namespace": "d"},
        "spec": {"clusterIP": "None", "selector": {"app": "web"}, **spec},
    }


def status_of(plan: Plan) -> Object:
    (update,) = (change for change in plan.always if isinstance(change, Update))
    return dict(update.object["status"])


@pytest.mark.parametrize(
    ("spec", "services", "reason"),
    [
        ({}, [headless()], "Named"),
        ({}, [headless(selector=None)], "Named"),
        ({}, [], "NoGoverningService"),
        ({"serviceName": ""}, [headless()], "NoGoverningService"),
        ({}, [headless(clusterIP="10.0.0.1")], "ServiceNotHeadless"),
        ({}, [headless(selector={"app": "else"})], "SelectorMismatch"),
    ],
)
def test_it_says_why_pods_have_no_names(view_of: MakeView, spec: Any, services: list[Object], reason: str) -> None:
    plan = decide(view_of, asked("explain", **spec), [pod(0)], services=services)
    named = {c["type"]: c for c in status_of(plan)["conditions"]}["eachpod.dev/Named"]
    assert (named["reason"], named["status"]) == (reason, "True" if reason == "Named" else "False")
    assert acts(plan) == ([] if reason == "Named" else [f"!{reason}"])
    told = put(asked("explain", **spec), ("status",), status_of(plan))
    assert acts(decide(view_of, told, [pod(0)], services=services)) == []


def test_it_says_what_it_waits_for_and_keeps_what_others_say(view_of: MakeView) -> None:
    foreign = {"type": "Foreign", "status": "True"}
    set_ = asked("explain", status={"conditions": [foreign]})
    waiting = status_of(decide(view_of, set_, [pod(0, "unready")], services=[headless()]))["conditions"]
    assert waiting[0] == foreign
    assert waiting[1]["message"] == "pod web-0 is not Running and Ready"
    silent = put(stateful_set(1), ("status",), {"conditions": waiting})
    assert status_of(decide(view_of, silent, [pod(0, "unready")]))["conditions"] == [foreign]


def test_names_that_are_too_long_are_found(view_of: MakeView) -> None:
    from eachpod.controllers.statefulset.explain import diagnose

    assert diagnose(put(stateful_set(), ("metadata", "name"), "x" * 52), headless()) is None
    found = diagnose(put(stateful_set(), ("metadata", "name"), "x" * 53), headless())
    assert found is not None
    assert found.message.startswith("the name of the set is 1 characters too long")


@pytest.mark.parametrize(
    ("set_", "reason", "at", "expected"),
    [
        (asked("replace-broken-pods"), "ImagePullBackOff", V2_NAME, ["-web-0"]),
        (asked("replace-broken-pods"), "CrashLoopBackOff", V2_NAME, ["-web-0"]),
        (asked("replace-broken-pods"), "ContainerCreating", V2_NAME, []),
        (asked("replace-broken-pods"), "ImagePullBackOff", V1_NAME, []),
        (asked("replace-broken-pods", updateStrategy={"type": "OnDelete"}), "ImagePullBackOff", V2_NAME, []),
        (stateful_set(1), "ImagePullBackOff", V2_NAME, []),
    ],
)
def test_a_broken_pod_is_replaced_when_asked(
    view_of: MakeView, set_: Object, reason: str, at: str, expected: list[str]
) -> None:
    """The template is v1 again; the pod is at `at`."""
    broken = pod(0, "pending", at)
    broken["status"]["containerStatuses"] = [{"state": {"waiting": {"reason": reason}}}]
    newest = {**V1, "revision": 3}
    assert acts(decide(view_of, set_, [broken], [V2, newest])) == expected
