"""`eachpod image`: container images for machines that reach no registry."""

from pathlib import Path
from typing import Annotated

import typer

from eachpod.cluster.errors import ClusterError

from .flags import Output
from .output import columns, emit, tell

app = typer.Typer(help="Container images for clusters without a registry.", no_args_is_help=True)


def _folder() -> Path:
    from eachpod.cluster.settings import images_dir

    return images_dir()


@app.command()
def build(
    names: Annotated[
        list[str] | None, typer.Argument(help="Images to make; by default those of the walkthrough.")
    ] = None,
) -> None:
    """Make the walkthrough's images from Debian packages."""
    from eachpod.cluster.images import DEFAULT_NAMES, KitError, build

    try:
        made = build(tuple(names) if names else DEFAULT_NAMES, _folder(), tell=tell)
    except KitError as error:
        raise ClusterError(str(error)) from None
    for image in made:
        print(image.name)


@app.command()
def load(
    path: Annotated[Path, typer.Argument(help="An OCI layout, or a tar of one or of `docker save`.")],
    name: Annotated[str, typer.Option(help="Name for the image where the file has none.")] = "",
) -> None:
    """Take an image of your own into the registry of your clusters."""
    from eachpod.cluster.images import KitError, load

    try:
        made = load(path, _folder(), name)
    except KitError as error:
        raise ClusterError(str(error)) from None
    for image in made if isinstance(made, list) else [made]:
        print(image.name)


@app.command("list")
def list_images(output: Output = "") -> None:
    """List the images of the registry of your clusters."""
    from eachpod.cluster.images import Store

    found = [(image.name, image.digest) for image in Store(_folder()).images()]
    text = columns(("IMAGE", "DIGEST"), found) if found else "no images; `eachpod image build` makes some"
    emit([{"name": name, "digest": digest} for name, digest in found], output, text)
