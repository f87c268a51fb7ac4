"""Starting a server process and waiting until it answers; used by every server of this package."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

_PATIENCE = 20.0
_ATTEMPTS = 3


class Server(Struct, frozen=True):
    """A running server.

    ``url`` is where a store may be opened, ``options`` what the user would put under
    ``[remote.options]``, ``env`` what the shell's environment would hold, ``folder`` where the
    server keeps its files (if it does; the server caches listings, so change them through it),
    ``port`` where it listens on 127.0.0.1.
    """

    url: str
    port: int
    options: Mapping[str, str]
    env: Mapping[str, str]
    folder: str = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


def program(name: str) -> str:
    """A program of the environment the tests run in, or from PATH; a missing one is a failure."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"the tests need the program {name}")
    return found


@contextlib.contextmanager
def serving(
    command: Callable[[int], Sequence[str]],
    *,
    env: Mapping[str, str] | None = None,
    ready: Callable[[int], bool] | None = None,
    patience: float = _PATIENCE,
) -> Iterator[int]:
    """Run ``command(port)`` until the block ends; the port, once the server answers there.

    It is waited for ``patience`` seconds."""
    with tempfile.TemporaryDirectory(prefix="hubsync-server-") as home:
        log_path = Path(home) / "log"
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": home, **(env or {})}
        for attempt in range(_ATTEMPTS):
            port = free_port()
            with log_path.open("wb") as log:
                process = subprocess.Popen(
                    list(command(port)),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    cwd=home,
                    start_new_session=True,
                )
            try:
                if _wait(process, port, ready or _listens, patience):
                    yield port
                    return
            finally:
                _stop(process)
            if attempt == _ATTEMPTS - 1:
                said = log_path.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{command(port)[0]} did not start: {said}")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _wait(
    process: subprocess.Popen[bytes], port: int, ready: Callable[[int], bool], patience: float
) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        if ready(port):
            return True
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server with its children: a program may only be a wrapper that starts another."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
