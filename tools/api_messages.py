"""Makes src/eachpod/wire/data/api.txt: the protobuf fields of the API's messages, by number, name and type.

usage: python tools/api_messages.py API_GIT_DIR APIMACHINERY_GIT_DIR > src/eachpod/wire/data/api.txt

Only groups that are served are taken. The .proto files are those that k8s.io/api and k8s.io/apimachinery publish.
"""

import re
import subprocess
import sys

API = [
    "core/v1", "apps/v1", "batch/v1", "autoscaling/v1", "autoscaling/v2", "discovery/v1", "coordination/v1",
    "policy/v1", "storage/v1", "scheduling/v1", "node/v1", "networking/v1", "rbac/v1", "events/v1",
    "authentication/v1", "authorization/v1", "admissionregistration/v1", "certificates/v1", "resource/v1",
]  # fmt: skip
MACHINERY = ("pkg/apis/meta/v1", "pkg/runtime", "pkg/api/resource", "pkg/util/intstr")
SCALARS = {"string", "int32", "int64", "bool", "bytes", "double", "uint32", "uint64"}
FIELD = re.compile(r"^  (?:(optional|repeated|required) )?(map<\w+, ?[.\w]+>|[.\w]+) (\w+) = (\d+);")


def read(repository: str, path: str) -> str:
    command = ["git", "--git-dir", repository, "show", f"HEAD:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def qualified(name: str, here: str) -> str:
    """`core/v1.Pod` from `.k8s.io.api.core.v1.Pod` or from a bare name."""
    if name in SCALARS:
        return name
    if "." not in name:
        return f"{here}.{name}"
    parts = name.strip(".").split(".")
    if "api" in parts and parts[:3] == ["k8s", "io", "api"]:
        return f"{parts[3]}/{parts[4]}.{parts[-1]}"
    if "apis" in parts:
        return f"meta/v1.{parts[-1]}"
    return f"{parts[-2]}.{parts[-1]}"


def render(text: str, here: str) -> None:
    for line in text.splitlines():
        if line.startswith("message "):
            print(f"{here}.{line.split()[1]}")
            continue
        found = FIELD.match(line)
        if not found:
            continue
        label, kind, name, number = found.groups()
        if kind.startswith("map<"):
            inner = kind[4:-1].split(",")[1].strip()
            shown = f"map:{qualified(inner, here)}"
        else:
            shown = qualified(kind, here) + ("*" if label == "repeated" else "")
        print(f" {number} {name} {shown}")


def main() -> None:
    print("# Messages of the API: number, name, type; a star marks lists. Made by tools/api_messages.py.")
    for group in API:
        render(read(sys.argv[1], f"{group}/generated.proto"), group)
    for path in MACHINERY:
        here = "meta/v1" if path.endswith("meta/v1") else path.rsplit("/", 1)[1]
        render(read(sys.argv[2], f"{path}/generated.proto"), here)


if __name__ == "__main__":
    main()
