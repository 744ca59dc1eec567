"""Environment of a container: env, envFrom and where their values come from."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, invalid, not_supported, required
from eachpod.model.fieldrules import form, no_backsteps
from eachpod.model.objects import Object

_ENV_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
FILE_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
# Everything that can be named at all; a container's file or variable accepts fewer.
_KNOWN_FIELDS = frozenset((*_ENV_FIELDS, *FILE_FIELDS, "spec.restartPolicy", "status.phase", "spec.schedulerName"))
_RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_HUGE_PAGES = ("requests.hugepages-", "limits.hugepages-")
_SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


def validate_env(variables: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, variable in enumerate(variables):
        here = f"{path}[{index}]"
        name = variable.get("name")
        errors += form(names.variable, name, f"{here}.name") if name else [required(f"{here}.name")]
        source = variable.get("valueFrom")
        if source is not None:
            errors += _value_from(source, variable.get("value") or "", f"{here}.valueFrom")
    return errors


def _value_from(source: Object, value: str, path: str) -> list[FieldError]:
    present = [kind for kind in _SOURCES if source.get(kind) is not None]
    errors: list[FieldError] = []
    for kind in present:
        errors += _source(kind, source[kind], f"{path}.{kind}")
    if not present:
        text = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        errors.append(invalid(path, "", text))
    elif value:
        errors.append(invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(present) > 1:
        errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors


def _source(kind: str, source: Object, path: str) -> list[FieldError]:
    if kind == "fieldRef":
        return validate_field_ref(source, path, _ENV_FIELDS)
    if kind == "resourceFieldRef":
        return validate_resource_ref(source, path, in_volume=False)
    if kind == "fileKeyRef":
        return _file_key(source, path)
    key = source.get("key")
    errors = form(names.subdomain, source.get("name") or "", f"{path}.name")
    return errors + (form(names.config_key, key, f"{path}.key") if key else [required(f"{path}.key")])


def _file_key(source: Object, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for field, rule in (("key", names.variable), ("volumeName", names.label)):
        value = source.get(field)
        errors += form(rule, value, f"{path}.{field}") if value else [required(f"{path}.{field}")]
    where = source.get("path")
    return errors + (no_backsteps(where, f"{path}.path") if where else [required(f"{path}.path")])


def validate_field_ref(ref: Object, path: str, allowed: tuple[str, ...]) -> list[FieldError]:
    """A reference to a field of the pod itself."""
    version, field = ref.get("apiVersion") or "", ref.get("fieldPath") or ""
    if not version:
        return [required(f"{path}.apiVersion")]
    if not field:
        return [required(f"{path}.fieldPath")]
    if version != "v1":
        text = f"error converting fieldPath: unsupported pod version: {version}"
        return [invalid(f"{path}.fieldPath", field, text)]
    base, bracket, rest = field.partition("['")
    if bracket and rest.endswith("']"):
        return _subscripted(base, rest[:-2], path, field)
    if field not in _KNOWN_FIELDS:
        text = f"error converting fieldPath: field label not supported: {field}"
        return [invalid(f"{path}.fieldPath", field, text)]
    return [] if field in allowed else [not_supported(f"{path}.fieldPath", field, allowed)]


def _subscripted(base: str, subscript: str, path: str, field: str) -> list[FieldError]:
    if base == "metadata.annotations":
        return form(names.label_key, subscript.lower(), path)
    if base == "metadata.labels":
        return form(names.label_key, subscript, path)
    text = f"error converting fieldPath: field label does not support subscript: {field}"
    return [invalid(f"{path}.fieldPath", field, text)]


def validate_resource_ref(ref: Object, path: str, *, in_volume: bool) -> list[FieldError]:
    """A reference to what a container asks for or may use."""
    resource = ref.get("resource") or ""
    errors: list[FieldError] = []
    if in_volume and not ref.get("containerName"):
        errors.append(required(f"{path}.containerName"))
    elif not resource:
        errors.append(required(f"{path}.resource"))
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.append(not_supported(f"{path}.resource", resource, _RESOURCES))
    divisor = str(ref.get("divisor") or "0")
    return errors + (_divisor(resource, divisor, f"{path}.divisor") if divisor != "0" else [])


def _divisor(resource: str, divisor: str, path: str) -> list[FieldError]:
    _, _, what = resource.partition(".")
    if what == "cpu":
        if divisor not in ("1m", "1"):
            return [invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource")]
        return []
    shown = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}.get(what)
    if what.startswith("hugepages-"):
        shown = "hugepages"
    if shown is None or divisor in _SIZES:
        return []
    text = f"only divisor's values {', '.join(_SIZES)} are supported with the {shown} resource"
    return [invalid(path, resource, text)]


def validate_env_from(sources: list[Object], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, source in enumerate(sources):
        here = f"{path}[{index}]"
        if source.get("prefix"):
            errors += form(names.variable, source["prefix"], f"{here}.prefix")
        present = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        for kind in present:
            name = source[kind].get("name")
            where = f"{here}.{kind}.name"
            errors += form(names.subdomain, name, where) if name else [required(where)]
        if not present:
            errors.append(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(present) > 1:
            errors.append(invalid(path, "", "may not have more than one field specified at a time"))
    return errors
