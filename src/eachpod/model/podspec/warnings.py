"""What a user should know about a pod that is accepted all the same.

Paths are those of the object that was sent: `spec...` for Pods, `spec.template.spec...` for templates.
"""

from collections.abc import Iterator
from typing import Any

from eachpod.model import names, quantity
from eachpod.model.addressforms import about_ip
from eachpod.model.objects import Object, dig

from .rules import containers
from .volumewarnings import volume_warnings

_OLD_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_OLD_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_TEXT = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_NULL_SELECTOR = "a null labelSelector results in matching no pod"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_warnings(meta: Object, spec: Object, root: str = "") -> list[str]:
    """`root` is empty for a Pod, `spec.template.` for a template."""
    here = f"{root}spec"
    found = [
        f"{here}.nodeSelector[{key}]: {_OLD_LABELS[key]}"
        for key in spec.get("nodeSelector") or ()
        if key in _OLD_LABELS
    ]
    found += _placement(spec, here)
    notes = meta.get("annotations") or {}
    found += [f"{root}metadata.annotations[{key}]: {text}" for key, text in _OLD_ANNOTATIONS.items() if key in notes]
    found += volume_warnings(spec.get("volumes") or (), f"{here}.volumes")
    found += _repeated(spec, here) + _fractions(spec.get("overhead") or {}, f"{here}.overhead")
    if _SECCOMP_POD in notes and not dig(spec, "securityContext", "seccompProfile"):
        found.append(f"{root}metadata.annotations[{_SECCOMP_POD}]: {_SECCOMP_TEXT}")
    for path, container in containers(spec, here):
        found += _container(container, path, notes, root)
        found += _app_armor(spec, container, notes, root) if root else []
    found += _ports(spec, here)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        found.append(f"{here}.terminationGracePeriodSeconds: {text}")
    return found + list(_null_selectors(spec, here)) + _addresses(spec, here)


def _placement(spec: Object, path: str) -> list[str]:
    found: list[str] = []
    node = dig(spec, "affinity", "nodeAffinity", default={})
    terms = [
        (f"{path}.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms[{at}]", term)
        for at, term in enumerate(dig(node, _REQUIRED, "nodeSelectorTerms", default=()))
    ]
    terms += [
        (f"{path}.affinity.nodeAffinity.{_PREFERRED}[{at}].preference", term.get("preference") or {})
        for at, term in enumerate(node.get(_PREFERRED) or ())
    ]
    for where, term in terms:
        for at, need in enumerate(term.get("matchExpressions") or ()):
            key = need.get("key")
            if key in _OLD_LABELS:
                found.append(f"{where}.matchExpressions[{at}].key: {key} is {_OLD_LABELS[key]}")
            if where.endswith(".preference"):  # required ones are refused for that
                found += _values(need, f"{where}.matchExpressions[{at}].values")
    for at, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        where, key = f"{path}.topologySpreadConstraints[{at}]", constraint.get("topologyKey")
        if key in _OLD_LABELS:
            found.append(f"{where}.topologyKey: {key} is {_OLD_LABELS[key]}")
        if constraint.get("labelSelector") is None:
            found.append(f"{where}.labelSelector: {_NULL_SELECTOR}")
    return found


def _values(need: Object, path: str) -> list[str]:
    return [
        f"{path}[{at}]: {value} is invalid, {fault}"
        for at, value in enumerate(need.get("values") or ())
        for fault in names.label_value(value)
    ]


def _repeated(spec: Object, path: str) -> list[str]:
    found: list[str] = []
    for field, key in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[Any] = set()
        for at, item in enumerate(spec.get(field) or ()):
            value = item.get(key) or ""
            if value in seen:
                found.append(f'{path}.{field}[{at}].{key}: duplicate {key} "{value}"')
            seen.add(value)
    found += [
        f'{path}.imagePullSecrets[{at}].name: invalid empty name ""'
        for at, item in enumerate(spec.get("imagePullSecrets") or ())
        if not item.get("name")
    ]
    return found


def _fractions(amounts: Object, path: str) -> list[str]:
    return [
        f'{path}[{name}]: fractional byte value "{amounts[name]}" is invalid, must be an integer'
        for name in ("memory", "ephemeral-storage")
        if name in amounts and quantity.parse(amounts[name]).denominator != 1
    ]


