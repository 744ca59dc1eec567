"""Kubeconfig files: which server to talk to, and with what credentials.

Reading follows client-go's clientcmd for what a single context needs. What cannot be used (exec and auth-provider
plugins) is refused by name instead of being ignored, since a request without credentials fails far from the cause.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ReadFile = Callable[[Path], bytes]


class KubeconfigError(Exception):
    """The kubeconfig cannot be used; the text names the file and the field."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach an API server. `server` is an https or http URL, or `unix:///path` for a local socket."""

    server: str
    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = b""
    token: str = ""
    username: str = ""
    password: str = ""
    tls_server_name: str = ""
    insecure: bool = False
    namespace: str = "default"
    impersonate: str = ""


def load(path: str | Path, context: str = "") -> Access:
    """The access that a kubeconfig file gives; of `context`, or of its current context."""
    where = Path(path)
    try:
        text = where.read_bytes()
    except OSError as error:
        raise KubeconfigError(f"kubeconfig {where}: {error.strerror or error}") from None
    return parse(text, str(where), context, lambda file: (where.parent / file).read_bytes())


def parse(text: bytes, source: str, context: str, read: ReadFile) -> Access:
    """The access in the kubeconfig `text`. `source` names it in errors; `read` reads the files that it refers to."""
    try:
        config = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise KubeconfigError(f"kubeconfig {source}: not valid YAML: {reason}") from None
    if not isinstance(config, Mapping):
        raise KubeconfigError(f"kubeconfig {source}: not a kubeconfig: a mapping with kind Config was expected")
    wanted = context or config.get("current-context") or ""
    if not wanted:
        raise KubeconfigError(f"kubeconfig {source}: current-context is not set; set it or name a context")
    entry = _named(config, "contexts", "context", wanted, source)
    cluster = _named(config, "clusters", "cluster", str(entry.get("cluster") or ""), source)
    user_name = str(entry.get("user") or "")
    user = _named(config, "users", "user", user_name, source) if user_name else {}
    return _access(entry, cluster, user, _Fields(source, user_name, read))


def _named(config: Mapping[str, Any], section: str, member: str, name: str, source: str) -> Mapping[str, Any]:
    entries = config.get(section) or []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("name") == name:
            found = entry.get(member) or {}
            return found if isinstance(found, Mapping) else {}
    known = ", ".join(sorted(str(e.get("name")) for e in entries if isinstance(e, Mapping))) or "none"
    raise KubeconfigError(f'kubeconfig {source}: no {member} named "{name}" in {section} (there: {known})')


@dataclass(frozen=True, slots=True)
class _Fields:
    """Reads values that a kubeconfig holds either inline (base64) or as the name of a file."""

    source: str
    user: str
    read: ReadFile

    def data(self, section: Mapping[str, Any], field: str) -> bytes:
        inline = section.get(f"{field}-data")
        if inline:
            try:
                return base64.b64decode(inline, validate=True)
            except (binascii.Error, ValueError, TypeError):
                raise KubeconfigError(f"kubeconfig {self.source}: {field}-data is not base64") from None
        return self.file(section, field)

    def file(self, section: Mapping[str, Any], field: str) -> bytes:
        name = section.get(field)
        if not name:
            return b""
        try:
            return self.read(Path(str(name)))
        except OSError as error:
            reason = error.strerror or error
            raise KubeconfigError(f"kubeconfig {self.source}: {field} {name}: {reason}") from None


def _access(entry: Mapping[str, Any], cluster: Mapping[str, Any], user: Mapping[str, Any], fields: _Fields) -> Access:
    server = str(cluster.get("server") or "")
    if not server.startswith(("https://", "http://", "unix://")):
        raise KubeconfigError(f'kubeconfig {fields.source}: cluster server "{server}" is not an http(s) or unix URL')
    for plugin in ("exec", "auth-provider"):
        if user.get(plugin):
            raise KubeconfigError(
                f'kubeconfig {fields.source}: user "{fields.user}" needs {plugin}, which is not supported; '
                "use a client certificate or a token"
            )
    certificate, key = fields.data(user, "client-certificate"), fields.data(user, "client-key")
    if bool(certificate) != bool(key):
        missing = "client-key" if certificate else "client-certificate"
        raise KubeconfigError(f'kubeconfig {fields.source}: user "{fields.user}" has no {missing}')
    token = str(user.get("token") or "") or fields.file(user, "tokenFile").decode().strip()
    return Access(
        server=server.rstrip("/"),
        ca=fields.data(cluster, "certificate-authority"),
        certificate=certificate,
        key=key,
        token=token,
        username=str(user.get("username") or ""),
        password=str(user.get("password") or ""),
        tls_server_name=str(cluster.get("tls-server-name") or ""),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        namespace=str(entry.get("namespace") or "default"),
        impersonate=str(user.get("as") or ""),
    )
