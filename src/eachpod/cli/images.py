"""`eachpod image`: container images for machines that reach no registry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eachpod.cluster.errors import ClusterError

from .flags import Output
from .output import columns, emit, progress, tell

if TYPE_CHECKING:
    from eachpod.cluster.images import Image

app = typer.Typer(help="Container images for clusters without a registry.", no_args_is_help=True, rich_markup_mode=None)


def _folder() -> Path:
    from eachpod.cluster.settings import images_dir

    return images_dir()


@app.command()
def build(
    names: Annotated[
        list[str] | None, typer.Argument(help="Images to make; by default those of the walkthrough.")
    ] = None,
    output: Output = "",
) -> None:
    """Make the walkthrough's images from Debian packages."""
    from eachpod.cluster.images import DEFAULT_NAMES, KitError, build

    try:
        made = build(tuple(names) if names else DEFAULT_NAMES, _folder(), tell=tell)
    except KitError as error:
        raise ClusterError(str(error)) from None
    _emit(made, output)


@app.command()
def load(
    path: Annotated[Path, typer.Argument(help="An OCI layout, or a tar of one or of `docker save`.")],
    name: Annotated[str, typer.Option(help="Name for the image where the file has none.")] = "",
    output: Output = "",
) -> None:
    """Take an image of your own into the registry of your clusters."""
    from eachpod.cluster.images import KitError, load

    try:
        with progress(f"reading {path}"):
            made = load(path, _folder(), name)
    except KitError as error:
        raise ClusterError(str(error)) from None
    _emit(made, output)


@app.command("list")
def list_images(output: Output = "") -> None:
    """List the images of the registry of your clusters."""
    from eachpod.cluster.images import Store

    found = Store(_folder()).images()
    rows = [(image.name, image.digest) for image in found]
    text = columns(("IMAGE", "DIGEST"), rows) if rows else "no images; `eachpod image build` makes some"
    emit(_values(found), output, text)


def _emit(made: "list[Image]", output: str) -> None:
    emit(_values(made), output, "\n".join(image.name for image in made))


def _values(images: "list[Image]") -> list[dict[str, str]]:
    return [{"name": image.name, "digest": image.digest} for image in images]
