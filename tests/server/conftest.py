"""A Jupyter server in this process with the extension, as `pytest_jupyter` makes it."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import tornado.httpclient
from pytest_jupyter.jupyter_server import *  # noqa: F403
from traitlets.config import Config

from hubsync_jupyter.service import Service

PATIENCE = 60.0
QUICK = {"debounce": 0.1, "behind": 1.0, "look": 0.5, "first": 0.2, "longest": 1.0}


@pytest.fixture(autouse=True)
def nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No hub, no cloud and no login of this machine takes part."""
    for name in ("GH_HOST", "GH_TOKEN", "GITHUB_TOKEN", "GH_SCOPED_CREDS_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data-home"))
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.setenv("HUBSYNC_HUB", "hub-a")
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # Jupyter's own are none of ours
        yield


@pytest.fixture
def hubsync_config() -> dict[str, Any]:
    """The operator's settings; a test module may have others."""
    return {}


@pytest.fixture
def jp_server_config(hubsync_config: dict[str, Any]) -> Config:
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {"hubsync_jupyter": True},
                "allow_unauthenticated_access": False,
            },
            "HubSync": {"intervals": QUICK, **hubsync_config},
        }
    )


@pytest.fixture
def home(jp_root_dir: Path) -> Path:
    """The root of the server's files."""
    return jp_root_dir


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """The folder that is the remote."""
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


class Answer:
    """What came back. ``document``: the JSON in it, if it is JSON."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.code
        self.headers = response.headers
        self.text = response.body.decode()
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        self.document: Any = json.loads(self.text) if is_json and self.text else None

    def ok(self) -> Any:
        assert self.status in (200, 201, 202), (self.status, self.text)
        return self.document

    def refused(self, status: int, code: str) -> dict[str, str]:
        found = (self.status, self.document and self.document.get("code"))
        assert found == (status, code), self.text
        assert set(self.document) == {"code", "message", "hint"}
        assert self.document["message"]
        assert "Traceback" not in self.text
        return self.document


class Api:
    """The extension's routes, asked with the server's token."""

    def __init__(self, app: Any, fetch: Callable[..., Any]) -> None:
        self.app = app
        self._fetch = fetch

    @property
    def service(self) -> Service:
        extension = self.app.extension_manager.extension_points["hubsync_jupyter"].app
        return extension.service()

    async def start(self) -> None:
        """As the server does once its loop runs."""
        await self.app.extension_manager.start_all_extensions()

    async def raw(self, method: str, path: str, **how: Any) -> Answer:
        try:
            response = await self._fetch(
                path, method=method, allow_nonstandard_methods=True, request_timeout=PATIENCE, **how
            )
        except tornado.httpclient.HTTPClientError as error:
            response = error.response
        return Answer(response)

    async def get(self, path: str, /, **query: str) -> Answer:
        return await self.raw("GET", f"hubsync/{path}", params=query)

    async def post(self, path: str, /, **body: Any) -> Answer:
        return await self.raw("POST", f"hubsync/{path}", body=json.dumps(body))

    async def send(self, method: str, path: str, /, **body: Any) -> Answer:
        return await self.raw(method, f"hubsync/{path}", body=json.dumps(body))

    async def status(self) -> Any:
        return (await self.get("status")).ok()

    async def until(self, found: Callable[[Any], object]) -> Any:
        """The first status of which that holds."""
        end = time.monotonic() + PATIENCE
        while not found(status := await self.status()):
            assert time.monotonic() < end, status
            await asyncio.sleep(0.05)
        return status

    async def until_state(self, *states: str) -> Any:
        return await self.until(lambda status: status["state"] in states)

    async def set_up(self, url: str) -> Any:
        """A workspace on that remote, synced once."""
        await self.start()
        answer = (await self.post("setup", url=url, wait=30)).ok()
        assert answer["task"]["state"] == "done", answer
        return await self.until_state("synced", "conflicts")

    async def save(self, path: str, text: str) -> None:
        """As JupyterLab does."""
        model = {"type": "file", "format": "text", "content": text}
        answer = await self.raw("PUT", f"api/contents/{path}", body=json.dumps(model))
        assert answer.status in (200, 201), answer.text


@pytest.fixture
def api(jp_serverapp: Any, jp_fetch: Callable[..., Any]) -> Api:
    return Api(jp_serverapp, jp_fetch)


async def eventually(found: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def query(**names: str) -> str:
    return urlencode(names)
