"""Makes src/eachpod/wire/data/cri.txt from the CRI's api.proto, compiled to a descriptor set.

    protoc --descriptor_set_out=cri.fds api.proto && python tools/cri_table.py cri.fds > src/eachpod/wire/data/cri.txt

Only what the node agent calls is taken, with all that it needs. Enumerations become int32, which is the same on the
wire.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

METHODS = (
    "Version RunPodSandbox StopPodSandbox RemovePodSandbox PodSandboxStatus ListPodSandbox CreateContainer "
    "StartContainer StopContainer RemoveContainer ListContainers ContainerStatus UpdateContainerResources "
    "ReopenContainerLog ExecSync Exec Attach PortForward ContainerStats ListContainerStats Status "
    "ListImages ImageStatus PullImage RemoveImage ImageFsInfo"
)
WINDOWS = ("WindowsPodSandboxConfig", "WindowsContainerConfig", "WindowsContainerResources")


def type_of(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    name = field.type_name.rsplit(".", 1)[-1]
    if kind == "enum":
        kind = "int32"
    entry = next((each for each in message.nested_type if each.name == name and each.options.map_entry), None)
    if entry:
        return f"map {type_of(entry.field[0], entry)} {type_of(entry.field[1], entry)}"
    star = "*" if field.label == FieldDescriptorProto.LABEL_REPEATED else ""
    return (name if kind == "message" else kind) + star


def wanted(messages: dict[str, DescriptorProto], roots: list[str]) -> Iterator[str]:
    seen, ahead = set[str](), roots[::-1]
    while ahead:
        name = ahead.pop()
        if name in seen or name in WINDOWS or name not in messages:
            continue
        seen.add(name)
        yield name
        for field in messages[name].field:
            ahead += type_of(field, messages[name]).replace("*", "").split()


def main() -> None:
    files = FileDescriptorSet.FromString(Path(sys.argv[1]).read_bytes())
    messages = {message.name: message for file in files.file for message in file.message_type}
    roots = [f"{method}{end}" for method in METHODS.split() for end in ("Request", "Response")]
    names = sorted(wanted(messages, roots))
    print("# The messages of the CRI (runtime.v1) that are used here: number, name, type. Made by tools/cri_table.py.")
    for name in names:
        print(name)
        for field in messages[name].field:
            kind = type_of(field, messages[name])
            if kind.removesuffix("*") not in WINDOWS and not kind.startswith("Windows"):
                print(f" {field.number} {field.name} {kind}")


main()
