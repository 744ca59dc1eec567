"""Where on which node a request goes: objects in, an address and a path out, or the error that the client sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlencode

from eachpod.kit.hostport import bracketed
from eachpod.model import errors
from eachpod.model.objects import Object, annotations, dig, labels, name, namespace
from eachpod.model.resources import ENDPOINTSLICE, NODE, POD, SERVICE
from eachpod.model.wellknown import AGENT_ENDPOINT, SERVICE_NAME, SIMULATED
from eachpod.server.context import View
from eachpod.server.requestinfo import Query, RequestInfo, flag, text

from .logoptions import check_log_options

STREAMING = ("exec", "attach", "portforward")
NODE_PARTS = ("log", "proxy", *STREAMING)
_KUBELET_PORT = 10250
_KUBELET_STREAMS = {"stdin": "input", "stdout": "output", "stderr": "error", "tty": "tty"}
_ADDRESS_TYPES = ("InternalIP", "ExternalIP", "Hostname")


@dataclass(frozen=True, slots=True)
class Target:
    """A node agent's host and port, and the request's path there.

    `answers_text`: the agent refuses in a plain sentence, which is to reach the client as a Status. `scheme`: "" for an
    agent, which is asked over TLS with the cluster's certificates; else how a pod itself is asked.
    """

    host: str
    port: int
    path: str
    answers_text: bool = False
    scheme: str = ""


def agent_of(node: Object) -> tuple[str, int]:
    """Where a node's agent listens: where it says that the API server reaches it, else on the node's address."""
    given = annotations(node).get(AGENT_ENDPOINT)
    if given:
        host, _, port = given.rpartition(":")
        return host.strip("[]"), int(port)
    port = dig(node, "status", "daemonEndpoints", "kubeletEndpoint", "Port", default=_KUBELET_PORT)
    for kind in _ADDRESS_TYPES:
        for address in dig(node, "status", "addresses", default=[]):
            if address.get("type") == kind:
                return address["address"], int(port)
    raise errors.InternalError(f'Internal error occurred: no address of node "{name(node)}" is known')


def find_target(info: RequestInfo, query: Query, view: View) -> Target | None:
    """None where there is nothing to ask yet: the log of a pod without a node is empty."""
    if info.resource == "nodes":
        return _node_proxy(info, query, view)
    if info.resource == "services":
        return _service_proxy(info, query, view)
    if info.subresource == "log":
        check_log_options(info.name, query)
    pod_name = _proxied(info.name)[1] if info.subresource == "proxy" else info.name
    pod = view.get(POD, pod_name, info.namespace)
    if pod is None:
        raise errors.not_found(POD, pod_name)
    if info.subresource == "proxy":
        return _pod_proxy(info, query, pod, view)
    node_name = dig(pod, "spec", "nodeName")
    container = "" if info.subresource == "portforward" else container_of(pod, text(query, "container"))
    if not node_name:
        if info.subresource == "log":
            return None
        raise errors.BadRequest(f"pod {name(pod)} does not have a host assigned")
    host, port = agent_of(_node(node_name, view))
    where = f"{quote(namespace(pod))}/{quote(name(pod))}"
    if info.subresource == "log":
        return Target(host, port, f"/containerLogs/{where}/{quote(container)}{_encoded(query)}", answers_text=True)
    if info.subresource == "portforward":
        return Target(host, port, f"/portForward/{where}{_encoded(query)}")
    return Target(host, port, f"/{info.subresource}/{where}/{quote(container)}{_encoded(_streams(query))}")


def _streams(query: Query) -> Query:
    """What a client asks of exec and attach, in the words of a kubelet."""
    wanted: Query = {word: "1" for name, word in _KUBELET_STREAMS.items() if flag(query, name)}
    return {**{key: value for key, value in query.items() if key not in _KUBELET_STREAMS}, **wanted}


def _node(node_name: str, view: View) -> Object:
    node = view.get(NODE, node_name)
    if node is None:
        raise errors.not_found(NODE, node_name)
    if labels(node).get(SIMULATED) == "true" and not annotations(node).get(AGENT_ENDPOINT):
        # Its addresses belong to nobody here; who has them elsewhere must not be dialled.
        raise errors.InternalError(f'Internal error occurred: node "{node_name}" is simulated and serves no requests')
    return node


def _encoded(query: Query, skip: Sequence[str] = ("container",)) -> str:
    pairs = [(key, value) for key, value in query.items() if key not in skip]
    return f"?{urlencode(pairs, doseq=True)}" if pairs else ""


def container_of(pod: Object, wanted: str) -> str:
    """The container that a request is about; the only one where it does not say."""
    spec = pod.get("spec") or {}
    own, init, debug = (_names(spec, kind) for kind in ("containers", "initContainers", "ephemeralContainers"))
    if wanted:
        if wanted not in own + init + debug:
            raise errors.BadRequest(f"container {wanted} is not valid for pod {name(pod)}")
        return wanted
    if len(own) == 1:
        return own[0]
    message = f"a container name must be specified for pod {name(pod)}, choose one of: [{' '.join(init + own)}]"
    if debug:
        message += f" or one of the ephemeral containers: [{' '.join(debug)}]"
    raise errors.BadRequest(message)


def _names(spec: Object, kind: str) -> list[str]:
    return [container["name"] for container in spec.get(kind) or ()]


def _proxied(text_: str) -> tuple[str, str, str]:
    """Scheme, name and port of `[https:]NAME[:PORT]`."""
    parts = text_.split(":")
    if len(parts) == 3:
        return parts[0] or "http", parts[1], parts[2]
    if len(parts) == 2:
        return "http", parts[0], parts[1]
    return "http", parts[0], ""


def _through(node: Object, scheme: str, address: str, port: int, rest: str) -> Target:
    """By the node's agent where it is one of ours: only it has a way to the pods. A kubelet passes nothing on to pods,
    which then have to be within reach."""
    if AGENT_ENDPOINT not in annotations(node):
        return Target(_outside(address), port, rest, scheme=scheme)
    host, agent_port = agent_of(node)
    shown = bracketed(address)
    return Target(host, agent_port, f"/proxy/{scheme}/{shown}/{port}{rest}")


def _outside(address: str) -> str:
    """An address that is a pod's; nobody is led to what only the API server's own machine reaches."""
    try:
        found = ip_address(address)
    except ValueError:
        raise errors.BadRequest("address not allowed") from None
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified:
        raise errors.BadRequest("address not allowed")
    return address


def _rest(info: RequestInfo, query: Query) -> str:
    """What follows `proxy` in the path, with the query."""
    return (info.rest or "/") + _encoded(query, ())


def _pod_proxy(info: RequestInfo, query: Query, pod: Object, view: View) -> Target:
    scheme, _, port = _proxied(info.name)
    number = int(port) if port.isdigit() else _first_port(pod, port)
    address, node_name = dig(pod, "status", "podIP"), dig(pod, "spec", "nodeName")
    if not address or not node_name:
        raise errors.BadRequest("address not allowed")
    return _through(_node(node_name, view), scheme, address, number, _rest(info, query))


def _first_port(pod: Object, wanted: str) -> int:
    for container in dig(pod, "spec", "containers", default=[]):
        for port in container.get("ports") or ():
            if not wanted or port.get("name") == wanted:
                return int(port["containerPort"])
    return 443 if wanted == "https" else 80


def _service_proxy(info: RequestInfo, query: Query, view: View) -> Target:
    scheme, service_name, wanted = _proxied(info.name)
    service = view.get(SERVICE, service_name, info.namespace)
    if service is None:  # a service that is not there has no endpoints, either
        raise errors.ServiceUnavailable(f'no endpoints available for service "{service_name}"')
    ports = dig(service, "spec", "ports", default=[])
    chosen = [port for port in ports if not wanted or wanted in (port.get("name"), str(port.get("port")))]
    if not chosen and not (wanted.isdigit() and not ports):
        raise errors.ServiceUnavailable(f'no service port "{wanted}" found for service "{service_name}"')
    port_name = (chosen[0].get("name") or "") if chosen else ""
    for slice_ in view.all(ENDPOINTSLICE, info.namespace):
        if labels(slice_).get(SERVICE_NAME) != service_name:
            continue
        for port in slice_.get("ports") or ():
            if (port.get("name") or "") != port_name or not port.get("port"):
                continue
            for endpoint in slice_.get("endpoints") or ():
                ready = dig(endpoint, "conditions", "ready", default=True)
                if ready and (node := _on_the_way(endpoint, view)) is not None:
                    return _through(node, scheme, endpoint["addresses"][0], int(port["port"]), _rest(info, query))
    raise errors.ServiceUnavailable(f'no endpoints available for service "{service_name}"')


def _on_the_way(endpoint: Object, view: View) -> Object | None:
    """The node of an endpoint. One without, say of a hand-made slice, is reached from any node that has a network."""
    if endpoint.get("nodeName"):
        return _node(endpoint["nodeName"], view)
    _outside(endpoint["addresses"][0])
    return next((node for node in view.all(NODE) if labels(node).get(SIMULATED) != "true"), None)


def _node_proxy(info: RequestInfo, query: Query, view: View) -> Target:
    _, node_name, port = _proxied(info.name)
    host, own = agent_of(_node(node_name, view))
    chosen = int(port) if port.isdigit() and int(port) != _KUBELET_PORT else own
    return Target(host, chosen, _rest(info, query))
