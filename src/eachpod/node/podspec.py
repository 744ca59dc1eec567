"""Questions about a pod's spec that several parts of the agent ask."""

from eachpod.kit.ids import fnv1a_32
from eachpod.model.objects import Object, dig

# The annotation of a container in the runtime that tells which spec it was made from.
HASH = "io.kubernetes.container.hash"
RESOURCES = "eachpod.dev/resources"


def init_containers(pod: Object) -> list[Object]:
    found: list[Object] = dig(pod, "spec", "initContainers", default=[])
    return found


def regular_containers(pod: Object) -> list[Object]:
    found: list[Object] = dig(pod, "spec", "containers", default=[])
    return found


def ephemeral_containers(pod: Object) -> list[Object]:
    found: list[Object] = dig(pod, "spec", "ephemeralContainers", default=[])
    return found


def all_containers(pod: Object) -> list[Object]:
    return [*init_containers(pod), *regular_containers(pod), *ephemeral_containers(pod)]


def container(pod: Object, name: str) -> Object | None:
    return next((each for each in all_containers(pod) if each.get("name") == name), None)


def is_sidecar(init: Object) -> bool:
    """An init container that goes on beside the regular ones (KEP-753)."""
    return init.get("restartPolicy") == "Always"


def field_path(pod: Object, name: str) -> str:
    """How events name a container: spec.containers{web}."""
    for kind, of in (("containers", regular_containers), ("initContainers", init_containers)):
        if any(each.get("name") == name for each in of(pod)):
            return f"spec.{kind}{{{name}}}"
    return f"spec.ephemeralContainers{{{name}}}"


def host_network(pod: Object) -> bool:
    return bool(dig(pod, "spec", "hostNetwork", default=False))


def may_restart(pod: Object, spec: Object, exit_code: int) -> bool:
    """Whether a container that ended with `exit_code` starts again (restartPolicyRules before both policies)."""
    policy = spec.get("restartPolicy")
    if policy is not None:
        for rule in spec.get("restartPolicyRules") or []:
            if _matches(rule.get("exitCodes") or {}, exit_code):
                return bool(rule.get("action") == "Restart")
    policy = policy or dig(pod, "spec", "restartPolicy", default="Always")
    return bool(policy == "Always" or (policy == "OnFailure" and exit_code != 0))


def init_may_restart(pod: Object, spec: Object, exit_code: int) -> bool:
    """An init container that failed is tried again unless the pod never restarts."""
    if spec.get("restartPolicy") is not None:
        return may_restart(pod, spec, exit_code)
    return bool(dig(pod, "spec", "restartPolicy", default="Always") != "Never")


def _matches(codes: Object, exit_code: int) -> bool:
    inside = exit_code in (codes.get("values") or [])
    return inside if codes.get("operator") == "In" else not inside


def fingerprint(spec: Object) -> str:
    """Of what makes a running container wrong when it changes: name and image, as with the kubelet."""
    text = f"{spec.get('name')} {spec.get('image')}"
    return f"{fnv1a_32(text.encode()):x}"


def resources(spec: Object) -> Object:
    """What a container asks for and may use, without its claims to devices."""
    return {key: value for key, value in (spec.get("resources") or {}).items() if key != "claims"}


def grace_seconds(pod: Object) -> int:
    """The grace period of the pod's deletion, else of its spec; what is below zero counts as one second."""
    wanted = dig(pod, "metadata", "deletionGracePeriodSeconds")
    if wanted is None:
        wanted = dig(pod, "spec", "terminationGracePeriodSeconds", default=30)
    return max(int(wanted), 1)
