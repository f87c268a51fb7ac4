"""Documents that jupyter-collaboration shares: what is typed is there whatever arrives meanwhile.

Its server is the real one. A browser is a client of a room, as the page has one.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_ydoc import YNotebook, YUnicode
from pycrdt import Provider, Text
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
from traitlets.config import Config

from hubsync import Identity, Workspace
from tests.elsewhere import Elsewhere
from tests.notebooks import notebook
from tests.server.conftest import QUICK, Api, eventually
from tests.server.test_open_link import arrived, submit

TEXT = "First.\n\nSecond.\n\nThird.\n"
OLD = 1_000_000_000.0
NOT_YET = 4.0
"""Seconds in which a room does not save: longer than a change of another hub needs to arrive."""


@pytest.fixture
def save_delay() -> float:
    return NOT_YET


@pytest.fixture
def stays_open() -> float:
    """Seconds that a room is there after everybody has left it."""
    return 60.0


@pytest.fixture
def jp_server_config(tmp_path: Path, save_delay: float, stays_open: float) -> Config:
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
                "document_cleanup_delay": stays_open,
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


async def has_heard(api: Api, path: str, text: str) -> None:
    """Until the room of ``path`` holds ``text``."""
    [extension] = api.app.extension_manager.extension_apps["jupyter_server_ydoc"]
    document = await extension.get_document(
        path=path, content_type="file", file_format="text", copy=False
    )
    await eventually(lambda: document.get() == text)


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


async def pulled(api: Api, home: Path) -> None:
    (await api.post("pull", wait=30)).ok()


async def confirmed(api: Api, home: Path) -> None:
    (await api.post("sync", confirm_deletes=True, wait=30)).ok()


async def in_a_terminal(api: Api, home: Path) -> None:
    def sync() -> None:
        with Workspace.open(str(home)) as workspace:
            workspace.sync(identity=Identity("ada", "hub-a"))

    await asyncio.to_thread(sync)


@pytest.mark.parametrize("fetch", [pulled, confirmed, in_a_terminal])
async def test_what_is_typed_is_kept_whatever_brings_the_deletion(
    api: Api,
    home: Path,
    remote: Path,
    tmp_path: Path,
    entering: Enter,
    fetch: Callable[[Api, Path], Awaitable[None]],
) -> None:
    for name in ("before.md", "after.md", "read.md", "other.md"):
        (home / name).write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("before.md") as before, entering("after.md") as after, entering("read.md"):
        (await api.post("pause")).ok()
        text_of(before).insert(0, "Typed. ")
        bob.deletes("before.md", "after.md", "read.md")
        await fetch(api, home)
        assert not (home / "after.md").exists()
        text_of(after).insert(0, "Typed later. ")
        await eventually((home / "before.md").exists)
        await eventually((home / "after.md").exists)
        (await api.post("resume")).ok()
        await eventually((remote / "before.md").exists)
        await eventually((remote / "after.md").exists)
    assert (remote / "before.md").read_text() == "Typed. " + TEXT
    assert (remote / "after.md").read_text() == "Typed later. " + TEXT
    assert not (home / "read.md").exists()


@pytest.mark.parametrize("save_delay", [0.3])
async def test_a_notebook_that_was_saved_and_then_deleted_stays_away(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "work.ipynb").write_text(notebook("one = 1"))
    (home / "gone.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    async with entering("work.ipynb") as document, entering("gone.md") as other:
        document.ycells[0]["source"].insert(0, "typed = True\n")
        saved = ["typed = True\none = 1"]
        await eventually(lambda: sources((remote / "work.ipynb").read_text()) == saved)
        (home / "work.ipynb").unlink()
        (home / "gone.md").unlink()
        text_of(other).insert(0, "Typed. ")
        await eventually((home / "gone.md").exists)  # by the look that sees both
    assert not (home / "work.ipynb").exists()


async def test_what_a_person_deletes_or_renames_in_jupyter_does_not_come_back(
    api: Api, home: Path, remote: Path, entering: Enter
) -> None:
    (home / "sub").mkdir()
    for name in ("sub/deleted.md", "old.md", "lost.md"):
        (home / name).write_text(TEXT)
    await api.set_up(remote.as_uri())
    async with (
        entering("sub/deleted.md") as deleted,
        entering("old.md") as renamed,
        entering("lost.md") as lost,
    ):
        for document in (deleted, renamed, lost):
            text_of(document).insert(0, "Typed. ")
        for name in ("sub/deleted.md", "old.md", "lost.md"):
            await has_heard(api, name, "Typed. " + TEXT)
        assert (await api.raw("DELETE", "api/contents/sub/deleted.md")).status == 204
        body = json.dumps({"path": "new.md"})
        assert (await api.raw("PATCH", "api/contents/old.md", body=body)).status == 200
        (home / "lost.md").unlink()
        await eventually((home / "lost.md").exists)  # by a look that sees all of them
        await eventually(lambda: (home / "new.md").read_text() == "Typed. " + TEXT)
    assert not (home / "sub" / "deleted.md").exists()
    assert not (home / "old.md").exists()


@pytest.mark.parametrize("stays_open", [0.1])
async def test_what_nobody_has_open_any_more_does_not_come_back(
    api: Api, home: Path, remote: Path, entering: Enter
) -> None:
    for name in ("closed.md", "lost.md"):
        (home / name).write_text(TEXT)
    await api.set_up(remote.as_uri())
    async with entering("lost.md") as lost:
        async with entering("closed.md") as closed:
            text_of(closed).insert(0, "Typed. ")
            await has_heard(api, "closed.md", "Typed. " + TEXT)
        await eventually(lambda: len(loaders_of(api)) == 1)
        (home / "closed.md").unlink()
        (home / "lost.md").unlink()
        text_of(lost).insert(0, "Typed. ")
        await eventually((home / "lost.md").exists)  # by a look that would see both
    assert not (home / "closed.md").exists()


async def test_what_a_link_fetches_is_in_the_document(
    api: Api, home: Path, remote: Path, tmp_path: Path, entering: Enter
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    async with entering("notes.md") as document:
        (await api.post("pause")).ok()
        bob.writes("notes.md", TEXT + "Fourth.\n", OLD)  # for the room no change
        page = await api.get("open", remote=remote.as_uri(), path="notes.md")
        await arrived(api, await submit(api, page.text))
        await eventually(lambda: document.get() == TEXT + "Fourth.\n")
