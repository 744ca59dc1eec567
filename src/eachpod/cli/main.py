"""`eachpod`: the commands. What a command needs is imported when it runs, so that `--help` and errors come at once."""

import os
import sys

import typer

from eachpod.cluster.errors import ClusterError

from . import images, local, parts
from .flags import Output
from .output import emit

KUBERNETES = "1.37"

app = typer.Typer(
    help="A Kubernetes-compatible cluster, built around headless Services.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # its tables cut the names of flags where a terminal is narrow
    pretty_exceptions_enable=False,
)
app.command()(local.up)
app.command()(local.down)
app.command()(local.status)
app.command("list")(local.list_clusters)
app.command()(local.logs)
app.command()(local.doctor)
app.add_typer(images.app, name="image")
app.command()(parts.server)
app.command()(parts.controllers)
app.command()(parts.scheduler)
app.command()(parts.node)
app.add_typer(parts.dns_app, name="dns")


@app.command()
def version(output: Output = "") -> None:
    """Print the version, and the Kubernetes version that it speaks."""
    from eachpod import __version__

    emit({"version": __version__, "kubernetes": KUBERNETES}, output, f"eachpod {__version__} (Kubernetes {KUBERNETES})")


def main() -> None:
    """The entry point: one sentence for every error, no traceback unless EACHPOD_DEBUG is set."""
    try:
        app()
    except ClusterError as error:
        _fail(str(error), error)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        _fail(f"{type(error).__name__}: {error} (set EACHPOD_DEBUG=1 for the whole story)", error)


def _fail(sentence: str, error: Exception) -> None:
    if os.environ.get("EACHPOD_DEBUG"):
        raise error
    print(f"error: {sentence}", file=sys.stderr)
    sys.exit(1)
