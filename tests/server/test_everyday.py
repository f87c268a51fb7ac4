"""A user's day: setting up, saving, looking back, conflicts, ignoring."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubsync import Identity, Session, Workspace
from tests.server.conftest import PATIENCE, Api, eventually

BOB = Identity("bob", "hub-b")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Where hub B has its clone."""
    return tmp_path / "other"


def clone(remote: Path, other: Path) -> None:
    Workspace.clone(remote.as_uri(), str(other), identity=BOB)[0].close()


def sync(other: Path) -> None:
    with Workspace.open(str(other)) as workspace:
        workspace.sync(identity=BOB)


async def test_nothing_happens_before_anything_is_set_up(api: Api, home: Path) -> None:
    await api.start()
    status = await api.status()
    assert (status["state"], status["workspace"]) == ("not-set-up", None)
    assert not api.service.running.begun
    for method, path in (("POST", "sync"), ("POST", "pause"), ("GET", "log"), ("GET", "marks")):
        (await api.send(method, path)).refused(409, "not-set-up")
    assert list(home.iterdir()) == []


async def test_trying_says_what_would_go_up_and_changes_nothing(
    api: Api, home: Path, remote: Path
) -> None:
    await api.start()
    (home / "notes.md").write_text("12345\n")
    (home / "large.bin").write_bytes(b"x" * 1000)
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("secret")
    (home / "__pycache__").mkdir()
    (home / "__pycache__" / "a.pyc").write_text("")
    task = (await api.post("setup/try", url=remote.as_uri(), wait=30)).ok()["task"]
    assert (task["kind"], task["state"]) == ("setup-try", "done")
    result = task["result"]
    assert result["remote"] == {"kind": "mirror", "found": False}
    assert (result["up"]["files"], result["up"]["bytes"]) == (2, 1006)
    assert result["up"]["largest"][0] == {"path": "large.bin", "size": 1000}
    assert {one["path"] for one in result["ignored"]} == {".aws", "__pycache__"}
    assert result["withheld"] == [".aws"]
    assert list(remote.iterdir()) == []
    assert not (home / ".hubsync").exists()
    assert (await api.status())["state"] == "not-set-up"


async def test_trying_a_repository_names_the_files_with_secrets_and_never_the_secret(
    api: Api, home: Path, tmp_path: Path
) -> None:
    await api.start()
    token = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"
    (home / "notes.md").write_text("12345\n")
    (home / "sec.py").write_text(f"token = '{token}'\n")
    url = f"git+file://{tmp_path}/work.git"
    answer = await api.post("setup/try", url=url, wait=30)
    result = answer.ok()["task"]["result"]
    assert result["up"]["files"] == 1
    held = result["held"]
    assert (held["files"], held["bytes"], held["unsearched"]) == (1, 51, 0)
    assert [(one["path"], one["code"]) for one in held["problems"]] == [("sec.py", "secret-found")]
    assert "line 1" in held["problems"][0]["message"]
    assert token not in answer.text


async def test_an_embedded_remote_takes_a_place_of_its_own(
    api: Api, home: Path, tmp_path: Path
) -> None:
    remotes = tmp_path / "data-home" / "hubsync" / "remotes"
    (remotes / home.name).mkdir(parents=True)
    (home / "notes.md").write_text("notes\n")
    await api.start()
    task = (await api.post("setup/try", embedded=True, wait=30)).ok()["task"]
    assert task["result"]["url"] == (remotes / f"{home.name}-2").as_uri()
    assert [one.name for one in remotes.iterdir()] == [home.name]
    (await api.post("setup", embedded=True, wait=30)).ok()
    await api.until_state("synced")
    assert (remotes / f"{home.name}-2" / "notes.md").read_text() == "notes\n"


async def test_trying_a_place_that_is_not_there_says_why(api: Api) -> None:
    url = "git+http://127.0.0.1:9/nobody/nothing.git"
    problem = (await api.post("setup/try", url=url, wait=30)).refused(424, "unreachable")
    assert "127.0.0.1:9" in problem["message"]


