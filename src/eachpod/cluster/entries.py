"""A cluster's entries in kubeconfig files: made when it is up, taken out when it goes down.

A user may have several files, one a shell; the settings remember all that were written to, so that `down` finds them.
"""

from dataclasses import replace
from pathlib import Path

from . import kubeconfig, settings
from .errors import ClusterError
from .layout import Layout
from .settings import Settings


def enter(found: Settings, path: Path) -> Settings:
    """Merge the cluster into the file at `path`; the settings with what there is to remember."""
    admin = kubeconfig.read(Layout(found.root).kubeconfig("admin"))
    kubeconfig.edit(path, lambda config: kubeconfig.merged(config, admin))
    others = {found.kubeconfig, *found.other_kubeconfigs} - {"", str(path)}
    noted = replace(found, kubeconfig=str(path), other_kubeconfigs=tuple(sorted(others)))
    if noted != found:
        settings.save(noted)
    return noted


def leave(found: Settings) -> list[str]:
    """Take the cluster out of all its files. A sentence for each that does not let it: that is no reason to stop."""
    troubles = []
    for path in filter(None, (found.kubeconfig, *found.other_kubeconfigs)):
        try:
            if kubeconfig.read(Path(path)):
                kubeconfig.edit(Path(path), lambda config: kubeconfig.without(config, found.context))
        except ClusterError as error:
            troubles.append(f"context {found.context} stays where it is: {error}")
    return troubles
