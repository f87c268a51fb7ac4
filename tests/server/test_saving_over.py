"""What another hub sends at the moment in which a page saves is not replaced unseen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tornado.web import HTTPError

from tests.elsewhere import Elsewhere
from tests.notebooks import notebook
from tests.server.conftest import Api, eventually

TEXT = "First.\n\nSecond.\n\nThird.\n"
BOBS = TEXT.replace("Third.", "Third, by Bob.")


async def loads(api: Api, path: str) -> None:
    """As a page does."""
    (await api.raw("GET", f"api/contents/{path}", params={"content": "1", "hash": "1"})).ok()


async def sends(bob: Elsewhere, here: Path, text: str) -> None:
    """Until it is here."""
    bob.writes(here.name, text)
    await eventually(lambda: here.read_text() == text)


def copies(home: Path) -> list[str]:
    return [one.read_text() for one in home.glob("*.conflict-*")]


async def test_what_came_between_the_look_and_the_save_is_kept(
    api: Api, home: Path, remote: Path, tmp_path: Path
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    await loads(api, "notes.md")
    await sends(Elsewhere(tmp_path / "bob", remote.as_uri()), home / "notes.md", BOBS)
    await api.save("notes.md", f"Ada. {TEXT}")
    assert (home / "notes.md").read_text() == f"Ada. {TEXT}"
    assert copies(home) == [BOBS]
    await api.until(lambda status: status["conflict_count"] == 1)
    await eventually(lambda: (remote / "notes.md").read_text() == f"Ada. {TEXT}")
    assert copies(remote) == [BOBS]


async def test_a_notebook_that_came_is_kept_too(
    api: Api, home: Path, remote: Path, tmp_path: Path
) -> None:
    first, mine, bobs = (notebook(f"x = {one}") for one in (1, 2, 3))
    (home / "work.ipynb").write_text(first)
    await api.set_up(remote.as_uri())
    await loads(api, "work.ipynb")
    await sends(Elsewhere(tmp_path / "bob", remote.as_uri()), home / "work.ipynb", bobs)
    await api.save("work.ipynb", mine)
    assert copies(home) == [bobs]


async def test_what_was_read_saved_or_only_touched_needs_no_copy(
    api: Api, home: Path, remote: Path, tmp_path: Path
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    await loads(api, "notes.md")
    for text in ("One.\n", "Two.\n"):
        await api.save("notes.md", text)
    os.utime(home / "notes.md")
    await api.save("notes.md", "Three.\n")
    await eventually(lambda: (remote / "notes.md").read_text() == "Three.\n")
    await sends(bob, home / "notes.md", BOBS)
    await loads(api, "notes.md")
    await api.save("notes.md", f"Ada. {BOBS}")
    (home / "notes.md").write_text(TEXT)
    await api.save("notes.md", TEXT)
    assert copies(home) == []


async def test_what_can_be_no_path_is_refused_as_jupyter_does(
    api: Api, home: Path, remote: Path
) -> None:
    (home / "notes.md").write_text(TEXT)
    await api.set_up(remote.as_uri())
    for odd in ("a\0b", "long" * 100):
        with pytest.raises(HTTPError):
            await api.app.contents_manager.get(odd, require_hash=True)
