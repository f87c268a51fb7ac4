"""A Git repository as a later remote, or at another URL: in which mode, and how many."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsync import GitChoice, Identity, Workspace
from hubsync.errors import UsageError
from tests.git_hubs import GitSite, Hub, git, no_ones_settings, write

ADA = Identity("ada", "hub")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def in_a_folder(site: GitSite, *, cloned: bool) -> Hub:
    """A workspace that is synced with a folder; ``cloned``: it is a person's clone with commits."""
    directory = site.folder / "work"
    if cloned:
        site.begin({"a": "1"})
        git(site.folder, "clone", "-q", str(site.repository), "work")
    directory.mkdir(exist_ok=True)
    write(directory, {"mine": "not committed"})
    hub = Hub(directory, Workspace.init(str(directory), (site.folder / "folder").as_uri()))
    hub.sync()
    return hub


def settings(hub: Hub, name: str = "origin") -> dict[str, Any]:
    text = (hub.directory / ".hubsync/config.toml").read_text()
    return next(one for one in tomllib.loads(text)["remote"] if one["name"] == name)


def branches(site: GitSite) -> list[str]:
    return git(site.repository, "branch", "--format=%(refname:short)").splitlines()


@pytest.mark.parametrize("how", ["set", "add"])
def test_in_a_clone_with_commits_nobody_commits_to_the_branch_unasked(
    site: GitSite, how: str
) -> None:
    hub = in_a_folder(site, cloned=True)
    chosen = {"user": "ada"}
    if how == "set":
        hub.workspace.set_remote("origin", url=site.url, **chosen)
    else:
        hub.workspace.add_remote("code", site.url, include=("mine",), git=GitChoice(**chosen))
    name = "origin" if how == "set" else "code"
    assert settings(hub, name)["mode"] == "shadow"
    before = hub.git("rev-parse", "HEAD")
    with Workspace.open(str(hub.directory)) as again:
        write(hub.directory, {"mine": "edited"} if how == "set" else {})
        again.sync(identity=ADA)
    assert hub.git("rev-parse", "HEAD") == before
    assert git(site.repository, "log", "--format=%s", "main") == "begin"
    if how == "set":
        assert git(site.repository, "show", "hubsync/ada.shadow/main:mine") == "edited"


def test_in_a_plain_folder_it_is_branch_mode_and_stays_so(site: GitSite) -> None:
    hub = in_a_folder(site, cloned=False)
    hub.workspace.set_remote("origin", url=site.url)
    assert (settings(hub)["mode"], settings(hub)["branch"]) == ("branch", "main")
    hub.sync()
    assert site.files() == {"mine": "not committed"}
    with Workspace.open(str(hub.directory)) as again:
        assert again.sync(identity=ADA).nothing_done()
    assert branches(site) == ["main"]


def test_a_mode_can_be_chosen_with_the_url_and_changed_later(site: GitSite) -> None:
    hub = in_a_folder(site, cloned=True)
    hub.workspace.set_remote("origin", url=site.url, mode="branch")
    hub.sync()
    assert site.files() == {"a": "1", "mine": "not committed"}
    hub.workspace.set_remote("origin", mode="shadow", user="Ada B.")
    assert settings(hub).keys() == {"name", "url", "mode", "user"}
    hub.write({"mine": "again"})
    assert not hub.sync().conflicts
    assert git(site.repository, "show", "hubsync/Ada-B.shadow/main:mine") == "again"
    assert site.files()["mine"] == "not committed"
    hub.workspace.set_remote("origin", mode="branch")
    assert settings(hub).keys() == {"name", "url", "mode", "branch"}
    assert not hub.sync().conflicts
    assert site.files()["mine"] == "again"
    assert hub.is_clean()


def test_what_was_chosen_for_git_counts_no_more_for_a_folder(site: GitSite) -> None:
    hub = site.hub("hub", {"a": "1"})
    hub.sync()
    hub.workspace.set_remote("origin", url=(site.folder / "folder").as_uri(), create=True)
    assert settings(hub).keys() == {"name", "url"}
    hub.sync()
    assert (site.folder / "folder/a").read_text() == "1"
    with pytest.raises(UsageError) as caught:
        hub.workspace.set_remote("origin", mode="shadow")
    assert caught.value.code == "not-for-this-remote"


def test_a_workspace_is_a_clone_of_one_repository(site: GitSite) -> None:
    hub = site.hub("hub", {"a": "1"})
    hub.sync()
    before = (hub.directory / ".hubsync/config.toml").read_text()
    other = f"git+file://{site.folder}/other.git"
    with pytest.raises(UsageError) as caught:
        hub.workspace.add_remote("other", other, include=("b",))
    assert caught.value.code == "second-repository"
    hub.workspace.add_remote("folder", (site.folder / "folder").as_uri(), include=("b",))
    with pytest.raises(UsageError) as caught:
        hub.workspace.set_remote("folder", url=other, create=True)
    assert caught.value.code == "second-repository"
    assert not (site.folder / "other.git").exists()
    assert settings(hub)["url"] == site.url
    assert before in (hub.directory / ".hubsync/config.toml").read_text()
