"""The queue that workers wait on: one key wakes one of them, and no key is left lying."""

import asyncio

from eachpod.controllers.queue import Queue
from eachpod.controllers.view import Key
from eachpod.kit.backoff import Backoff

KEY = Key("d", "a")


async def test_a_key_goes_to_the_next_worker_when_the_first_leaves() -> None:
    queue = Queue(Backoff())
    first, second = (asyncio.create_task(queue.get()) for _ in range(2))
    await asyncio.sleep(0)
    queue.add(KEY)  # wakes the first, which is cancelled before it runs
    first.cancel()
    assert await second == KEY


async def test_each_waiting_worker_gets_a_key() -> None:
    queue = Queue(Backoff())
    workers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    for name in "abc":
        queue.add(Key("d", name))
    assert {key.name for key in await asyncio.gather(*workers)} == {"a", "b", "c"}


async def test_a_key_touched_meanwhile_and_a_delayed_one_come_to_a_waiting_worker() -> None:
    queue = Queue(Backoff())
    queue.add(KEY)
    assert await queue.get() == KEY
    queue.add(KEY)
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.done(KEY)
    assert await waiting == KEY
    queue.done(KEY)
    queue.add_after(KEY, 0.001)
    assert await queue.get() == KEY
