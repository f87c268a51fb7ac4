"""A workspace with several remotes: what one of them says or suffers, and the others."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import Identity, SyncRequest, Workspace
from hubsync.errors import (
    ConfigError,
    HubsyncError,
    RemoteFormatError,
    RemoteUnavailable,
    SafetyStop,
    UsageError,
)
from tests.servers.objects_servers import plain_rclone_s3

ME = Identity("ada", "hub-a")
MANY = 20


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Notes for the first remote, data for the second; both synced."""
    folder = tmp_path / "work"
    (folder / "data").mkdir(parents=True)
    for number in range(MANY):
        (folder / f"note{number}").write_text(f"note {number}")
        (folder / f"data/d{number}").write_text(f"data {number}")
    return folder


@pytest.fixture
def workspace(work: Path, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.init(str(work), f"file://{tmp_path}/notes") as opened:
        opened.add_remote("bulk", f"file://{tmp_path}/bulk", include=("data/**",))
        opened.sync(identity=ME)
        yield opened


@pytest.fixture
def other(workspace: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """The same on another hub."""
    opened, _ = Workspace.clone(f"file://{tmp_path}/notes", str(tmp_path / "other"), identity=ME)
    with opened:
        yield opened


def names(folder: Path) -> set[str]:
    """Files, but for what hubsync tells other hubs."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".hubsync") for part in path.parts)
    }


def test_each_path_is_on_the_remote_whose_rule_takes_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    assert names(tmp_path / "notes") == {f"note{number}" for number in range(MANY)}
    assert names(tmp_path / "bulk") == {f"data/d{number}" for number in range(MANY)}
    assert workspace.sync(identity=ME).nothing_done()


@pytest.mark.parametrize("gone", ["data", "notes"])
def test_a_safety_stop_of_any_remote_comes_before_anything_is_done_with_another(
    workspace: Workspace, work: Path, tmp_path: Path, gone: str
) -> None:
    """Rule 9: nothing at all is changed."""
    if gone == "data":
        shutil.rmtree(work / "data")
        edited, remote = work / "note0", tmp_path / "notes/note0"
    else:
        for number in range(MANY):
            (work / f"note{number}").unlink()
        edited, remote = work / "data/d0", tmp_path / "bulk/data/d0"
    before = remote.read_text()
    edited.write_text("edited")
    (tmp_path / "notes/from elsewhere").write_text("by another tool")

    with pytest.raises(SafetyStop) as stopped:
        workspace.sync(identity=ME)
    assert ("'bulk'" if gone == "data" else "'origin'") in stopped.value.message
    assert remote.read_text() == before
    assert not (work / "from elsewhere").exists()
    (stop,) = workspace.status().stops
    assert stop.remote == ("bulk" if gone == "data" else "origin")
    assert stop.code == stopped.value.code

    workspace.sync(SyncRequest(confirm_deletes=True), identity=ME)
    assert remote.read_text() == "edited"
    assert (work / "from elsewhere").exists()
    assert workspace.status().stops == ()


@pytest.mark.parametrize("dead", ["origin", "bulk"])
def test_a_remote_that_cannot_be_reached_does_not_hinder_the_other(
    work: Path, tmp_path: Path, dead: str
) -> None:
    folder = tmp_path / "folder"
    with plain_rclone_s3() as server:
        urls = {"origin": folder.as_uri(), "bulk": folder.as_uri()} | {dead: f"{server.url}/work"}
        options = {"origin": {}, "bulk": {}} | {dead: dict(server.options)}
        workspace = Workspace.init(
            str(work), urls["origin"], options=options["origin"], env=server.env
        )
        workspace.add_remote("bulk", urls["bulk"], options=options["bulk"], include=("data/**",))
        workspace.sync(identity=ME)
    with workspace:
        (work / "note0").write_text("edited note")
        (work / "data/d0").write_text("edited data")
        with pytest.raises(RemoteUnavailable) as failed:
            workspace.sync(identity=ME)
    assert repr(dead) in failed.value.message
    name = "data/d0" if dead == "origin" else "note0"
    assert (folder / name).read_text().startswith("edited")
    assert [change.path for change in failed.value.done.up] == [name]


def test_a_path_that_both_remotes_get_belongs_to_the_first_and_the_other_is_left_alone(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    for remote in ("notes", "bulk"):
        (tmp_path / remote / "twice").write_text(f"from {remote}")
    first = workspace.sync(identity=ME)
    assert (work / "twice").read_text() == "from notes"
    assert [(one.path, one.code) for one in first.problems] == [
        ("twice", "owned-by-another-remote")
    ]
    (work / "twice").write_text("edited")
    second = workspace.sync(identity=ME)
    assert (tmp_path / "notes/twice").read_text() == "edited"
    assert (tmp_path / "bulk/twice").read_text() == "from bulk"
    assert [one.path for one in second.problems] == ["twice"]
    third = workspace.sync(identity=ME)
    assert third.nothing_done()
    assert [one.path for one in third.problems] == ["twice"]


def test_a_remote_that_is_removed_and_added_again_settles_without_conflicts(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    workspace.remove_remote("bulk")
    workspace.sync(identity=ME)  # all of it goes to the one that is left
    assert "data/d0" in names(tmp_path / "notes")
    (work / "data/d0").write_text("edited meanwhile")
    workspace.sync(identity=ME)
    workspace.add_remote("bulk", f"file://{tmp_path}/bulk", include=("data/**",))
    # What both remotes have alike needs nobody's attention.
    assert [one.path for one in workspace.status().problems] == ["data/d0"]
    again = workspace.sync(identity=ME)
    assert [one.path for one in again.problems] == ["data/d0"]
    assert workspace.conflicts() == []
    assert (work / "data/d0").read_text() == "edited meanwhile"
    assert (tmp_path / "notes/data/d0").read_text() == "edited meanwhile"
    assert workspace.sync(identity=ME).nothing_done()
    assert names(work) == {f"note{n}" for n in range(MANY)} | {f"data/d{n}" for n in range(MANY)}


def test_a_path_stays_on_the_remote_that_has_it_when_rules_and_memory_are_gone(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    """A lost memory, or a new workspace with the files in it already, puts nothing twice."""
    (work / "data/d0").write_text("edited since")
    workspace.set_remote("bulk", include=("elsewhere/**",))
    shutil.rmtree(work / ".hubsync/state")
    assert {one.path for one in workspace.status().local} == {"data/d0", ".hubsync.toml"}
    first = workspace.sync(identity=ME)
    assert first.problems == ()
    assert names(tmp_path / "notes") == {f"note{number}" for number in range(MANY)}
    assert "data/d0" in names(tmp_path / "bulk")
    contents = {path.read_text() for path in (tmp_path / "bulk/data").iterdir()}
    assert {"data 0", "edited since"} <= contents  # no base any more: kept twice (rule 6)
    assert workspace.sync(identity=ME).nothing_done()


def test_a_new_file_goes_to_the_remote_where_another_tool_has_put_its_name(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    """Also where the rules take it to a remote that is asked before."""
    (tmp_path / "bulk/report").write_text("the same")
    (work / "report").write_text("the same")
    result = workspace.sync(identity=ME)
    assert result.problems == ()
    assert not (tmp_path / "notes/report").exists()
    (work / "report").write_text("edited")
    workspace.sync(identity=ME)
    assert (tmp_path / "bulk/report").read_text() == "edited"
    assert workspace.sync(identity=ME).nothing_done()


def test_a_file_that_became_a_directory_of_another_remotes_is_sent_in_one_sync(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    workspace.set_remote("bulk", larger_than=1000)
    (work / "model").write_text("see the cluster")
    workspace.sync(identity=ME)
    (work / "model").unlink()
    (work / "model").mkdir()
    (work / "model/weights").write_bytes(bytes(5000))
    (work / "model/README").write_text("read me")
    assert {one.path for one in workspace.status().local} == {
        "model",
        "model/README",
        "model/weights",
    }
    result = workspace.sync(identity=ME)
    assert [one.path for one in result.up] == ["model/README", "model/weights"]
    assert "model/weights" in names(tmp_path / "bulk")
    assert "model/README" in names(tmp_path / "notes")
    assert workspace.sync(identity=ME).nothing_done()


def test_work_in_a_directory_is_sent_where_another_hub_made_it_a_file_of_another_remotes(
    workspace: Workspace, work: Path, other: Workspace, tmp_path: Path
) -> None:
    shutil.rmtree(work / "data")
    (work / "data").write_text("moved")
    workspace.sync(SyncRequest(confirm_deletes=True), identity=ME)
    (tmp_path / "other/data/new").write_text("new")
    first = other.sync(SyncRequest(confirm_deletes=True), identity=ME)
    assert [one.path for one in first.up] == ["data/new"]
    assert [(one.path, one.code) for one in first.problems] == [("data", "owned-by-another-remote")]
    (tmp_path / "other/data/more").write_text("more")
    assert [one.path for one in other.status().problems] == ["data"]
    assert [one.path for one in other.push(identity=ME).up] == ["data/more"]
    assert names(tmp_path / "bulk") == {"data/new", "data/more"}
    # The file stays where it was made, and whoever made it is told.
    assert {one.path for one in workspace.sync(identity=ME).problems} == {"data/new", "data/more"}
    assert (work / "data").read_text() == "moved"
    (tmp_path / "other/data").rename(tmp_path / "other/results")
    assert other.sync(identity=ME).problems == ()
    assert (tmp_path / "other/data").read_text() == "moved"
    assert workspace.sync(identity=ME).problems == ()
    assert (work / "results/new").read_text() == "new"


def test_a_file_comes_beside_a_folder_in_which_both_remotes_have_files(
    workspace: Workspace, work: Path, other: Workspace
) -> None:
    """Rule 5, as with one remote."""
    other.set_remote("bulk", larger_than=1000)
    other.sync(identity=ME)
    (work / "model").write_text("from the first hub")
    workspace.sync(identity=ME)
    (Path(other.root) / "model").mkdir()
    (Path(other.root) / "model/README").write_text("read me")
    (Path(other.root) / "model/weights").write_bytes(bytes(5000))
    result = other.sync(identity=ME)
    assert [one.path for one in result.conflicts] == ["model"]
    assert [one.path for one in result.up] == ["model/README", "model/weights"]
    assert result.problems == ()
    assert workspace.sync(identity=ME).problems == ()
    assert names(work) == names(Path(other.root))


CHANGES_REMOTE = {
    # what another hub had, the rules that it then gave the second remote, and what it has now
    "the same path, to the second": (["x/1", "x/2"], "x/**", "x/1"),
    "the same path, to the first": (["data/d1"], "no/", "data/d1"),
    "a file that becomes a directory, of the second": (["x"], "x/**", "x/1"),
    "a file that becomes a directory, of the first": (["data/d1"], "no/", "data/d1/1"),
    "a directory that becomes a file, of the second": (["x/1"], "x", "x"),
    "a directory that becomes a file, of the first": (["data/x/1"], "no/", "data/x"),
}


@pytest.mark.parametrize("name", CHANGES_REMOTE)
def test_what_another_hub_made_anew_on_another_remote_arrives_with_one_sync(
    workspace: Workspace, work: Path, other: Workspace, name: str
) -> None:
    before, include, after = CHANGES_REMOTE[name]
    there = Path(other.root)
    for path in before:
        (there / path).parent.mkdir(exist_ok=True)
        (there / path).write_text("old")
    other.sync(identity=ME)
    workspace.sync(identity=ME)
    other.set_remote("bulk", include=(include,))
    for path in before:
        (there / path).unlink()
        if not any((there / path).parent.iterdir()):
            (there / path).parent.rmdir()
    other.sync(identity=ME)
    (there / after).parent.mkdir(exist_ok=True)
    (there / after).write_text("new")
    other.sync(identity=ME)

    result = workspace.sync(identity=ME)
    assert result.problems == ()
    assert result.conflicts == ()
    assert names(work) == names(there)
    assert (work / after).read_text() == "new"
    assert workspace.sync(identity=ME).nothing_done()


def test_an_edit_of_what_another_hub_made_anew_on_another_remote_stays_and_is_named(
    workspace: Workspace, work: Path, other: Workspace
) -> None:
    other.set_remote("bulk", include=("note*",))
    (Path(other.root) / "note1").unlink()
    other.sync(identity=ME)
    (Path(other.root) / "note1").write_text("new")
    other.sync(identity=ME)
    (work / "note1").write_text("edited")
    result = workspace.sync(identity=ME)
    assert [(one.path, one.code) for one in result.problems] == [
        ("note1", "owned-by-another-remote")
    ]
    assert (work / "note1").read_text() == "edited"


def test_few_files_of_a_part_may_all_be_deleted(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    """An emptied part of a workspace is no emptied workspace: what counts is how much goes."""
    for number in range(3, MANY):
        (work / f"data/d{number}").unlink()
    workspace.sync(SyncRequest(confirm_deletes=True), identity=ME)
    shutil.rmtree(work / "data")
    assert workspace.status().stops == ()
    assert len(workspace.sync(identity=ME).deleted_remotely) == 3
    assert names(tmp_path / "bulk") == set()


def test_status_tells_of_the_remotes_that_answer_and_names_the_one_that_does_not(
    work: Path, tmp_path: Path
) -> None:
    with plain_rclone_s3() as server:
        workspace = Workspace.init(str(work), (tmp_path / "folder").as_uri(), env=server.env)
        workspace.add_remote(
            "bulk", f"{server.url}/work", options=server.options, include=("data/**",)
        )
        workspace.sync(identity=ME)
    with workspace:
        (work / "note0").write_text("edited note")
        status = workspace.status()
        assert [one.path for one in status.local] == ["note0"]
        assert [(one.remote, one.code) for one in status.unavailable] == [("bulk", "unreachable")]


def test_a_damaged_remote_does_not_hinder_the_other(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes/.hubsync/format.json").unlink()
    (work / "note0").write_text("edited note")
    (work / "data/d0").write_text("edited data")
    with Workspace.open(str(work)) as again, pytest.raises(RemoteFormatError) as failed:
        again.sync(identity=ME)
    assert "'origin'" in failed.value.message
    assert (tmp_path / "bulk/data/d0").read_text() == "edited data"
    assert (tmp_path / "notes/note0").read_text() == "note 0"


def test_every_remote_that_fails_is_named(workspace: Workspace, work: Path, tmp_path: Path) -> None:
    for remote in ("notes", "bulk"):
        (tmp_path / remote / ".hubsync/format.json").unlink()
    with Workspace.open(str(work)) as again, pytest.raises(RemoteFormatError) as failed:
        again.sync(identity=ME)
    assert "'origin'" in failed.value.message
    assert "'bulk'" in failed.value.message
    assert "other remotes" not in failed.value.hint


@pytest.mark.parametrize("name", ["origin", "bulk"])
def test_a_remote_that_cannot_be_opened_here_does_not_hinder_the_other(
    workspace: Workspace, work: Path, tmp_path: Path, name: str
) -> None:
    """Nor does the other get what belongs to it, new files among that."""
    settings = work / ".hubsync/config.toml"
    place = f"file://{tmp_path}/{'notes' if name == 'origin' else 'bulk'}"
    settings.write_text(settings.read_text().replace(place, "nosuch://place"))
    for path in ("note0", "data/d0", "new", "data/new"):
        (work / path).write_text("edited")
    mine = ["new", "note0"] if name == "bulk" else ["data/d0", "data/new"]
    with Workspace.open(str(work)) as again:
        status = again.status()
        assert [one.path for one in status.local] == mine
        assert [(one.remote, one.code) for one in status.unavailable] == [
            (name, "unknown-protocol")
        ]
        with pytest.raises(ConfigError) as failed:
            again.sync(identity=ME)
    assert f"The remote {name!r} was not synced" in failed.value.message
    assert "The other remotes were synced" in failed.value.hint
    assert [one.path for one in failed.value.done.up] == mine


def test_status_shows_that_a_remote_is_gone_as_the_safety_stop_it_is(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    (work / "note0").write_text("edited note")
    (tmp_path / "bulk").rename(tmp_path / "away")
    with Workspace.open(str(work)) as again:
        status = again.status()
    assert [(one.remote, one.code) for one in status.stops] == [("bulk", "remote-gone")]
    assert [one.path for one in status.local] == ["note0"]


def test_a_remote_that_fails_while_it_is_written_does_not_hinder_the_other(
    workspace: Workspace, work: Path, tmp_path: Path
) -> None:
    log = tmp_path / "notes/.hubsync/log"
    log.rename(log.with_name("away"))
    log.write_text("in the place of a folder")
    (work / "note0").write_text("edited note")
    (work / "data/d0").write_text("edited data")
    with pytest.raises(HubsyncError) as failed:
        workspace.sync(identity=ME)
    assert "'origin'" in failed.value.message
    assert (tmp_path / "bulk/data/d0").read_text() == "edited data"
    log.unlink()
    log.with_name("away").rename(log)
    workspace.sync(identity=ME)
    assert (tmp_path / "notes/note0").read_text() == "edited note"
    assert workspace.conflicts() == []


@pytest.mark.parametrize("place", ["notes/inner", "."])
def test_remotes_inside_one_another_are_refused(
    workspace: Workspace, tmp_path: Path, place: str
) -> None:
    with pytest.raises(UsageError) as refused:
        workspace.add_remote("inner", (tmp_path / place).resolve().as_uri())
    assert refused.value.code == "nested-remote"
    assert len(workspace.remotes()) == 2


@pytest.mark.parametrize("verb", ["sync", "push"])
def test_rules_that_arrive_from_one_remote_hold_for_what_another_takes(
    workspace: Workspace, work: Path, tmp_path: Path, verb: str
) -> None:
    other, _ = Workspace.clone(f"file://{tmp_path}/notes", str(tmp_path / "other"), identity=ME)
    with other:
        other.accept_remote("bulk") if other.remotes_elsewhere() else None
        other.sync(identity=ME)
        (work / ".hubsyncignore").write_text("private/\n")
        workspace.sync(identity=ME)
        (tmp_path / "other/data/private").mkdir()
        (tmp_path / "other/data/private/s").write_text("private")
        planned = other.sync(SyncRequest(dry_run=True), identity=ME)
        assert not any("private" in change.path for change in planned.up)
        getattr(other, verb)(identity=ME)
        other.sync(identity=ME)
    assert "data/private/s" not in names(tmp_path / "bulk")
