"""Links that bring a workspace here: asked first, and only by a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from hubsync import Identity, Workspace
from tests.server.conftest import Answer, Api
from tests.server.test_guarded import logged_in

BOB = Identity("bob", "hub-b")


@pytest.fixture
def course(tmp_path: Path) -> str:
    """A remote with a lesson in it."""
    (tmp_path / "course").mkdir()
    root = tmp_path / "teacher"
    (root / "week 1").mkdir(parents=True)
    (root / "week 1" / "a#b.md").write_text("lesson\n")
    url = (tmp_path / "course").as_uri()
    with Workspace.init(str(root), url) as workspace:
        workspace.sync(identity=BOB)
    return url


async def submit(api: Api, form: str, **headers: str) -> Answer:
    """What the page's form does."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return await api.raw(
        "POST",
        "hubsync/open",
        body=urlencode(fields),
        headers={**kind, **headers},
        follow_redirects=False,
    )


async def arrived(api: Api, answer: Answer) -> Answer:
    """Follow the page of progress to its end."""
    assert answer.status == 302, answer.text
    while True:
        query = answer.headers["Location"].partition("task=")[2]
        shown = await api.raw(
            "GET", "hubsync/open/progress", params={"task": query}, follow_redirects=False
        )
        if 'http-equiv="refresh"' not in shown.text:
            return shown


async def test_the_page_asks_and_does_nothing(api: Api, home: Path, course: str) -> None:
    await api.start()
    page = await api.get("open", remote=course, path="week 1/a#b.md")
    assert page.status == 200
    assert course in page.text
    assert str(home / "course") in page.text
    assert "week 1/a#b.md" in page.text
    assert "<script" not in page.text
    assert list(home.iterdir()) == []
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"


async def test_a_yes_clones_and_opens_the_file(api: Api, home: Path, course: str) -> None:
    await api.start()
    page = await api.get("open", remote=course, path="week 1/a#b.md")
    shown = await arrived(api, await submit(api, page.text))
    assert shown.status == 302, shown.text
    assert shown.headers["Location"] == "/a%40b/lab/tree/course/week%201/a%23b.md"
    assert (home / "course" / "week 1" / "a#b.md").read_text() == "lesson\n"
    again = await api.get("open", remote=course)
    assert "Get what is new?" in again.text


async def test_a_link_that_was_followed_before_the_home_became_a_workspace_gets_what_is_new(
    api: Api, home: Path, remote: Path, tmp_path: Path, course: str
) -> None:
    await api.start()
    page = await api.get("open", remote=course)
    await arrived(api, await submit(api, page.text))
    await api.set_up(remote.as_uri())
    (tmp_path / "teacher" / "week 1" / "a#b.md").write_text("corrected\n")
    with Workspace.open(str(tmp_path / "teacher")) as workspace:
        workspace.sync(identity=BOB)
    page = await api.get("open", remote=course, path="week 1/a#b.md")
    assert "Get what is new?" in page.text
    shown = await arrived(api, await submit(api, page.text))
    assert shown.status == 302, shown.text
    assert shown.headers["Location"] == "/a%40b/lab/tree/course/week%201/a%23b.md"
    assert (home / "course" / "week 1" / "a#b.md").read_text() == "corrected\n"


async def test_in_a_home_that_is_a_workspace_nothing_else_is_brought(
    api: Api, home: Path, remote: Path, course: str
) -> None:
    await api.set_up(remote.as_uri())
    page = await api.get("open", remote=course)
    assert page.status == 400
    assert "synced with something else" in page.text


async def test_a_workspace_of_another_remote_is_in_the_way_in_such_a_home_too(
    api: Api, home: Path, remote: Path, course: str
) -> None:
    (home / "course").mkdir()
    Workspace.init(str(home / "course"), remote.with_name("other").as_uri()).close()
    await api.set_up(remote.as_uri())
    page = await api.get("open", remote=course)
    assert page.status == 400
    assert "no workspace of that remote" in page.text


async def test_without_the_token_of_the_page_nothing_is_done(
    api: Api, home: Path, course: str, jp_fetch: Callable[..., Any]
) -> None:
    await api.start()
    who = await logged_in(api, jp_fetch)
    page = await api.raw("GET", "hubsync/open", params={"remote": course}, headers=dict(who))
    given = [one.partition(";")[0] for one in page.headers.get_list("Set-Cookie")]
    who["Cookie"] = "; ".join([who["Cookie"], *given])
    forged = re.sub(r'name="_xsrf" value="[^"]*"', 'name="_xsrf" value="2|1|1|1"', page.text)
    assert (await submit(api, forged, **who)).status == 403
    elsewhere = {"Sec-Fetch-Site": "cross-site", **who}
    assert (await submit(api, page.text, **elsewhere)).status == 403
    assert list(home.iterdir()) == []
    assert (await submit(api, page.text, **who)).status == 302


async def test_what_a_link_says_is_shown_as_text(api: Api, course: str) -> None:
    await api.start()
    page = await api.get("open", remote=course, path='<script>alert(1)</script>"')
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    "query",
    [
        {"remote": ""},
        {"remote": "https://ada:hunter2@example.org/x.git"},
        {"remote": "https://ghp_hunter2@example.org/x.git"},
        {"remote": "https://example.org/x.git?token=hunter2"},
        {"remote": "file:///"},
        {"remote": "file:///shared/.ssh"},
        {"remote": "file:///shared/x", "path": "../../etc/passwd"},
    ],
)
async def test_a_link_that_cannot_be_good_is_refused(
    api: Api, home: Path, query: dict[str, str]
) -> None:
    await api.start()
    page = await api.get("open", **query)
    assert page.status == 400
    assert "That did not work" in page.text
    assert "hunter2" not in page.text
    assert list(home.iterdir()) == []


async def test_a_folder_in_the_way_is_left_alone(api: Api, home: Path, course: str) -> None:
    (home / "course").mkdir()
    (home / "course" / "mine.md").write_text("mine\n")
    await api.start()
    page = await api.get("open", remote=course)
    assert page.status == 400
    assert "is there already" in page.text
    assert [one.name for one in (home / "course").iterdir()] == ["mine.md"]


@pytest.mark.parametrize("hubsync_config", [{"root": "course"}])
async def test_a_link_takes_no_place_from_which_this_server_would_send(
    api: Api, home: Path, course: str
) -> None:
    await api.start()
    page = await api.get("open", remote=course)
    assert page.status == 400
    assert list(home.iterdir()) == []


async def test_what_a_link_carries_beside_an_address_stands_in_no_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    await api.start()
    for remote in (
        "https://ada:hunter2@example.org/x.git",
        "https://hunter2@example.org/x.git",
        "https://example.org/x.git?token=hunter2",
        "https://[hunter2@example.org/x.git",
    ):
        assert (await api.get("open", remote=remote)).status == 400
        asked = await api.raw(
            "GET",
            "hubsync/open",
            params={"remote": remote},
            headers={"Authorization": "none"},
            follow_redirects=False,
        )
        assert asked.status == 302
        assert "hunter2" not in asked.headers["Location"]
    assert caplog.text.count("GET /a%40b/hubsync/open") == 8
    assert "hunter2" not in caplog.text
