"""An event loop whose time is virtual: where nothing is ready it does not wait, it moves its clock to the next timer.

Nothing from outside reaches it (no sockets, no threads, no signals), so the same coroutines take the same course each
time, and an hour of waiting costs nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Stuck(RuntimeError):
    """Every task waits for something that nobody will bring."""


class _Nothing:
    """In the place of a selector: no file ever becomes ready, and waiting is a step of the clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Stuck("every task waits, and no timer is set")
        self.now += timeout
        return []

    def close(self) -> None:
        return


class VirtualLoop(asyncio.BaseEventLoop):
    """Seconds begin at 0."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Nothing()
        self._ending = False

    def halt(self) -> None:
        """Stop in the middle of everything."""
        if not self._ending:
            self.stop()

    def end(self) -> None:
        """Cancel what is left, and close."""
        self._ending = True
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()

    def time(self) -> float:
        return self._selector.now

    def _process_events(self, events: list[Any]) -> None:
        return

    def _write_to_self(self) -> None:
        """A call from another thread would have to wake the loop; there is none."""


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, None]]) -> None:
    """Run `main` on a loop of its own until it ends or somebody halts the loop."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    task = loop.create_task(main(loop))
    task.add_done_callback(lambda _: loop.halt())
    try:
        loop.run_forever()
        if task.done():
            task.result()
    finally:
        loop.end()
        asyncio.set_event_loop(None)
