"""Files that are moved: the old name goes nowhere before the new one is there (rule 7)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import Identity, SyncRequest, Workspace
from hubsync.errors import HubsyncError, SafetyStop
from tests.git_hubs import GitSite, no_ones_settings
from tests.servers.objects_servers import plain_rclone_s3

ME = Identity("ada", "hub-a")
SECRET = 'aws_access_key_id = "AKIAQYLPMN5HHHFPZAM2"\n'


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "data").mkdir(parents=True)
    for number in range(4):
        (folder / f"note{number}").write_text(f"note {number}")
    (folder / "data/d").write_text("data")
    return folder


@pytest.fixture
def workspace(work: Path, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.init(str(work), (tmp_path / "notes").as_uri()) as opened:
        opened.add_remote("bulk", (tmp_path / "bulk").as_uri(), include=("data/**",))
        opened.sync(identity=ME)
        yield opened


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def test_what_moves_to_another_remote_goes_in_one_sync(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    (work / "note0").rename(work / "data/note0")
    foreseen = workspace.sync(SyncRequest(dry_run=True), identity=ME)
    result = workspace.sync(identity=ME)
    for one in (foreseen, result):
        assert [sent.path for sent in one.up] == ["data/note0"]
        assert one.deleted_remotely == ("note0",)
        assert one.problems == ()
    assert not (tmp_path / "notes/note0").exists()
    assert (tmp_path / "bulk/data/note0").read_text() == "note 0"
    assert workspace.sync(identity=ME).nothing_done()


def test_what_moves_to_a_remote_that_fails_stays_on_the_one_it_leaves(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    log = tmp_path / "bulk/.hubsync/log"
    log.rename(log.with_name("away"))
    log.write_text("in the place of a folder")
    (work / "note0").rename(work / "data/note0")
    (work / "note1").unlink()
    with pytest.raises(HubsyncError) as failed:
        workspace.sync(identity=ME)
    assert "'bulk'" in failed.value.message
    assert failed.value.done is not None
    assert failed.value.done.deleted_remotely == ("note1",)
    assert (tmp_path / "notes/note0").read_text() == "note 0"
    log.unlink()
    log.with_name("away").rename(log)
    assert workspace.sync(identity=ME).deleted_remotely == ("note0",)
    assert (tmp_path / "bulk/data/note0").read_text() == "note 0"


def test_what_moves_to_a_remote_that_is_away_stays_on_the_one_it_leaves(
    work: Path, tmp_path: Path
) -> None:
    with plain_rclone_s3() as server:
        workspace = Workspace.init(str(work), (tmp_path / "notes").as_uri(), env=server.env)
        workspace.add_remote(
            "bulk", f"{server.url}/work", options=server.options, include=("data/**",)
        )
        workspace.sync(identity=ME)
    (work / "note0").rename(work / "data/note0")
    with workspace, pytest.raises(HubsyncError):
        workspace.sync(identity=ME)
    assert (tmp_path / "notes/note0").read_text() == "note 0"


def test_a_name_that_the_storage_refuses_leaves_the_old_one(work: Path) -> None:
    with plain_rclone_s3() as server:
        url = f"{server.url}/work"
        with Workspace.init(str(work), url, options=server.options, env=server.env) as workspace:
            workspace.sync(identity=ME)
            (work / "note0").rename(work / "two\nlines")
            result = workspace.sync(identity=ME)
            assert result.deleted_remotely == ()
            assert sorted(one.path for one in result.problems) == ["note0", "two\nlines"]
            (work / "two\nlines").rename(work / "one line")
            assert workspace.sync(identity=ME).deleted_remotely == ("note0",)


def test_many_that_move_to_another_remote_are_no_deletions(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    for number in range(20):
        (work / f"n{number}.csv").write_text(f"number {number}")
    workspace.sync(identity=ME)
    other, _ = Workspace.clone((tmp_path / "notes").as_uri(), str(tmp_path / "two"), identity=ME)
    with other:
        for number in range(20):
            (work / f"n{number}.csv").rename(work / f"data/n{number}.csv")
        assert workspace.status().stops == ()
        assert len(workspace.sync(identity=ME).deleted_remotely) == 20
        assert other.status().stops == ()
        result = other.sync(identity=ME)
        assert len(result.deleted_locally) == len(result.down) == 20


def test_the_last_file_of_one_remote_of_several_is_no_emptied_remote(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    other, _ = Workspace.clone((tmp_path / "notes").as_uri(), str(tmp_path / "two"), identity=ME)
    with other:
        (work / "data/d").unlink()
        workspace.sync(identity=ME)
        assert other.sync(identity=ME).deleted_locally == ("data/d",)


@pytest.mark.parametrize("tool", ["bulk", "notes"])
def test_a_remote_that_another_tool_emptied_stops_beside_others_too(
    workspace: Workspace, tmp_path: Path, tool: str
) -> None:
    """Rule 9: no hub says that it was on purpose."""
    for path in (tmp_path / tool).rglob("*"):
        if path.is_file() and not any(part.startswith(".hubsync") for part in path.parts):
            path.unlink()
    (tmp_path / tool / ".hubsync.toml").unlink(missing_ok=True)
    with pytest.raises(SafetyStop) as stopped:
        workspace.sync(identity=ME)
    assert stopped.value.code == "remote-empty"


def test_a_hard_link_that_moves_is_no_riddle(workspace: Workspace, work: Path) -> None:
    (work / "data/linked").hardlink_to(work / "note0")
    workspace.sync(identity=ME)
    (work / "data/linked").rename(work / "again")
    foreseen = workspace.sync(SyncRequest(dry_run=True), identity=ME)
    result = workspace.sync(identity=ME)
    for one in (foreseen, result):
        assert one.deleted_remotely == ("data/linked",)
        assert one.problems == ()


def test_a_folder_that_another_remotes_deletions_empty_is_no_obstacle(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    other, _ = Workspace.clone((tmp_path / "notes").as_uri(), str(tmp_path / "two"), identity=ME)
    with other:
        (tmp_path / "two/data/d").unlink()
        (tmp_path / "two/data").rmdir()
        (tmp_path / "two/data").write_text("a file now")
        other.sync(identity=ME)
    assert workspace.status().problems == ()
    assert workspace.sync(SyncRequest(dry_run=True), identity=ME).problems == ()
    assert workspace.sync(identity=ME).problems == ()
    assert (work / "data").read_text() == "a file now"


def test_a_push_leaves_a_name_that_went_to_what_another_hub_edited(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    other, _ = Workspace.clone((tmp_path / "notes").as_uri(), str(tmp_path / "two"), identity=ME)
    with other:
        (tmp_path / "two/note1").write_text("edited")
        other.sync(identity=ME)
    (work / "note0").rename(work / "note1")
    result = workspace.push(identity=ME)
    assert result.unsynced == ("note0", "note1")
    assert (tmp_path / "notes/note0").read_text() == "note 0"


def test_what_git_holds_back_under_a_new_name_keeps_its_old_one(site: GitSite) -> None:
    one = site.hub("one", {"conf.txt": SECRET, "a": "a"})
    one.workspace.allow("conf.txt")
    one.sync()
    two = site.clone("two")
    (one.directory / "conf.txt").rename(one.directory / "settings.txt")
    foreseen = one.workspace.sync(SyncRequest(dry_run=True), identity=ME)
    result = one.sync()
    for told in (foreseen, result):
        assert told.deleted_remotely == ()
        assert {one.path for one in told.problems} == {"conf.txt", "settings.txt"}
    two.sync()
    assert two.files()["conf.txt"] == SECRET.strip()
    one.workspace.allow("settings.txt")
    one.sync()
    two.sync()
    assert set(two.files()) == {"a", "settings.txt"}


def test_what_moves_from_a_mirror_to_git_that_holds_it_back_stays_on_the_mirror(
    site: GitSite, tmp_path: Path
) -> None:
    one = site.hub("one", {"a": "a", "data/key.txt": SECRET, "data/d": "d"})
    one.workspace.add_remote("bulk", (tmp_path / "bulk").as_uri(), include=("data/**",))
    one.sync()
    (one.directory / "data/key.txt").rename(one.directory / "key.txt")
    status, foreseen = one.workspace.status(), one.sync(dry_run=True)
    result = one.sync()
    for told in (status, foreseen, result):
        assert {found.path for found in told.problems} == {"data/key.txt", "key.txt"}
    assert foreseen.deleted_remotely == result.deleted_remotely == ()
    assert (tmp_path / "bulk/data/key.txt").read_text() == SECRET
    one.workspace.allow("key.txt")
    one.sync()
    assert not (tmp_path / "bulk/data/key.txt").exists()
    assert site.files()["key.txt"] == SECRET.strip()


def test_a_file_that_becomes_a_folder_with_itself_in_it_travels(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    (work / "note0").rename(work / "aside")
    (work / "note0").mkdir()
    (work / "aside").rename(work / "note0/first")
    workspace.sync(identity=ME)
    assert (tmp_path / "notes/note0/first").read_text() == "note 0"
    assert workspace.sync(identity=ME).nothing_done()
