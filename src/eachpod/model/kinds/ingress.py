"""Ingress and IngressClass."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form
from eachpod.model.kind import Cell, Kind
from eachpod.model.metadata import immutable
from eachpod.model.objects import Object, annotations, dig, name
from eachpod.model.resources import INGRESS, INGRESSCLASS
from eachpod.model.table import NONE, age, columns

_CLASS_NOTE = "kubernetes.io/ingress.class"
_DEFAULT_NOTE = "ingressclass.kubernetes.io/is-default-class"
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_STEPS = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS = ("/..", "/.")
_NAME_LENGTH = 250


def _prepare_create(obj: Object) -> Object:
    return {**obj, "status": {"loadBalancer": {}}}


def _validate(obj: Object) -> list[FieldError]:
    errors = _validate_spec(obj)
    noted, named = annotations(obj).get(_CLASS_NOTE), dig(obj, "spec", "ingressClassName")
    if noted is not None and named is not None and noted != named:
        text = "must match `ingressClassName` when both are specified"
        errors.append(invalid(f"annotations.{_CLASS_NOTE}", noted, text))
    return errors


def _validate_spec(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    rules, backend = spec.get("rules") or [], spec.get("defaultBackend")
    errors: list[FieldError] = []
    if not rules and backend is None:
        errors.append(invalid("spec", rules, "either `defaultBackend` or `rules` must be specified"))
    if backend is not None:
        errors += _backend(backend, "spec.defaultBackend")
    for index, rule in enumerate(rules):
        errors += _rule(rule, f"spec.rules[{index}]")
    for index, tls in enumerate(spec.get("tls") or ()):
        for at, host in enumerate(tls.get("hosts") or ()):
            errors += _host(host, f"spec.tls[{index}].hosts[{at}]")
        if tls.get("secretName"):
            errors += form(names.subdomain, tls["secretName"], f"spec.tls[{index}].secretName")
    if spec.get("ingressClassName") is not None:
        errors += form(names.subdomain, spec["ingressClassName"], "spec.ingressClassName")
    return errors


def _host(host: str, path: str) -> list[FieldError]:
    return form(names.wildcard_subdomain if "*" in host else names.subdomain, host, path)


def _rule(rule: Object, path: str) -> list[FieldError]:
    host, http = rule.get("host") or "", rule.get("http")
    errors: list[FieldError] = []
    if host:
        if names.parse_ip(host):
            errors.append(invalid(f"{path}.host", host, "must be a DNS name, not an IP address"))
        errors += _host(host, f"{path}.host")
    if http is None:
        return errors
    paths = http.get("paths") or []
    if not paths:
        errors.append(required(f"{path}.http.paths"))
    for index, entry in enumerate(paths):
        errors += _path(entry, f"{path}.http.paths[{index}]")
    return errors


def _path(entry: Object, path: str) -> list[FieldError]:
    kind, text = entry.get("pathType"), entry.get("path") or ""
    if kind is None:
        return [required(f"{path}.pathType", "pathType must be specified")]
    errors: list[FieldError] = []
    where = f"{path}.path"
    if kind not in _PATH_TYPES:
        errors.append(not_supported(f"{path}.pathType", kind, _PATH_TYPES))
    elif not text.startswith("/") and (text or kind != "ImplementationSpecific"):
        errors.append(invalid(where, text, "must be an absolute path"))
    if kind in ("Exact", "Prefix"):
        errors += [invalid(where, text, f"must not contain '{step}'") for step in _BAD_STEPS if step in text]
        errors += [invalid(where, text, f"cannot end with '{end}'") for end in _BAD_ENDS if text.endswith(end)]
    return errors + _backend(entry.get("backend") or {}, f"{path}.backend")


def _backend(backend: Object, path: str) -> list[FieldError]:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        return [invalid(path, "", "cannot set both resource and service backends")]
    if resource is not None:
        return _reference(resource, f"{path}.resource")
    if service is None:
        return [invalid(path, "", "resource or service backend is required")]
    target, port = service.get("name") or "", service.get("port") or {}
    where = f"{path}.service.name"
    errors = form(names.label, target, where) if target else [required(where)]
    word, number = port.get("name"), port.get("number")
    if word and number:
        errors.append(invalid(path, "", "cannot set both port name & port number"))
    elif word:
        errors += form(names.port_name, word, f"{path}.service.port.name")
    elif number:
        errors += [invalid(f"{path}.service.port.number", number, fault) for fault in names.port(number)]
    else:
        errors.append(required(path, "port name or number is required"))
    return errors


def _reference(reference: Object, path: str) -> list[FieldError]:
    group = reference.get("apiGroup")
    errors = form(names.subdomain, group, f"{path}.apiGroup") if group is not None else []
    for field in ("kind", "name"):
        value = reference.get(field)
        where = f"{path}.{field}"
        errors += form(names.path_segment, value, where) if value else [required(where)]
    return errors


def _validate_status(new: Object, old: Object) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, entry in enumerate(dig(new, "status", "loadBalancer", "ingress", default=())):
        path, host = f"status.loadBalancer.ingress[{index}]", entry.get("hostname")
        if entry.get("ip"):
            errors += form(names.ip, entry["ip"], f"{path}.ip")
        if host:
            errors += form(names.subdomain, host, f"{path}.hostname")
            if names.parse_ip(host):
                errors.append(invalid(f"{path}.hostname", host, "must be a DNS name, not an IP address"))
    return errors


def _warnings(new: Object, old: Object | None) -> list[str]:
    if old is None and _CLASS_NOTE in annotations(new) and dig(new, "spec", "ingressClassName") is None:
        return [f"annotation \"{_CLASS_NOTE}\" is deprecated, please use 'spec.ingressClassName' instead"]
    return []


def _row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    rules = spec.get("rules") or []
    hosts = ",".join(rule["host"] for rule in rules[:3] if rule.get("host"))
    if hosts and len(rules) > 3:
        hosts += f" + {len(rules) - 3} more..."
    found = {
        entry.get("ip") or entry.get("hostname") or ""
        for entry in dig(obj, "status", "loadBalancer", "ingress", default=())
    }
    return [
        name(obj),
        NONE if spec.get("ingressClassName") is None else spec["ingressClassName"],
        hosts or "*",
        ",".join(sorted(found - {""})),
        "80, 443" if spec.get("tls") else "80",
        age(obj, now),
    ]


def _default_class(obj: Object) -> Object:
    parameters = dig(obj, "spec", "parameters")
    if parameters is not None and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"
    return obj


def _validate_class(obj: Object) -> list[FieldError]:
    spec = obj.get("spec") or {}
    controller, parameters = spec.get("controller") or "", spec.get("parameters")
    errors = _controller(controller, "spec.controller")
    if parameters is None:
        return errors
    path = "spec.parameters"
    errors += _reference(parameters, path)
    scope, space = parameters.get("scope"), parameters.get("namespace")
    if scope not in ("Cluster", "Namespace"):
        errors.append(not_supported(f"{path}.scope", scope or "", ("Cluster", "Namespace")))
    elif scope == "Namespace":
        where = f"{path}.namespace"
        if space is None:
            errors.append(required(where, "`parameters.scope` is set to 'Namespace'"))
        else:
            errors += form(names.label, space, where)
    elif space is not None:
        errors.append(forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'"))
    return errors


def _controller(controller: str, path: str) -> list[FieldError]:
    if not controller:
        return [required(path)]
    host, _, rest = controller.partition("/")
    if not host or not rest:
        return [invalid(path, controller, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    errors = [invalid(path, host, fault) for fault in names.subdomain(host)]
    if len(controller) > _NAME_LENGTH:
        text = f"Too long: may not be more than {_NAME_LENGTH} bytes"
        errors.append(FieldError(path, "FieldValueTooLong", text))
    return errors


def _validate_class_update(new: Object, old: Object) -> list[FieldError]:
    changed = immutable(dig(new, "spec", "controller"), dig(old, "spec", "controller"), "spec.controller")
    return changed + _validate_class(new)


def _class_row(obj: Object, now: float) -> list[Cell]:
    spec = obj.get("spec") or {}
    parameters = spec.get("parameters")
    shown = NONE
    if parameters is not None:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") is not None else ""
        shown = f"{parameters.get('kind') or ''}{group}/{parameters.get('name') or ''}"
    default = " (default)" if annotations(obj).get(_DEFAULT_NOTE) == "true" else ""
    return [name(obj) + default, spec.get("controller") or "", shown, age(obj, now)]


KINDS = (
    Kind(
        INGRESS,
        prepare_create=_prepare_create,
        validate=_validate,
        validate_update=lambda new, old: _validate_spec(new),
        validate_status_update=_validate_status,
        warnings=_warnings,
        columns=columns("Class", "Hosts", "Address", "Ports", "Age"),
        row=_row,
        generation=True,
    ),
    Kind(
        INGRESSCLASS,
        default=_default_class,
        validate=_validate_class,
        validate_update=_validate_class_update,
        columns=columns("Controller", "Parameters", "Age"),
        row=_class_row,
        generation=True,
    ),
)
