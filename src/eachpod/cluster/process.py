"""The processes of a local cluster by role: `python -m eachpod.cluster.process ROLE DATA_DIR [JSON]`.

Each role's parts are imported only in that process: what is not imported costs no start-up and no memory.
"""

import json
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from .errors import ClusterError
from .settings import Settings, load


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run until done, or until SIGTERM cancels it."""
    import asyncio

    import uvloop

    async def main() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return

    uvloop.run(main())


def _control_plane(settings: Settings, given: dict[str, Any]) -> None:
    from . import controlplane

    run_loop(controlplane.run(settings, given["api"]))


def _dns(settings: Settings, given: dict[str, Any]) -> None:
    from . import dnsprocess

    dnsprocess.run(settings, given)


def _nodes(settings: Settings, given: dict[str, Any]) -> None:
    from . import nodeprocess

    run_loop(nodeprocess.run_simulated(settings, given))


def _node(settings: Settings, given: dict[str, Any]) -> None:
    from . import nodeprocess

    run_loop(nodeprocess.run_real(settings, given))


def _holder(settings: Settings, given: dict[str, Any]) -> None:
    from . import holder

    holder.run(settings, given)


def _supervisor(settings: Settings, given: dict[str, Any]) -> None:
    from . import hostsupervisor

    hostsupervisor.run(settings, given)


_ROLES = {
    "control-plane": _control_plane,
    "dns": _dns,
    "nodes": _nodes,
    "node": _node,
    "holder": _holder,
    "supervisor": _supervisor,
}


def main() -> None:
    role, data_dir, given = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "{}"
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        settings = load(Path(data_dir))
        if settings is None:
            raise ClusterError(f"{data_dir} holds no cluster")
        _ROLES[role](settings, json.loads(given))
    except ClusterError as error:
        sys.exit(f"{role}: {error}")


if __name__ == "__main__":
    main()