async def test_trying_a_folder_that_cannot_be_says_so_and_makes_nothing(
    api: Api, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    problem = (await api.post("setup/try", url=f"file://{tmp_path}/file/x", wait=30)).refused(
        424, "no-folder"
    )
    assert f"{tmp_path}/file is no folder" in problem["message"]
    assert (await api.post("setup/try", url=f"file://{tmp_path}/new/x", wait=30)).ok()
    assert not (tmp_path / "new").exists()


async def test_a_save_is_on_the_remote_after_set_up(api: Api, home: Path, remote: Path) -> None:
    (home / "before.md").write_text("before\n")
    status = await api.set_up(remote.as_uri())
    assert status["workspace"]["root"] == str(home.resolve())
    assert [one["url"] for one in status["workspace"]["remotes"]] == [remote.as_uri()]
    assert (remote / "before.md").read_text() == "before\n"
    await api.save("saved.md", "saved\n")
    await eventually((remote / "saved.md").exists)
    last = (await api.get("last")).ok()["outcome"]
    while "saved.md" not in last["sent"]:
        last = (await api.get("last")).ok()["outcome"]
    (await api.post("setup", url=remote.as_uri())).refused(409, "set-up-already")


async def test_what_happens_is_told_on_the_event_socket(
    api: Api, home: Path, remote: Path, jp_ws_fetch: Callable[..., Any]
) -> None:
    await api.set_up(remote.as_uri())
    socket = await jp_ws_fetch("api/events/subscribe")
    await api.save("told.md", "told\n")
    states: list[str] = []
    sent: list[str] = []
    while not (sent and states[-1] == "synced"):
        async with asyncio.timeout(PATIENCE):
            event = json.loads(await socket.read_message())
        if event["schema_id"] != "https://events.hubsync.org/session/v1":
            continue
        states.append(event["status"]["state"])
        if event["action"] == "synced":
            sent += event["outcome"]["sent"]
    assert sent == ["told.md"]
    assert "pending" in states
    socket.close()


async def test_what_another_hub_changed_arrives_and_is_named(
    api: Api, home: Path, remote: Path, other: Path
) -> None:
    await api.set_up(remote.as_uri())
    clone(remote, other)
    (other / "theirs.md").write_text("theirs\n")
    sync(other)
    await eventually((home / "theirs.md").exists)
    outcome = (await api.get("last")).ok()["outcome"]
    while "theirs.md" not in outcome["changed_here"]:
        outcome = (await api.get("last")).ok()["outcome"]


async def test_paused_nothing_is_sent_until_it_goes_on(api: Api, home: Path, remote: Path) -> None:
    await api.set_up(remote.as_uri())
    assert (await api.post("pause")).ok()["status"]["state"] == "paused"
    await api.save("later.md", "later\n")
    status = await api.until(lambda status: status["pending"])
    assert (status["state"], status["paused"]) == ("paused", True)
    marks = (await api.get("marks", path="")).ok()["marks"]
    assert marks["later.md"] == ["pending"]
    assert not (remote / "later.md").exists()
    await api.post("resume")
    await eventually((remote / "later.md").exists)


async def test_a_pause_is_not_ended_by_what_a_person_puts_right(
    api: Api, home: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "notes.md").write_text("theirs\n")
    (home / "notes.conflict-0123abcd.md").write_text("mine\n")
    (home / "token.txt").write_text("anything\n")
    await api.set_up(remote.as_uri())
    await api.post("pause")
    asked: list[Session] = []
    monkeypatch.setattr(Session, "sync_now", lambda self: asked.append(self))
    (await api.post("resolve", path="notes.md", keep="theirs")).ok()
    (await api.post("allow", path="token.txt")).ok()
    assert asked == []
    await api.post("sync")
    assert len(asked) == 1, "a person asks for a sync, and is given none"
    await api.post("resume")
    (await api.post("allow", path="token.txt")).ok()
    assert len(asked) == 2


async def test_push_pull_and_stop_are_tasks_of_their_own(
    api: Api, home: Path, remote: Path, other: Path
) -> None:
    await api.set_up(remote.as_uri())
    assert (await api.post("stop")).ok()["status"]["state"] == "off"
    (home / "mine.md").write_text("mine\n")
    task = (await api.post("push", message="by hand", wait=30)).ok()["task"]
    assert [one["path"] for one in task["result"]["up"]] == ["mine.md"]
    assert (await api.get(f"tasks/{task['id']}")).ok()["task"] == task
    clone(remote, other)
    (other / "theirs.md").write_text("theirs\n")
    sync(other)
    task = (await api.post("pull", wait=30)).ok()["task"]
    assert [one["path"] for one in task["result"]["down"]] == ["theirs.md"]
    log = (await api.get("log", limit="2")).ok()["log"]
    assert [one["message"] for one in log] == ["", "by hand"]
    changes = (await api.get("changes")).ok()["changes"]
    assert (changes["local"], changes["remote"]) == ([], [])
    await api.post("start")
    await api.until_state("synced")


async def test_versions_are_compared_and_restored(api: Api, home: Path, remote: Path) -> None:
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (home / "notes.md").write_text("first\n")
    (home / "one.ipynb").write_text(json.dumps(notebook))
    (home / "bytes.bin").write_bytes(b"\0\1")
    await api.set_up(remote.as_uri())
    await api.save("notes.md", "second\n")
    await eventually(lambda: (remote / "notes.md").read_text() == "second\n")
    await api.until_state("synced")
    versions = (await api.get("versions", path="notes.md")).ok()["versions"]
    old = versions[-1]["version"]
    compared = (await api.get("compare", path="notes.md", **{"from": old})).ok()
    assert (compared["from"]["text"], compared["to"]["text"]) == ("first\n", "second\n")
    assert (compared["from"]["kind"], compared["to"]["version"]) == ("text", "current")
    content = (await api.get("content", path="one.ipynb")).ok()["content"]
    assert (content["kind"], content["notebook"], content["text"]) == ("notebook", notebook, None)
    kinds = {
        path: (await api.get("content", path=path)).ok()["content"]["kind"]
        for path in ("bytes.bin", "gone.txt")
    }
    assert kinds == {"bytes.bin": "binary", "gone.txt": "absent"}
    task = (await api.post("restore", path="notes.md", at=old, wait=30)).ok()["task"]
    assert task["result"]["path"] == "notes.md"
    assert (home / "notes.md").read_text() == "first\n"
    (await api.get("content", path="notes.md", version="nonsense")).refused(404, "no-such-version")


async def test_nothing_outside_the_workspace_is_shown(api: Api, home: Path, remote: Path) -> None:
    (home / "link").symlink_to("/etc")
    await api.set_up(remote.as_uri())
    for path in ("../x", "/etc/passwd", "a/../../x", "link/passwd", ""):
        (await api.get("content", path=path)).refused(404, "not-found")
        (await api.get("versions", path=path)).refused(404, "not-found")
        for copy in ("../x", "link/passwd"):
            (await api.get("conflict", path=path, copy=copy)).refused(404, "not-found")
    (await api.get("marks", path="../..")).refused(404, "not-found")


async def test_a_conflict_is_shown_with_both_sides_and_resolved(
    api: Api, home: Path, remote: Path, other: Path
) -> None:
    (home / "notes.md").write_text("one\n")
    await api.set_up(remote.as_uri())
    clone(remote, other)
    await api.post("pause")
    (other / "notes.md").write_text("theirs\n")
    sync(other)
    await api.save("notes.md", "mine\n")
    await api.post("resume")
    status = await api.until_state("conflicts")
    (conflict,) = status["conflicts"]
    assert (await api.get("conflicts")).ok()["conflicts"] == [conflict]
    shown = (await api.get("conflict", **conflict)).ok()
    assert (shown["mine"]["text"], shown["theirs"]["text"]) == ("mine\n", "theirs\n")
    # What the session wrote itself is heard a moment later, and looked at.
    await api.until(lambda status: status["state"] == "conflicts" and not status["pending"])
    async with asyncio.timeout(PATIENCE):
        marks: dict[str, list[str]] = {}
        while [marks.get(one) for one in conflict.values()] != [["conflict"], ["conflict"]]:
            marks = (await api.get("marks")).ok()["marks"]
    bad = await api.post("resolve", path="notes.md", keep="neither")
    bad.refused(400, "bad-request")
    changed = (await api.post("resolve", path="notes.md", keep="mine")).ok()["changed"]
    assert changed == sorted([conflict["path"], conflict["copy"]])
    assert (home / "notes.md").read_text() == "mine\n"
    status = await api.until_state("synced")
    assert status["conflict_count"] == 0


async def test_a_file_is_ignored_by_its_own_name_alone(api: Api, home: Path, remote: Path) -> None:
    (home / "data").mkdir()
    await api.set_up(remote.as_uri())
    (home / " odd ").write_text("x")
    assert (await api.get("content", path=" odd ")).ok()["content"]["text"] == "x"
    answer = (await api.post("ignore", path="data/a[1].csv")).ok()
    assert answer == {"pattern": "/data/a\\[1\\].csv", "added": True}
    for name in ("a[1].csv", "a1.csv"):
        await api.save(f"data/{name}", "x\n")
    marks = (await api.get("marks", path="data")).ok()["marks"]
    assert marks["a[1].csv"] == ["ignored"]
    assert "ignored" not in marks.get("a1.csv", [])
    why = (await api.get("ignore", path="data/a[1].csv")).ok()["rule"]
    assert (why["source"], why["pattern"]) == (".hubsyncignore", "/data/a\\[1\\].csv")
    await eventually((remote / "data" / "a1.csv").exists)
    assert not (remote / "data" / "a[1].csv").exists()
    (await api.post("ignore", path="x", pattern="y")).refused(400, "bad-request")
    (await api.post("ignore", pattern="a\nb")).refused(400, "bad-pattern")


async def test_remotes_are_added_changed_and_removed(
    api: Api, home: Path, remote: Path, tmp_path: Path
) -> None:
    await api.set_up(remote.as_uri())
    url = (tmp_path / "data-remote").as_uri()
    (tmp_path / "data-remote").mkdir()
    added = (await api.post("remotes", name="data", url=url, include=["*.nc"])).ok()
    assert [one["name"] for one in added["remotes"]] == ["origin", "data"]
    names = [one["name"] for one in (await api.status())["workspace"]["remotes"]]
    assert names == ["origin", "data"]
    changed = (await api.send("PATCH", "remotes/data", larger_than=5)).ok()["remotes"][1]
    assert (changed["larger_than"], changed["include"]) == (5, ["*.nc"])
    (await api.post("remotes", name="data", url=url)).refused(400, "remote-exists")
    removed = (await api.send("DELETE", "remotes/data")).ok()
    assert [one["name"] for one in removed["remotes"]] == ["origin"]
    (await api.send("DELETE", "remotes/data")).refused(400, "no-such-remote")


async def test_what_cannot_be_read_is_refused_in_words(api: Api) -> None:
    for body in ("{", "[]", '{"url": 5}', '{"nonsense": 1}', '{"wait": 1000}'):
        answer = await api.raw("POST", "hubsync/setup/try", body=body)
        answer.refused(400, "bad-request")
    (await api.post("setup/try")).refused(400, "no-url")
    (await api.get("tasks/abc")).refused(404, "not-found")


@pytest.mark.parametrize("url", ["github.com/me/repo", "foo", "../outside", "tmp/x"])
async def test_an_address_that_depends_on_a_folder_is_refused_before_anything_is_asked(
    api: Api, home: Path, url: str
) -> None:
    await api.start()
    for route in ("setup/try", "setup"):
        problem = (await api.post(route, url=url, wait=30)).refused(400, "relative-address")
        assert url in problem["message"]
    page = await api.get("open", remote=url)
    assert page.status == 400
    assert "neither an address with a scheme" in page.text
    assert list(home.iterdir()) == []


async def test_a_further_remote_has_an_address_of_its_own_too(
    api: Api, home: Path, remote: Path
) -> None:
    await api.set_up(remote.as_uri())
    (await api.post("remotes", name="more", url="tmp/x")).refused(400, "relative-address")
    (await api.send("PATCH", "remotes/origin", url="tmp/x")).refused(400, "relative-address")


async def test_a_folder_in_the_home_of_the_person_is_found_as_in_a_terminal(
    api: Api,
) -> None:
    await api.start()
    task = (await api.post("setup/try", url="~/mirror", wait=30)).ok()["task"]
    assert task["result"]["url"] == (Path.home() / "mirror").as_uri()


async def test_a_password_in_a_url_is_refused_and_not_repeated(api: Api, home: Path) -> None:
    url = "https://ada:hunter2@example.org/work.git"
    answer = await api.post("setup", url=url, wait=30)
    assert answer.status == 400
    assert "hunter2" not in answer.text
    assert not (home / ".hubsync").exists()


async def test_a_workspace_that_comes_and_goes_in_a_terminal_is_noticed(
    api: Api, home: Path, remote: Path
) -> None:
    (home / "notes.md").write_text("notes\n")
    await api.start()
    await api.until_state("not-set-up")
    Workspace.init(str(home), remote.as_uri()).close()
    await api.until_state("synced")
    assert (remote / "notes.md").read_text() == "notes\n"
    (home / ".hubsync").rename(home.parent / "put-away")
    await api.until_state("not-set-up")
    (await api.post("setup", url=remote.as_uri(), wait=30)).ok()
    await api.until_state("synced")


async def test_a_workspace_that_is_put_away_and_comes_back_goes_on(
    api: Api, home: Path, remote: Path
) -> None:
    (home / "notes.md").write_text("notes\n")
    await api.set_up(remote.as_uri())
    away = home.parent / "put-away"
    (home / ".hubsync").rename(away)
    await api.until_state("not-set-up")
    away.rename(home / ".hubsync")
    await api.until_state("synced")
    await api.save("notes.md", "more notes\n")
    await eventually(lambda: (remote / "notes.md").read_text() == "more notes\n")
