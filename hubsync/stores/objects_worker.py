"""A helper process that moves small objects: ``python -m hubsync.stores.objects_worker``.

One Python process cannot keep a fast server busy, because its own work on 10,000 small files takes
longer than the server's. A helper reads, hashes and sends (or fetches, hashes and writes) on a core
of its own. It takes its orders from standard input (see `objects_wire`), and ends at once when
that closes, so that it never outlives its parent; the terminal's Ctrl-C is the parent's business.
"""

from __future__ import annotations

import os
import signal
from typing import Final

import msgspec

from hubsync.stores.objects_client import Client
from hubsync.stores.objects_small import SmallObjects
from hubsync.stores.objects_threads import Result
from hubsync.stores.objects_wire import Frames, Hello, Report, Task, ended_of, framed, job_of

_READ: Final = 1 << 18


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    frames = Frames()
    tasks = msgspec.msgpack.Decoder(list[Task])
    workers: SmallObjects | None = None
    while data := os.read(0, _READ):
        for body in frames.feed(data):
            if workers is None:
                workers = _workers(msgspec.msgpack.decode(body, type=Hello))
                _write(framed(Report()))
                continue
            todo = tasks.decode(body)
            if todo:
                workers.submit((task.number, job_of(task)) for task in todo)
            else:
                workers.drop_pending()
    # The parent is gone or has no more use for this process. What is in flight is abandoned: a
    # request that was not answered is the same to the parent's next run.
    os._exit(0)


def _workers(hello: Hello) -> SmallObjects:
    client = Client(hello.settings())

    def deliver(results: list[Result]) -> None:
        ended = []
        for number, outcome in results:
            if isinstance(outcome, BaseException):
                os._exit(1)  # a defect: the parent does the job itself, and hears of it
            ended.append(ended_of(number, outcome))
        try:
            _write(framed(Report(ended, client.take_count())))
        except OSError:  # nobody is there to read it
            os._exit(1)

    return SmallObjects(client, deliver)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
