"""Documents that jupyter-collaboration shares: what is typed is there whatever arrives meanwhile.

Its server is the real one. A browser is a client of a room, as the page has one.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_ydoc import YNotebook, YUnicode
from pycrdt import Provider, Text
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
from traitlets.config import Config

from tests.elsewhere import Elsewhere
from tests.notebooks import notebook
from tests.server.conftest import QUICK, Api, eventually

TEXT = "First.\n\nSecond.\n\nThird.\n"
OLD = 1_000_000_000.0
NOT_YET = 4.0
"""Seconds in which a room does not save: longer than a change of another hub needs to arrive."""


@pytest.fixture
def save_delay() -> float:
    return NOT_YET


@pytest.fixture
def jp_server_config(tmp_path: Path, save_delay: float) -> Config:
    extensions = ("hubsync_jupyter", "jupyter_server_fileid", "jupyter_server_ydoc")
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": dict.fromkeys(extensions, True),
                "allow_unauthenticated_access": False,
            },
            "HubSync": {"intervals": QUICK},
            "SQLiteYStore": {"db_path": str(tmp_path / "rooms.db")},
            "BaseFileIdManager": {"db_path": str(tmp_path / "ids.db")},
            "YDocExtension": {
                "document_save_delay": save_delay,
                "session_store_path": str(tmp_path / "sessions.json"),
            },
        }
    )


class Line:
    """A socket to a room, as `pycrdt.Provider` wants it."""

    path = "room"

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    async def send(self, message: bytes) -> None:
        await self._socket.write_message(message, binary=True)

    async def recv(self) -> bytes:
        return await self.__anext__()

    def __aiter__(self) -> Line:
        return self

    async def __anext__(self) -> bytes:
        message = await self._socket.read_message()
        if message is None:
            raise StopAsyncIteration
        return message


Enter = Callable[[str], Any]


@pytest.fixture
def entering(api: Api, jp_http_port: int, jp_base_url: str) -> Enter:
    """Open a file as JupyterLab does; its shared document."""

    @asynccontextmanager
    async def enter(path: str) -> AsyncIterator[Any]:
        notebook = path.endswith(".ipynb")
        kind, form = ("notebook", "json") if notebook else ("file", "text")
        body = json.dumps({"format": form, "type": kind})
        asked = await api.raw("PUT", f"api/collaboration/session/{path}", body=body)
        session = asked.ok()
        room = f"{form}:{kind}:{session['fileId']}"
        url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}api/collaboration/room/{room}"
        socket = await websocket_connect(
            HTTPRequest(
                f"{url}?sessionId={session['sessionId']}",
                headers={"Authorization": f"token {api.app.identity_provider.token}"},
            )
        )
        document = YNotebook() if notebook else YUnicode()
        async with Provider(document.ydoc, Line(socket)):
            await eventually(lambda: document.get() if not notebook else document.ycells)
            yield document
        socket.close()

    return enter


def loaders_of(api: Api) -> list[Any]:
    """What looks at the files of the rooms."""
    [extension] = api.app.extension_manager.extension_apps["jupyter_server_ydoc"]
    return list(vars(extension.file_loaders)["_FileLoaderMapping__dict"].values())


def text_of(document: YUnicode) -> Text:
    return document.ydoc.get("source", type=Text)


def sources(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]] if text else []


async def test_what_is_typed_before_a_change_arrives_is_merged_with_it(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("notes.md") as document:
        text_of(document).insert(0, "Typed. ")
        bob.writes("notes.md", TEXT.replace("Third.", "Third, by Bob."))
        both = "Typed. " + TEXT.replace("Third.", "Third, by Bob.")
        await eventually(lambda: document.get() == both)
        await eventually(lambda: (remote / "notes.md").read_text() == both)
        await eventually(lambda: (home / "notes.md").read_text() == both)
    assert (await api.status())["conflict_count"] == 0


async def test_cells_that_are_typed_in_stay_in_the_notebook(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "work.ipynb").write_text(notebook("one = 1", "two = 2"))
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("work.ipynb") as document:
        source = document.ycells[0]["source"]
        source.insert(len(str(source)), "\ntyped = True")
        bob.writes("work.ipynb", notebook("one = 1", "two = 22", "three = 3"))
        both = ["one = 1\ntyped = True", "two = 22", "three = 3"]
        await eventually(lambda: [one["source"] for one in document.get()["cells"]] == both)
        await eventually(lambda: sources((remote / "work.ipynb").read_text()) == both)


async def test_what_cannot_be_merged_is_kept_beside(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("notes.md") as document:
        text_of(document).insert(0, "Typed. ")
        bobs = TEXT.replace("First.", "First, by Bob.")
        bob.writes("notes.md", bobs)
        await eventually(lambda: document.get() == bobs)
        await api.until(lambda status: status["conflict_count"] == 1)
    [copy] = home.glob("notes.conflict-*.md")
    assert copy.read_text() == "Typed. " + TEXT
    assert (remote / copy.name).read_text() == "Typed. " + TEXT
    assert (home / "notes.md").read_text() == bobs


@pytest.mark.parametrize("save_delay", [0.3])
async def test_a_save_does_not_replace_a_file_that_the_room_has_not_seen(
    api: Api, home: Path, remote: Path, entering: Enter
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    async with entering("notes.md") as document:
        text_of(document).insert(0, "Typed. ")
        await eventually(lambda: (home / "notes.md").read_text() == "Typed. " + TEXT)
        # It came from a hub whose clock is behind: the room takes it for the file that it knows.
        (home / "came.md").write_text("Typed. " + TEXT.replace("Third.", "Third, by Bob."))
        os.utime(home / "came.md", (OLD, OLD))
        (home / "came.md").rename(home / "notes.md")
        [loader] = loaders_of(api)
        await eventually(lambda: loader.last_modified.timestamp() == OLD)
        text_of(document).insert(0, "More. ")
        both = "More. Typed. " + TEXT.replace("Third.", "Third, by Bob.")
        await eventually(lambda: (home / "notes.md").read_text() == both)
        await eventually(lambda: document.get() == both)
        await eventually(lambda: (remote / "notes.md").read_text() == both)


@pytest.mark.parametrize("save_delay", [0.3])
async def test_what_is_restored_or_fetched_by_a_request_is_in_the_document(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "notes.md").write_text(TEXT)
    os.utime(home / "notes.md", (OLD, OLD))  # a time that the room takes for none of a change
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("notes.md") as document:
        text_of(document).insert(0, "Typed. ")
        await eventually(lambda: (remote / "notes.md").read_text() == "Typed. " + TEXT)
        versions = (await api.get("versions", path="notes.md")).ok()["versions"]
        first = next(one["version"] for one in versions if one["size"] == len(TEXT))
        (await api.post("restore", path="notes.md", at=first, wait=30)).ok()
        await eventually(lambda: document.get() == TEXT)
        await eventually(lambda: (remote / "notes.md").read_text() == TEXT)
        await api.post("pause")
        bob.writes("notes.md", TEXT + "Fourth.\n", OLD)
        (await api.post("pull", wait=30)).ok()
        await eventually(lambda: document.get() == TEXT + "Fourth.\n")


async def test_what_is_typed_in_a_file_that_another_hub_deletes_is_kept(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "sub").mkdir()
    for name in ("sub/notes.md", "sub/read.md", "other.md"):
        (home / name).write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("sub/notes.md") as document, entering("sub/read.md"):
        text_of(document).insert(0, "Typed. ")
        bob.deletes("sub/notes.md", "sub/read.md")
        await eventually((remote / "sub" / "notes.md").exists)
        assert (remote / "sub" / "notes.md").read_text() == "Typed. " + TEXT
        await eventually(lambda: (home / "sub" / "notes.md").read_text() == "Typed. " + TEXT)
    assert not (home / "sub" / "read.md").exists()


async def test_what_is_typed_after_another_hub_has_deleted_the_file_is_kept(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    for name in ("notes.md", "other.md"):
        (home / name).write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("notes.md") as document:
        bob.deletes("notes.md")
        await eventually(lambda: not (home / "notes.md").exists())
        text_of(document).insert(0, "Typed later. ")
        await eventually((remote / "notes.md").exists)
        assert (remote / "notes.md").read_text() == "Typed later. " + TEXT
