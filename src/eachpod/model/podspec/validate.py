"""Validation of a whole pod spec, for Pods and templates alike."""

import re

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, duplicate, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form, one_of
from eachpod.model.metadata import validate_annotations, validate_labels
from eachpod.model.objects import Object

from .amounts import validate_overhead
from .containers import (
    Surroundings,
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from .placement import validate_affinity, validate_spread, validate_tolerations
from .podlevel import validate_pod_level
from .rules import containers
from .security import validate_host_users, validate_pod_security
from .volumes import validate_volumes

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MAX_INT32 = 2**31 - 1
_SEARCH = re.compile(r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*")
_SEARCH_FAULT = names.mismatch(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
    "start and end with an alphanumeric character",
    _SEARCH.pattern,
    "example.com",
)
# Names of other objects in a pod spec, with the form that each has.
_NAMES = (
    ("serviceAccountName", names.subdomain),
    ("nodeName", names.subdomain),
    ("hostname", names.label),
    ("subdomain", names.label),
    ("priorityClassName", names.subdomain),
    ("runtimeClassName", names.subdomain),
)


def validate_pod_spec(spec: Object, path: str, *, pod_name: str = "", is_pod: bool = False) -> list[FieldError]:
    """All faults of a pod spec. `pod_name` and `is_pod` are given for Pods only, where a few more rules hold."""
    errors: list[FieldError] = []
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is None:
        errors.append(required(f"{path}.terminationGracePeriodSeconds"))
    volumes, found = validate_volumes(spec.get("volumes") or [], pod_name, f"{path}.volumes")
    errors += found
    around = Surroundings(
        volumes=volumes,
        claims=frozenset(claim.get("name") or "" for claim in spec.get("resourceClaims") or ()),
        grace=grace,
        system=spec.get("os"),
        restart_policy=spec.get("restartPolicy") or "",
        host_users=spec.get("hostUsers") is not False,
    )
    errors += _resource_claims(spec.get("resourceClaims") or [], f"{path}.resourceClaims")
    regular = spec.get("containers") or []
    errors += validate_containers(regular, around, f"{path}.containers")
    if spec.get("initContainers"):
        errors += validate_init_containers(spec["initContainers"], regular, around, f"{path}.initContainers")
    if spec.get("ephemeralContainers"):
        errors += validate_ephemeral_containers(spec, around, f"{path}.ephemeralContainers")
    if spec.get("hostNetwork"):
        errors += _host_network(regular, f"{path}.containers", is_pod=is_pod)
    return errors + _settings(spec, path) + _rest(spec, path) + validate_pod_level(spec, f"{path}.resources")


def _settings(spec: Object, path: str) -> list[FieldError]:
    errors = one_of(spec.get("restartPolicy") or "", f"{path}.restartPolicy", _RESTART_POLICIES)
    errors += one_of(spec.get("dnsPolicy") or "", f"{path}.dnsPolicy", _DNS_POLICIES)
    errors += validate_labels(spec.get("nodeSelector"), f"{path}.nodeSelector")
    errors += validate_pod_security(spec, path)
    if spec.get("affinity"):
        errors += validate_affinity(spec["affinity"], f"{path}.affinity")
    if spec.get("dnsConfig") is not None or spec.get("dnsPolicy") == "None":
        errors += _dns_config(spec.get("dnsConfig"), spec.get("dnsPolicy") or "", f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        where = f"{path}.readinessGates[{index}].conditionType"
        errors += form(names.label_key, gate.get("conditionType") or "", where)
    errors += _scheduling_gates(spec.get("schedulingGates") or [], f"{path}.schedulingGates")
    if spec.get("topologySpreadConstraints"):
        errors += validate_spread(spec["topologySpreadConstraints"], f"{path}.topologySpreadConstraints")
    return errors + validate_host_users(spec, path) + _hostname_override(spec, path)


def _rest(spec: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for field, rule in _NAMES[:2]:
        if spec.get(field):
            errors += form(rule, spec[field], f"{path}.{field}")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _MAX_INT32:
        errors.append(invalid(f"{path}.activeDeadlineSeconds", deadline, names.in_range(1, _MAX_INT32)))
    for field, rule in _NAMES[2:4]:
        if spec.get(field):
            errors += form(rule, spec[field], f"{path}.{field}")
    if spec.get("tolerations"):
        errors += validate_tolerations(spec["tolerations"], f"{path}.tolerations")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        errors += _host_alias(alias, f"{path}.hostAliases[{index}]")
    for field, rule in _NAMES[4:]:
        if spec.get(field) or (field == "runtimeClassName" and spec.get(field) is not None):
            errors += form(rule, spec[field], f"{path}.{field}")
    if spec.get("preemptionPolicy") is not None:
        choices = ("PreemptLowerPriority", "Never")
        errors += one_of(spec["preemptionPolicy"], f"{path}.preemptionPolicy", choices)
    errors += validate_overhead(spec.get("overhead") or {}, f"{path}.overhead")
    return errors + (_system(spec, path) if spec.get("os") is not None else [])


def _resource_claims(claims: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, claim in enumerate(claims):
        here, name = f"{path}[{index}]", claim.get("name") or ""
        if not name:
            errors.append(required(f"{here}.name"))
        elif name in seen:
            errors.append(duplicate(f"{here}.name", name))
        else:
            errors += form(names.label, name, f"{here}.name")
        seen.add(name)
        given = [field for field in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(field) is not None]
        if len(given) > 1:
            text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            errors.append(invalid(here, claim, text))
        elif not given:
            text = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            errors.append(invalid(here, claim, text))
        for field in given:
            errors += form(names.subdomain, claim[field], f"{here}.{field}")
    return errors


def _host_network(regular: list[Object], path: str, *, is_pod: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    text = "must match `containerPort` when `hostNetwork` is true"
    for index, container in enumerate(regular):
        for at, port in enumerate(container.get("ports") or ()):
            host = port.get("hostPort") or 0
            if (is_pod or host) and host != (port.get("containerPort") or 0):
                errors.append(invalid(f"{path}[{index}].ports[{at}].hostPort", host, text))
    return errors


def _scheduling_gates(gates: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, gate in enumerate(gates):
        name = gate.get("name") or ""
        errors += form(names.label_key, name, f"{path}[{index}]")
        if name in seen:
            errors.append(duplicate(f"{path}[{index}]", name))
        seen.add(name)
    return errors


def _hostname_override(spec: Object, path: str) -> list[FieldError]:
    override = spec.get("hostnameOverride")
    if override is None:
        return []
    here = f"{path}.hostnameOverride"
    errors = [
        forbidden(here, f"may not be specified when {field} is true")
        for field in ("setHostnameAsFQDN", "hostNetwork")
        if spec.get(field)
    ]
    if len(override) > 64:
        errors.append(FieldError(here, "FieldValueTooLong", "Too long: may not be more than 64 bytes"))
    return errors + form(names.subdomain, override, here)


def _host_alias(alias: Object, path: str) -> list[FieldError]:
    errors = form(names.ip, alias.get("ip") or "", f"{path}.ip")
    for index, hostname in enumerate(alias.get("hostnames") or ()):
        errors += form(names.subdomain, hostname, f"{path}.hostnames[{index}]")
    return errors


def _dns_config(config: Object | None, policy: str, path: str) -> list[FieldError]:
    if policy == "None":
        if config is None:
            return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.get("nameservers"):
            text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [required(f"{path}.nameservers", text)]
    config = config or {}
    servers = config.get("nameservers") or []
    errors: list[FieldError] = []
    if len(servers) > 3:
        errors.append(invalid(f"{path}.nameservers", servers, "must not have more than 3 nameservers"))
    for index, server in enumerate(servers):
        errors += form(names.ip, server, f"{path}.nameservers[{index}]")
    errors += _searches(config.get("searches") or [], f"{path}.searches")
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.append(required(f"{path}.options[{index}]", "must not be empty"))
    return errors


def _searches(searches: list[str], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if len(searches) > 32:
        errors.append(invalid(path, searches, "must not have more than 32 search paths"))
    if len(" ".join(searches)) > 2048:
        text = "must not have more than 2048 characters (including spaces) in the search list"
        errors.append(invalid(path, searches, text))
    for index, search in enumerate(searches):
        name = search.removesuffix(".")
        if search == ".":
            continue
        if len(name) > names.SUBDOMAIN_LENGTH:
            text = f"must be no more than {names.SUBDOMAIN_LENGTH} characters"
            errors.append(invalid(f"{path}[{index}]", name, text))
        if not _SEARCH.fullmatch(name):
            errors.append(invalid(f"{path}[{index}]", name, _SEARCH_FAULT))
    return errors


_NOT_ON_WINDOWS = {
    "pod": ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"),
    "context": (
        "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls",
        "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
    ),
    "container": (
        "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
        "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
    ),
}  # fmt: skip


def _system(spec: Object, path: str) -> list[FieldError]:
    name = spec["os"].get("name") or ""
    if not name:
        return [required(f"{path}.os.name")]
    if name not in ("linux", "windows"):
        return [not_supported(f"{path}.os", name, ("linux", "windows"))]
    context = spec.get("securityContext") or {}
    if name == "linux":
        text = "windows options cannot be set for a linux pod"
        errors = [forbidden(f"{path}.securityContext.windowsOptions", text)] if context.get("windowsOptions") else []
        return errors + [
            forbidden(f"{here}.securityContext.windowsOptions", text)
            for here, container in containers(spec, path)
            if (container.get("securityContext") or {}).get("windowsOptions") is not None
        ]
    text = "cannot be set for a windows pod"
    errors = [
        forbidden(f"{path}.securityContext.{field}", text)
        for field in _NOT_ON_WINDOWS["context"]
        if context.get(field) is not None
    ]
    errors += [forbidden(f"{path}.{field}", text) for field in _NOT_ON_WINDOWS["pod"] if spec.get(field) is not None]
    return errors + [
        forbidden(f"{here}.securityContext.{field}", text)
        for here, container in containers(spec, path)
        for field in _NOT_ON_WINDOWS["container"]
        if (container.get("securityContext") or {}).get(field) is not None
    ]


def validate_template(template: Object, path: str) -> list[FieldError]:
    """A pod template: metadata without a name, and a pod spec."""
    meta = template.get("metadata") or {}
    errors = validate_labels(meta.get("labels"), f"{path}.labels")
    if meta.get("annotations"):
        errors += validate_annotations(meta["annotations"], f"{path}.annotations")
    spec = template.get("spec") or {}
    errors += validate_pod_spec(spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"))
    return errors
