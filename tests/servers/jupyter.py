"""A Jupyter server or JupyterLab as users have it: a process on loopback, with the extension."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.servers.processes import free_port

TOKEN: Final = "a-token-for-tests"
PATIENCE: Final = 90.0
_THREAD: Final = re.compile(r"^(?:Thread|Current thread) .*$", re.MULTILINE)


class JupyterServer:
    """One process. ``home`` is the root of its files; ``module``: ``jupyter_server`` or
    ``jupyterlab``; ``settings`` are Jupyter's, by class, beside those that every test needs.
    ``extended``: whether hubsync is in it; ``beside``: other extensions that are; ``env``: what the
    environment holds beside the rest."""

    def __init__(
        self,
        folder: Path,
        home: Path,
        settings: Mapping[str, Mapping[str, Any]],
        module: str = "jupyter_server",
        *,
        extended: bool = True,
        beside: Sequence[str] = (),
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder = folder
        self.home = home
        self.port = free_port()
        config = folder / "jupyter_server_config.json"
        server = {
            "ip": "127.0.0.1",
            "port": self.port,
            "port_retries": 0,
            "open_browser": False,
            "allow_root": True,
            "root_dir": str(home),
            "allow_unauthenticated_access": False,
            "jpserver_extensions": {"hubsync_jupyter": extended, **dict.fromkeys(beside, True)},
        }
        whole = {"ServerApp": server, "IdentityProvider": {"token": TOKEN}, **settings}
        config.write_text(json.dumps(whole))
        self.log = folder / "log"
        environ = {
            **os.environ,
            "HOME": str(folder),
            "JUPYTER_CONFIG_DIR": str(folder),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_NO_CONFIG": "",
            "PYTHONFAULTHANDLER": "1",
            "HUBSYNC_HUB": "hub-a",
            "USER": "ada",
            "LOGNAME": "ada",
            **env,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, f"--config={config}"],
                env=environ,
                stdout=log,
                stderr=log,
                cwd=folder,
            )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            text = response.read().decode()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def until(self, found: Callable[[], object]) -> Any:
        """Until it is so; what is true of it."""
        end = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if result := found():
                    return result
            except (urllib.error.URLError, ConnectionError):
                pass
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def status(self) -> Any:
        return self.ask("GET", "hubsync/status")

    def until_state(self, *states: str) -> Any:
        def found() -> Any:
            status = self.status()
            return status if status["state"] in states else None

        return self.until(found)

    def save(self, path: str, text: str) -> None:
        model = {"type": "file", "format": "text", "content": text}
        self.ask("PUT", f"api/contents/{path}", model)

    def end(self, within: float = PATIENCE) -> float:
        """As a hub ends it. How many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # it writes down where its threads stand
            self.process.wait()
            log = self.log.read_text()
            assert _left_in_a_request(log), log
        return time.monotonic() - began

    def kill(self) -> None:
        """If it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _left_in_a_request(log: str) -> bool:
    """Whether all that keeps the process is a thread of Jupyter's own. With or without hubsync, a
    server that is ended while it answers a request for a file leaves the loop before the request
    is done, and the thread that anyio has for it waits for ever (jupyterlab issue 10442)."""
    _, _, dump = log.partition("Fatal Python error: Aborted")
    *threads, main = _THREAD.split(dump.partition("Extension modules")[0])
    return (
        "in _shutdown" in main
        and len(threads) > 1
        and all("/anyio/_backends/" in one and "in get" in one for one in threads[1:])
    )
