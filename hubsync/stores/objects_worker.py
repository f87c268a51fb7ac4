"""A helper process that moves small objects: ``python -m hubsync.stores.objects_worker``.

One Python process cannot keep a fast server busy, because its own work on 10,000 small files takes
longer than the server's. A helper reads, hashes and sends (or fetches, hashes and writes) on a core
of its own. It takes its orders from standard input (see `objects_wire`), and ends at once when
that closes, so that it never outlives its parent; the terminal's Ctrl-C is the parent's business.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Final

import msgspec

from hubsync.stores.objects_client import Client
from hubsync.stores.objects_small import Job, LoopLane, Result, transfer
from hubsync.stores.objects_wire import Frames, Hello, Report, Task, ended_of, framed, job_of
from hubsync.stores.protocol import Transferred

_READ: Final = 1 << 18


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve())


async def _serve() -> None:
    frames = Frames()
    tasks = msgspec.msgpack.Decoder(list[Task])
    lane: LoopLane | None = None
    loop = asyncio.get_running_loop()
    closed = loop.create_future()

    def read() -> None:
        nonlocal lane
        data = os.read(0, _READ)
        if not data:
            # The parent is gone or has no more use for this process. What is in flight is
            # abandoned: a request that was not answered is the same to the parent's next run.
            os._exit(0)
        for body in frames.feed(data):
            if lane is None:
                lane = _lane(msgspec.msgpack.decode(body, type=Hello))
                _write(framed(Report()))
                continue
            todo = tasks.decode(body)
            if todo:
                lane.submit((task.number, job_of(task)) for task in todo)
            else:
                lane.drop_pending()

    loop.add_reader(0, read)
    await closed


def _lane(hello: Hello) -> LoopLane:
    client = Client(hello.settings())

    def deliver(results: list[Result]) -> None:
        ended = []
        for number, outcome in results:
            if isinstance(outcome, BaseException):
                raise SystemExit(1) from outcome
            ended.append(ended_of(number, outcome))
        _write(framed(Report(ended, client.requests)))
        client.requests.clear()

    async def work(job: Job, again: bool) -> Transferred:
        return await transfer(client, job, again)

    return LoopLane(work, deliver, hello.width)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
