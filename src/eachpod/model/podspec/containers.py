"""Containers: the rules of all kinds, then those of regular, init and ephemeral ones."""

from dataclasses import dataclass

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, not_found, not_supported, required
from eachpod.model.fieldrules import form, one_of
from eachpod.model.objects import Object

from .amounts import validate_resources
from .env import validate_env, validate_env_from
from .mounts import validate_mounts
from .probes import validate_lifecycle, validate_probes
from .security import validate_container_security
from .volumes import Volumes

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_INIT_ONLY = "may not be set for init containers without restartPolicy=Always"
_EPHEMERAL_FIELDS = frozenset((
    "name", "image", "command", "args", "workingDir", "env", "envFrom", "volumeMounts", "volumeDevices",
    "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext", "stdin", "stdinOnce",
    "tty", "targetContainerName",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of the pod a container's rules look at."""

    volumes: Volumes
    claims: frozenset[str]
    grace: int | None
    system: Object | None
    restart_policy: str
    host_users: bool


def validate_containers(containers: list[Object], around: Surroundings, path: str) -> list[FieldError]:
    if not containers:
        return [required(path)]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, container in enumerate(containers):
        here = f"{path}[{index}]"
        errors += _common(container, around, here)
        name = container.get("name") or ""
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        if container.get("lifecycle") is not None:
            errors += validate_lifecycle(container["lifecycle"], f"{here}.lifecycle", around.grace, around.system)
        errors += validate_probes(container, here, around.grace)
        errors += _restart(container, here)
    return errors + _host_ports(containers, path)


def validate_init_containers(
    containers: list[Object], regular: list[Object], around: Surroundings, path: str
) -> list[FieldError]:
    errors: list[FieldError] = []
    seen = {container.get("name") for container in regular}
    for index, container in enumerate(containers):
        here = f"{path}[{index}]"
        errors += _common(container, around, here) + _restart(container, here)
        name = container.get("name")
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        errors += _host_ports([container], path)
        errors += _init_only(container, around, here)
    return errors


def _init_only(container: Object, around: Surroundings, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if container.get("restartPolicy") == "Always":
        if container.get("lifecycle") is not None:
            errors += validate_lifecycle(container["lifecycle"], f"{path}.lifecycle", around.grace, around.system)
        return errors + validate_probes(container, path, around.grace)
    fields = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
    errors += [forbidden(f"{path}.{field}", _INIT_ONLY) for field in fields if container.get(field) is not None]
    text = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    for index, policy in enumerate(container.get("resizePolicy") or ()):
        if policy.get("restartPolicy") == "RestartContainer":
            errors.append(invalid(f"{path}.resizePolicy[{index}].restartPolicy", "RestartContainer", text))
    return errors


def validate_ephemeral_containers(spec: Object, around: Surroundings, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    others = {c.get("name") for kind in ("containers", "initContainers") for c in spec.get(kind) or ()}
    seen = set(others)
    for index, container in enumerate(spec.get("ephemeralContainers") or ()):
        here = f"{path}[{index}]"
        errors += _common(container, around, here)
        name, target = container.get("name"), container.get("targetContainerName")
        if name in seen:
            errors.append(duplicate(f"{here}.name", name))
        seen.add(name)
        if target and target not in others:
            errors.append(not_found(f"{here}.targetContainerName", target))
        text = "cannot be set for an Ephemeral Container"
        extra = (field for field, value in container.items() if field not in _EPHEMERAL_FIELDS and value)
        errors += [forbidden(f"{here}.{field}", text) for field in extra]
        for at, mount in enumerate(container.get("volumeMounts") or ()):
            fields = (field for field in ("subPath", "subPathExpr") if mount.get(field))
            errors += [forbidden(f"{here}.volumeMounts[{at}].{field}", text) for field in fields]
    return errors


def _common(container: Object, around: Surroundings, path: str) -> list[FieldError]:
    name = container.get("name") or ""
    errors = form(names.label, name, f"{path}.name") if name else [required(f"{path}.name")]
    if not container.get("image"):
        errors.append(required(f"{path}.image"))
    policy = container.get("terminationMessagePolicy") or ""
    errors += one_of(policy, f"{path}.terminationMessagePolicy", ("File", "FallbackToLogsOnError"))
    if container.get("ports"):
        errors += _ports(container["ports"], f"{path}.ports")
    if container.get("env"):
        errors += validate_env(container["env"], f"{path}.env")
    if container.get("envFrom"):
        errors += validate_env_from(container["envFrom"], f"{path}.envFrom")
    errors += validate_mounts(container, around.volumes, path)
    errors += one_of(container.get("imagePullPolicy") or "", f"{path}.imagePullPolicy", _PULL_POLICIES)
    if container.get("resources"):
        errors += validate_resources(container["resources"], around.claims, f"{path}.resources")
    if container.get("resizePolicy"):
        errors += _resize_policy(container["resizePolicy"], around.restart_policy, f"{path}.resizePolicy")
    context = container.get("securityContext")
    if context:
        errors += validate_container_security(context, f"{path}.securityContext", host_users=around.host_users)
    return errors


def _ports(ports: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{path}[{index}]"
        name, number, protocol = port.get("name"), port.get("containerPort"), port.get("protocol")
        if name:
            found = form(names.port_name, name, f"{here}.name")
            if not found and name in seen:
                found = [duplicate(f"{here}.name", name)]
            errors += found
            seen.add(name)
        if not number:
            errors.append(required(f"{here}.containerPort"))
        else:
            errors += [invalid(f"{here}.containerPort", number, fault) for fault in names.port(number)]
        if port.get("hostPort"):
            host = port["hostPort"]
            errors += [invalid(f"{here}.hostPort", host, fault) for fault in names.port(host)]
        errors += one_of(protocol, f"{here}.protocol", _PROTOCOLS)
    return errors


def _host_ports(containers: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for at, port in enumerate(container.get("ports") or ()):
            if port.get("hostPort"):
                key = f"{port.get('protocol')}/{port.get('hostIP') or ''}/{port['hostPort']}"
                if key in taken:
                    errors.append(duplicate(f"{path}[{index}].ports[{at}].hostPort", key))
                taken.add(key)
    return errors


def _resize_policy(policies: list[Object], restart_policy: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        resource, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if resource in seen:
            errors.append(duplicate(f"{path}[{index}]", resource))
        seen.add(resource)
        errors += one_of(resource, path, ("cpu", "memory"))
        errors += one_of(restart, path, ("NotRequired", "RestartContainer"))
        if restart_policy == "Never" and restart != "NotRequired":
            text = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            errors.append(invalid(path, restart, text))
    return errors


def _restart(container: Object, path: str) -> list[FieldError]:
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or []
    errors: list[FieldError] = []
    if policy is None:
        if rules:
            text = "must specify restartPolicy when restart rules are used"
            errors.append(required(f"{path}.restartPolicy", text))
    elif policy not in _RESTART_POLICIES:
        errors.append(not_supported(f"{path}.restartPolicy", policy, _RESTART_POLICIES))
    for index, rule in enumerate(rules):
        errors += _restart_rule(rule, f"{path}.restartPolicyRules[{index}]")
    return errors


def _restart_rule(rule: Object, path: str) -> list[FieldError]:
    actions, errors = ("Restart", "RestartAllContainers"), []
    if rule.get("action") not in actions:
        errors.append(not_supported(f"{path}.action", rule.get("action") or "", actions))
    codes = rule.get("exitCodes")
    if codes is None:
        errors.append(required(f"{path}.exitCodes", "must be specified"))
    elif codes.get("operator") not in ("In", "NotIn"):
        errors.append(not_supported(f"{path}.exitCodes.operator", codes.get("operator") or "", ("In", "NotIn")))
    return errors