def _container(container: Object, path: str, notes: Object, root: str) -> list[str]:
    found: list[str] = []
    context, name = container.get("securityContext") or {}, container.get("name")
    if f"{_SECCOMP_CONTAINER}{name}" in notes and not context.get("seccompProfile"):
        found.append(f"{root}metadata.annotations[{_SECCOMP_CONTAINER}{name}]: {_SECCOMP_TEXT}")
    resources = container.get("resources") or {}
    by_name = [
        text
        for kind in ("limits", "requests")
        for text in _fractions(resources.get(kind) or {}, f"{path}.resources.{kind}")
    ]
    found += sorted(by_name, key=lambda text: "[ephemeral-storage]" in text)
    seen: set[Any] = set()
    for at, variable in enumerate(container.get("env") or ()):
        word, value = variable.get("name"), variable.get("value") or ""
        reference = f"$({word})"
        hides = variable.get("valueFrom") is not None or value == reference or reference not in value
        if word in seen and hides:
            text = f'hides previous definition of "{word}", which may be dropped when using apply'
            found.append(f"{path}.env[{at}]: {text}")
        seen.add(word)
    return found


def _app_armor(spec: Object, container: Object, notes: Object, root: str) -> list[str]:
    """Only of templates, and only where the pod's own profile does not say the same."""
    key = f"{_APP_ARMOR}{container.get('name')}"
    profile = dig(spec, "securityContext", "appArmorProfile")
    if key not in notes or dig(container, "securityContext", "appArmorProfile"):
        return []
    if profile and profile == _profile_of(notes[key]):
        return []
    return [f'{root}metadata.annotations[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead']


def _profile_of(annotation: str) -> Object:
    """The profile that an annotation names, {} where it names none."""
    known = {"unconfined": "Unconfined", "runtime/default": "RuntimeDefault"}.get(annotation)
    local = annotation.removeprefix("localhost/") if annotation.startswith("localhost/") else ""
    return {"type": "Localhost", "localhostProfile": local} if local else {"type": known} if known else {}


# As Go prints a port.
_PORT_FIELDS = (("name", ""), ("hostPort", 0), ("containerPort", 0), ("protocol", ""), ("hostIP", ""))


def _ports(spec: Object, path: str) -> list[str]:
    found: list[str] = []
    listed = [
        (f"{where}.ports[{at}]", port)
        for where, container in containers(spec, path)
        for at, port in enumerate(container.get("ports") or ())
    ]
    for where, port in listed:
        if port.get("hostIP") and not port.get("hostPort"):
            shown = " ".join(
                f"{field[:1].upper()}{field[1:]}:{port.get(field, absent)}" for field, absent in _PORT_FIELDS
            )
            found.append(f"{where}: hostIP set without hostPort: {{{shown}}}")
    if len(listed) < 2:
        return found
    earlier: dict[tuple[Any, Any], list[tuple[str, Object]]] = {}
    for where, port in listed:
        others = earlier.setdefault((port.get("containerPort"), port.get("protocol")), [])
        found += [text for other in others if (text := _clash(where, port, *other))]
        others.append((where, port))
    by_name: dict[str, str] = {}
    for where, port in listed:
        word = port.get("name")
        if word and word in by_name:
            other = by_name[word]
            text = f'duplicate port name "{word}" with {other}, services and probes that select ports by name will use '
            found.append(f"{where}: {text}{other}")
        elif word:
            by_name[word] = where
    return found


def _clash(where: str, port: Object, other_where: str, other: Object) -> str:
    ip, host = port.get("hostIP") or "", port.get("hostPort") or 0
    other_ip, other_host = other.get("hostIP") or "", other.get("hostPort") or 0
    if (ip, host) == (other_ip, other_host):
        return f"{where}: duplicate port definition with {other_where}"
    if not host or not other_host:
        return f"{where}: overlapping port definition with {other_where}"
    if host == other_host and bool(ip) != bool(other_ip):
        return f"{where}: dangerously ambiguous port definition with {other_where}"
    return ""


def _null_selectors(spec: Object, path: str) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = dig(spec, "affinity", kind, default={})
        here = f"{path}.affinity.{kind}"
        for at, term in enumerate(affinity.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{here}.{_REQUIRED}[{at}].labelSelector: {_NULL_SELECTOR}"
        for at, term in enumerate(affinity.get(_PREFERRED) or ()):
            if dig(term, "podAffinityTerm", "labelSelector") is None:
                yield f"{here}.{_PREFERRED}[{at}].podAffinityTerm.labelSelector: {_NULL_SELECTOR}"


def _addresses(spec: Object, path: str) -> list[str]:
    found: list[str] = []
    for at, server in enumerate(dig(spec, "dnsConfig", "nameservers", default=())):
        found += about_ip(f"{path}.dnsConfig.nameservers[{at}]", server)
    for at, alias in enumerate(spec.get("hostAliases") or ()):
        found += about_ip(f"{path}.hostAliases[{at}].ip", alias.get("ip") or "")
    return found


def template_warnings(new: Object, old: Object | None) -> list[str]:
    """Warnings about the template of a controller's object, where it is new or changed."""
    template = dig(new, "spec", "template", default={})
    if old is not None and dig(old, "spec") == dig(new, "spec"):
        return []
    return pod_warnings(template.get("metadata") or {}, template.get("spec") or {}, "spec.template.")
