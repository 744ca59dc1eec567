"""Probes and lifecycle hooks of a container."""

from eachpod.model import names
from eachpod.model.fielderrors import FieldError, forbidden, invalid, not_supported, required
from eachpod.model.fieldrules import form, non_negative, port_or_name
from eachpod.model.objects import Object

_TIMES = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOK_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
_SIGNALS_WINDOWS = ("SIGKILL", "SIGTERM")
_PLAIN_SIGNALS = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM "
    "TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
_REAL_TIME = [*(f"RTMIN+{n}" for n in range(1, 16)), *(f"RTMAX-{n}" for n in range(1, 15))]
_SIGNALS_LINUX = tuple(sorted(f"SIG{name}" for name in (*_PLAIN_SIGNALS.split(), *_REAL_TIME)))


def validate_probes(container: Object, path: str, grace: int | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(kind)
        if probe is not None:
            errors += _probe(kind, probe, f"{path}.{kind}", grace)
    return errors


def _probe(kind: str, probe: Object, path: str, grace: int | None) -> list[FieldError]:
    errors = _handler(probe, _PROBE_HANDLERS, path, grace) + non_negative(probe, path, *_TIMES)
    own_grace = probe.get("terminationGracePeriodSeconds")
    if own_grace is not None and own_grace <= 0:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", own_grace, "must be greater than 0"))
    if kind == "readinessProbe":
        if own_grace is not None:
            text = "must not be set for readinessProbes"
            errors.append(invalid(f"{path}.terminationGracePeriodSeconds", own_grace, text))
    elif probe.get("successThreshold") != 1:
        errors.append(invalid(f"{path}.successThreshold", probe.get("successThreshold") or 0, "must be 1"))
    return errors


def _handler(source: Object, kinds: tuple[str, ...], path: str, grace: int | None) -> list[FieldError]:
    present = [kind for kind in kinds if source.get(kind) is not None]
    if not present:
        return [required(path, "must specify a handler type")]
    errors = _action(present[0], source[present[0]], f"{path}.{present[0]}", grace)
    return errors + [forbidden(f"{path}.{kind}", "may not specify more than 1 handler type") for kind in present[1:]]


def _action(kind: str, action: Object, path: str, grace: int | None) -> list[FieldError]:
    if kind == "exec":
        return [] if action.get("command") else [required(f"{path}.command")]
    if kind == "httpGet":
        return _http_get(action, path)
    if kind == "sleep":
        seconds = action.get("seconds") or 0
        if grace is None or 0 <= seconds <= grace:
            return []
        text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        return [invalid(path, seconds, text)]
    port = action.get("port")
    return port_or_name(port if kind == "tcpSocket" else port or 0, f"{path}.port")


def _http_get(action: Object, path: str) -> list[FieldError]:
    errors = [] if action.get("path") else [required(f"{path}.path")]
    errors += port_or_name(action.get("port"), f"{path}.port")
    if action.get("scheme") not in ("HTTP", "HTTPS"):
        errors.append(not_supported(f"{path}.scheme", action.get("scheme") or "", ("HTTP", "HTTPS")))
    for header in action.get("httpHeaders") or ():
        errors += form(names.http_header, header.get("name") or "", f"{path}.httpHeaders")
    return errors


def validate_lifecycle(lifecycle: Object, path: str, grace: int | None, system: Object | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for kind in ("postStart", "preStop"):
        hook = lifecycle.get(kind)
        if hook is not None:
            errors += _handler(hook, _HOOK_HANDLERS, f"{path}.{kind}", grace)
    signal = lifecycle.get("stopSignal")
    return errors + (_stop_signal(signal, f"{path}.stopSignal", system) if signal else [])


def _stop_signal(signal: str, path: str, system: Object | None) -> list[FieldError]:
    if not system:
        return [forbidden(path, "may not be set for containers with empty `spec.os.name`")]
    known = {"windows": _SIGNALS_WINDOWS, "linux": _SIGNALS_LINUX}.get(system.get("name") or "", (signal,))
    return [] if signal in known else [not_supported(path, signal, known)]
