"""Signing in at GitHub with a code and a link."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_hubs import git
from tests.server.conftest import PATIENCE, Api
from tests.servers.git_bare import bare
from tests.servers.github import FakeGitHub, fake_github


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGitHub]:
    """A GitHub with an app that this hub names."""
    with fake_github(interval=1) as there:
        for name, value in there.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", str(tmp_path))  # no helper of this machine is asked
        yield there


async def test_a_code_and_a_link_then_a_login(hub: FakeGitHub, api: Api) -> None:
    status = await api.status()
    assert (status["login"]["host"], status["login"]["available"]) == (hub.host, True)
    before = (await api.get("login")).ok()
    assert (before["accounts"], before["error"]["code"]) == ([], "access-denied")
    device = (await api.post("login")).ok()["device"]
    assert device["code"].startswith("WDJB-")
    assert device["link"].startswith(f"http://{hub.host}/")
    assert device["state"] == "waiting"
    assert (await api.status())["login"]["waiting"]["code"] == device["code"]
    while device["state"] == "waiting":
        await asyncio.sleep(0.1)
        device = (await api.get("login/device")).ok()["device"]
    assert (device["state"], device["account"]["user"]) == ("done", "octocat")
    after = await api.get("login")
    assert [one["user"] for one in after.ok()["accounts"]] == ["octocat"]
    assert not any(secret in after.text for secret in hub.secrets)
    assert (await api.post("logout")).ok() == {"host": hub.host, "forgotten": True}


async def test_a_login_is_given_up(hub: FakeGitHub, api: Api) -> None:
    hub.approve_after = None
    await api.post("login")
    assert (await api.send("DELETE", "login/device")).ok() == {"device": None}
    assert (await api.status())["login"]["waiting"] is None


async def test_who_waits_for_a_code_hears_that_the_login_was_given_up(
    hub: FakeGitHub, api: Api
) -> None:
    with socket.socket() as silent:  # a GitHub that takes connections and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(PATIENCE)
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        waiting = asyncio.create_task(api.post("login", host=host))
        connection, _ = await asyncio.to_thread(silent.accept)
        (await api.send("DELETE", "login/device")).ok()
        (await waiting).refused(409, "login-ended")
        connection.close()


async def test_a_token_is_taken_and_never_shown(hub: FakeGitHub, api: Api) -> None:
    token = hub.give_token()
    answer = await api.post("login/token", token=token)
    assert answer.ok()["account"]["user"] == "octocat"
    assert token not in answer.text
    (await api.post("login/token", token="two\nlines")).refused(400, "no-token")


async def test_without_an_app_it_is_said_what_to_do(api: Api) -> None:
    problem = (await api.post("login", host="127.0.0.1:9")).refused(400, "no-client-id")
    assert "GH_SCOPED_CREDS_CLIENT_ID" in problem["hint"]


async def test_repositories_are_offered_and_made(hub: FakeGitHub, api: Api) -> None:
    (await api.get("github/repositories")).refused(424, "access-denied")
    await api.post("login/token", token=hub.give_token())
    hub.owned = ["octocat/notes"]
    offered = (await api.get("github/repositories")).ok()
    assert [one["full_name"] for one in offered["repositories"]] == ["octocat/notes"]
    assert offered["repositories"][0]["can_push"] is True
    assert offered["next"] is None
    made = await api.post("github/repositories", name="work")
    assert made.status == 201
    assert made.ok()["repository"]["url"] == f"git+http://{hub.host}/octocat/work.git"
    assert made.ok()["repository"]["private"] is True
    (await api.post("github/repositories", name="work")).refused(400, "not-created")
    (await api.post("github/repositories", name="a b")).refused(400, "bad-repository-name")


async def test_who_may_not_push_works_on_a_fork(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: Api, home: Path
) -> None:
    folder = tmp_path / "repositories"
    (folder / "lab").mkdir(parents=True)
    bare(folder / "lab/work.git")
    git(folder, "clone", "-q", str(folder / "lab/work.git"), "first")
    (folder / "first/notes.md").write_text("one\n")
    for step in (["add", "-A"], ["commit", "-qm", "Begin"], ["push", "-q", "origin", "HEAD:main"]):
        git(folder / "first", *step)
    with fake_github(repositories=folder, user="ada", read_only={"lab/work"}) as there:
        for name, value in {**there.env, "GITHUB_TOKEN": there.give_token()}.items():
            monkeypatch.setenv(name, value)
        await api.start()
        url = f"git+http://{there.host}/lab/work.git"
        (await api.post("setup", url=url, mode="branch", wait=30)).ok()
        await api.until_state("synced")
        await api.save("notes.md", "ONE\n")
        status = await api.until(lambda found: found["trouble"] is not None)
        assert status["trouble"]["code"] == "no-right-to-push"
        made = (await api.post("fork", wait=30)).ok()["task"]["result"]["fork"]
        assert made["url"] == f"git+http://{there.host}/ada/work.git"
        assert made["pull_request"].startswith(f"http://{there.host}/lab/work/compare/")
        await api.until_state("synced")
        assert git(folder / "ada/work.git", "show", "main:notes.md") == "ONE"
        assert (await api.status())["workspace"]["remotes"][0]["url"] == made["url"]
