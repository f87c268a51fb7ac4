"""A real JupyterHub on loopback, with homes of its own; and what a user does there through HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tests.servers.processes import free_port, program, serving

_TOKEN: Final = "a-token-of-the-tests"
_PATIENCE: Final = 60.0
_PROXY: Final = Path(sys.prefix) / "emulators" / "node_modules" / ".bin" / "configurable-http-proxy"


class Hub(Struct, frozen=True):
    """``url`` ends without a slash; ``homes`` holds a folder for each user."""

    url: str
    homes: Path

    def home(self, user: str) -> Path:
        return self.homes / user

    def start(self, user: str) -> str:
        """Start the user's server if it is not there; its URL, once it answers."""
        self.ask("POST", f"/hub/api/users/{user}")
        if not self.ask("GET", f"/hub/api/users/{user}").get("servers"):
            self.ask("POST", f"/hub/api/users/{user}/server")
        deadline = time.monotonic() + _PATIENCE
        while (
            not self.ask("GET", f"/hub/api/users/{user}")
            .get("servers", {})
            .get("", {})
            .get("ready")
        ):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the server of {user} did not start")
            time.sleep(0.1)
        return f"{self.url}/user/{user}"

    def stop(self, user: str) -> None:
        """End the user's server as the culler does, and wait for that."""
        self.ask("DELETE", f"/hub/api/users/{user}/server")
        deadline = time.monotonic() + _PATIENCE
        while self.ask("GET", f"/hub/api/users/{user}").get("servers"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the server of {user} did not end")
            time.sleep(0.1)

    def pid(self, user: str) -> int:
        """The process of the user's server."""
        found = self.ask("GET", f"/hub/api/users/{user}?include_stopped_servers=1")
        return int(found["servers"][""]["state"]["pid"])

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The hub's or a user's server's answer; a token is what gives the right to it."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {_TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                data = answer.read()
        except urllib.error.HTTPError as error:
            if method == "POST" and error.code == 409:  # the user is there already
                return {}
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
        return json.loads(data) if data else {}


@contextlib.contextmanager
def jupyterhub(
    folder: Path,
    settings: Mapping[str, Any],
    env: Mapping[str, str],
    *,
    overrides: Mapping[str, Any],
) -> Iterator[Hub]:
    """A hub until the block ends. ``settings``: of the users' servers, as in the file
    ``/etc/jupyter/jupyter_hubsync_jupyter_config.json``; ``env``: what their environment holds
    beside the hub's own; ``overrides``: what JupyterLab's settings are by default."""
    homes = folder / "homes"
    homes.mkdir(parents=True)
    etc = folder / "etc"
    (etc / "labconfig").mkdir(parents=True)
    (etc / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(overrides))
    (etc / "jupyter_hubsync_jupyter_config.json").write_text(json.dumps(settings))
    config = folder / "jupyterhub_config.py"

    def command(port: int) -> list[str]:
        config.write_text(_config(port, homes, {**env, "JUPYTER_CONFIG_PATH": str(etc)}))
        return [program("jupyterhub"), "--config", str(config)]

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with serving(command, env={"PATH": path}, ready=_answers, patience=_PATIENCE) as port:
        yield Hub(f"http://127.0.0.1:{port}", homes)


def _config(port: int, homes: Path, env: Mapping[str, str]) -> str:
    """Users without accounts of the machine, anybody may come in, and one service that may do
    everything."""
    return f"""
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{free_port()}"
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cookie_secret = bytes(32)
c.JupyterHub.cleanup_servers = True
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.ConfigurableHTTPProxy.command = [{str(_PROXY)!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.pid_file = {str(homes.parent / "proxy.pid")!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {str(homes) + "/{username}"!r}
c.Spawner.default_url = "/lab"
c.Spawner.poll_interval = 1
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {dict(env)!r}
c.JupyterHub.services = [{{"name": "the-tests", "api_token": {_TOKEN!r}}}]
c.JupyterHub.load_roles = [{{
    "name": "the-tests", "services": ["the-tests"],
    "scopes": ["admin:users", "admin:servers", "access:servers", "read:users"],
}}]
"""


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/hub/api/", timeout=1):
            return True
    except (OSError, urllib.error.URLError):
        return False
