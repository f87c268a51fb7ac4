"""The parent's side of a helper process (`objects_worker`): start it, feed it, hear from it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

import hubsync
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_small import Job
from hubsync.stores.objects_wire import Ended, Frames, Hello, Report, framed, task_of

_READ = 1 << 18
_PATIENCE = 2.0


class Helper:
    """One helper process.

    ``hear`` is called from a thread of this object: with what ended, or with None once, when the
    process is gone; after that nothing more comes, and every job not heard of is undone.
    """

    def __init__(
        self,
        client: Client,
        hear: Callable[[Helper, list[Ended] | None], None],
    ) -> None:
        self._hear = hear
        self._client = client
        self._lock = threading.Lock()
        package = str(Path(hubsync.__file__).parent.parent)
        # In a session of its own: a Ctrl-C in the terminal reaches this process alone.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hubsync.stores.objects_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            env={
                "TOKIO_WORKER_THREADS": "1",  # obstore's own threads would fight for its cores
                **os.environ,
                "PYTHONPATH": _search_path(package),
            },
        )
        settings = client.settings
        hello = Hello(
            settings.provider,
            settings.bucket,
            settings.prefix,
            settings.config,
            settings.client,
            settings.conditional,
        )
        self._send(framed(hello))
        self._thread = threading.Thread(target=self._listen, name="hubsync-helper", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def submit(self, jobs: Iterable[tuple[int, Job]]) -> None:
        tasks = [task_of(number, job) for number, job in jobs]
        if tasks:
            self._send(framed(tasks))

    def drop_pending(self) -> None:
        """Ask it to begin nothing more; jobs that have not begun come back as dropped."""
        self._send(framed([]))

    def close(self) -> None:
        """End the process and wait for it."""
        stdin = self._process.stdin
        if stdin is not None:
            stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()

    def _send(self, data: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        with self._lock:
            try:
                while data:
                    data = data[stdin.write(data) or 0 :]
            except (BrokenPipeError, ValueError):
                # The process has gone: the listening thread finds its end and says so, and what
                # was not sent counts as undone.
                return

    def _listen(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        frames = Frames()
        reports = msgspec.msgpack.Decoder(Report)
        with stdout:
            while data := os.read(stdout.fileno(), _READ):
                for body in frames.feed(data):
                    report = reports.decode(body)
                    self._client.add_count(report.requests)
                    self._hear(self, report.ended)
        self._hear(self, None)


def _search_path(package: str) -> str:
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([package, given]) if given else package
