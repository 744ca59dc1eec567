"""The flags that several commands have, each described once, and how their values are read.

A command's parameters are its flags, so there may be many; what they say goes into one value at once.
"""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from eachpod.cluster.errors import ClusterError


def _form(output: str) -> str:
    """Judged before the command does anything: what it did could not be told."""
    if output not in ("", "json"):
        raise ClusterError(f"-o: {output!r} is unknown, choose json or leave it out")
    return output


Name = Annotated[str, typer.Argument(help="Name of the cluster.")]
Output = Annotated[str, typer.Option("-o", "--output", help="json, or nothing for text.", callback=_form)]
DataDir = Annotated[str, typer.Option(help="Where the cluster keeps its data; by default below $XDG_DATA_HOME.")]
Kubeconfig = Annotated[str, typer.Option(help="How to reach the cluster; $KUBECONFIG or ~/.kube/config by default.")]
ServiceCidr = Annotated[str, typer.Option(help="Range of Service addresses, one per family.")]
PodCidr = Annotated[str, typer.Option(help="Range of pod addresses, one per family.")]
GracePeriod = Annotated[str, typer.Option(help="Silence after which a node is lost, as 50s.")]
Domain = Annotated[str, typer.Option(help="DNS domain of the cluster.")]
TokenFile = Annotated[str, typer.Option(help="CSV file of static bearer tokens.")]
Anonymous = Annotated[bool, typer.Option(help="Let requests without credentials in as anonymous.")]
Explain = Annotated[bool, typer.Option(help="Conditions on StatefulSets that say what they wait for.")]


def port(text: str, *names: str) -> Any:
    """A flag for a port; 0 lets the system choose."""
    return typer.Option(*names, help=text, min=0, max=65535)


SERVICE_CIDR, POD_CIDR, GRACE_PERIOD, DOMAIN = "10.247.0.0/16", "10.0.0.0/16", "50s", "cluster.local"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(flag: str, text: str) -> float:
    """A duration as kube flags have it: 20s, 1m30s, 500ms, or plain seconds."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h))+", text):
        raise ClusterError(f"{flag}: {text!r} is not a duration; write for example 50s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, _, unit in re.findall(r"(\d+(\.\d+)?)(ms|s|m|h)", text))


def listed(text: str) -> tuple[str, ...]:
    """The parts between commas; "" has none."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def readable(flag: str, path: str) -> str:
    """The file that a flag names, for a process that may stand in another folder; "" stays."""
    contents(flag, path)
    return str(Path(path).absolute()) if path else ""


def contents(flag: str, path: str) -> bytes:
    """What is in the file that a flag names; nothing where it names none."""
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as error:
        raise ClusterError(f"{flag}: {path} cannot be read ({error.strerror})") from None
