"""The S3 server that all contenders talk to: ``rclone serve s3`` over a folder, on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Wrong
from bench.place import Place, program
from tests.servers.processes import free_port

BUCKET = "bench"
_KEY = "bench-access-key"
_SECRET = "bench-secret-key"
_PATIENCE = 20.0


class ObjectServer:
    """An S3 endpoint; what lies in it is ``folder``, one file to an object."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / BUCKET
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.folder.mkdir(parents=True)

    @property
    def env(self) -> dict[str, str]:
        """What hubsync, s5cmd and rclone (as the remote ``bench:``) need to reach it."""
        endpoint = f"http://127.0.0.1:{self._port}"
        return {
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "S3_ENDPOINT_URL": endpoint,
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CONFIG_BENCH_TYPE": "s3",
            "RCLONE_CONFIG_BENCH_PROVIDER": "Rclone",
            "RCLONE_CONFIG_BENCH_ENDPOINT": endpoint,
            "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": _KEY,
            "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": _SECRET,
        }

    def restart(self) -> None:
        """A fresh server over the same objects, with nothing in its caches."""
        self.stop()
        self._process = subprocess.Popen(
            [
                program("rclone"),
                "serve",
                "s3",
                os.fspath(self.folder.parent),
                "--config=",
                f"--addr=127.0.0.1:{self._port}",
                f"--auth-key={_KEY},{_SECRET}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _PATIENCE
        while not _answers(self._port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Wrong("the S3 server did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.restart()
        try:
            yield
        finally:
            self.stop()


@contextlib.contextmanager
def object_server(place: Place) -> Iterator[ObjectServer]:
    """A server with nothing in it, for one job."""
    server = ObjectServer(place.folder("s3"))
    with server.running():
        yield server


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
