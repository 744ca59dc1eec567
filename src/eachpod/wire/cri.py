"""The messages of the container runtime interface (CRI, runtime.v1), made from a table at import.

A table of field numbers instead of generated stubs: it is a tenth of their size, needs no compiler to change and works
with whatever version of the protobuf library is installed. Messages are attributes of this module
(`cri.PodSandboxConfig(hostname="web-0")`). A method's messages are METHODRequest and METHODResponse.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "runtime.v1"


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return message(name)


@cache
def message(name: str) -> Any:
    """The class of a message; AttributeError where the table has it not."""
    try:
        return GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))
    except KeyError:
        raise AttributeError(f"the CRI table has no message {name}") from None


@cache
def _pool() -> DescriptorPool:
    table = files("eachpod.wire").joinpath("data/cri.txt").read_text()
    pool = DescriptorPool()
    pool.AddSerializedFile(_file(table).SerializeToString())
    return pool


def _file(table: str) -> FileDescriptorProto:
    """Lines of the table are a message's name, or a field of it: number, name, type."""
    file = FileDescriptorProto(name="cri.proto", package=PACKAGE, syntax="proto3")
    for line in table.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            file.message_type.add(name=line.strip())
            continue
        number, name, *kind = line.split()
        _add(file.message_type[-1], int(number), name, kind)
    return file


def _add(to: DescriptorProto, number: int, name: str, kind: list[str]) -> None:
    field = to.field.add(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
    if kind[0] == "map":
        entry = to.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add(entry, 1, "key", [kind[1]])
        _add(entry, 2, "value", [kind[2]])
        _set_type(field, f"{to.name}.{entry.name}")
    else:
        _set_type(field, kind[0].removesuffix("*"))
    if kind[0] == "map" or kind[0].endswith("*"):
        field.label = FieldDescriptorProto.LABEL_REPEATED


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    """Names of scalars are those of protobuf; everything else is a message."""
    if kind[0].islower():
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"
