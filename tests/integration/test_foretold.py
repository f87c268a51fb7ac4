"""What status and a dry run say is what a sync then does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubsync import Identity, SyncRequest, Workspace
from tests.servers import Server

ADA, BOB = Identity("ada", "hub-a"), Identity("bob", "hub-b")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "here").mkdir()
    with Workspace.init(str(tmp_path / "here"), f"file://{tmp_path}/remote") as workspace:
        yield workspace


def other_hub(here: Workspace) -> Workspace:
    """A clone of what is on the remote by now."""
    parent = Path(here.root).parent
    return Workspace.clone(f"file://{parent}/remote", str(parent / "there"), identity=BOB)[0]


def test_an_ignored_empty_directory_of_the_remote_is_no_change(here: Workspace) -> None:
    Path(here.root, "scratch").mkdir()
    Path(here.root, "n").write_text("n")
    here.sync(identity=ADA)
    here.ignore("scratch/")
    here.sync(identity=ADA)
    with other_hub(here) as there:
        for workspace in (here, there):
            assert workspace.sync(identity=ADA).nothing_done()
            assert workspace.status().remote == ()


def prepared(here: Workspace, *, rule: str, ignored: str, kept: str) -> None:
    """The folder ``data``, synced; ignored is what it holds by now beside ``kept``. On another hub
    a file is in its place."""
    root = Path(here.root)
    (root / "data").mkdir()
    if kept:
        (root / kept).write_text(kept)
    for number in range(4):
        (root / f"f{number}").write_text(str(number))
    here.ignore(rule)
    here.sync(identity=ADA)
    (root / ignored).parent.mkdir(exist_ok=True)
    (root / ignored).write_text(ignored)
    with other_hub(here) as there:
        shutil.rmtree(Path(there.root, "data"))
        Path(there.root, "data").write_text("file")
        there.sync(identity=BOB)


FOLDERS = [
    pytest.param("data/sub/", "data/sub/x", "data/y", id="a folder that held more"),
    pytest.param("/data/x", "data/x", "", id="a folder that was empty"),
]


@pytest.mark.parametrize(("rule", "ignored", "kept"), FOLDERS)
@pytest.mark.parametrize("synced", [False, True])
def test_a_folder_that_cannot_give_way_is_named_before_and_after(
    here: Workspace, rule: str, ignored: str, kept: str, synced: bool
) -> None:
    prepared(here, rule=rule, ignored=ignored, kept=kept)
    if synced:
        here.sync(identity=ADA)
    status = here.status()
    trial = here.sync(SyncRequest(dry_run=True), identity=ADA)
    pulled = here.pull(SyncRequest(dry_run=True), identity=ADA)
    done = here.sync(identity=ADA)
    assert [(one.path, one.code) for one in done.problems] == [("data", "folder-in-the-way")]
    assert status.problems == trial.problems == pulled.problems == done.problems
    assert trial.down == pulled.down == done.down == ()
    assert trial.deleted_locally == done.deleted_locally
    assert "data" not in [one.path for one in status.remote]


def test_a_folder_that_can_give_way_is_no_problem(here: Workspace) -> None:
    prepared(here, rule="data/sub/", ignored="data/sub/x", kept="data/y")
    Path(here.root, "data/sub/x").unlink()
    assert here.status().problems == ()
    trial = here.sync(SyncRequest(dry_run=True), identity=ADA)
    done = here.sync(identity=ADA)
    assert trial.problems == done.problems == ()
    assert [one.path for one in trial.down] == [one.path for one in done.down] == ["data"]


def a_binary_on_both_sides(here: Path, there: Path) -> None:
    (there / "b").write_bytes(b"\0two")
    (here / "b").write_bytes(b"\0three")


def a_folder_in_place_of_an_edited_file(here: Path, there: Path) -> None:
    (there / "b").unlink()
    (there / "b").mkdir()
    (there / "b/x").write_text("x")
    (here / "b").write_bytes(b"\0three")


def an_edited_file_in_place_of_a_folder(here: Path, there: Path) -> None:
    (there / "b").write_bytes(b"\0two")
    (here / "b").unlink()
    (here / "b").mkdir()
    (here / "b/x").write_text("x")


@pytest.mark.parametrize("direction", ["sync", "pull"])
@pytest.mark.parametrize(
    "both_edit",
    [
        a_binary_on_both_sides,
        a_folder_in_place_of_an_edited_file,
        an_edited_file_in_place_of_a_folder,
    ],
)
def test_a_dry_run_tells_all_of_a_conflict(
    here: Workspace, both_edit: Callable[[Path, Path], None], direction: str
) -> None:
    Path(here.root, "b").write_bytes(b"\0one")
    here.sync(identity=ADA)
    with other_hub(here) as there:
        both_edit(Path(here.root), Path(there.root))
        there.sync(identity=BOB)
    run = getattr(here, direction)
    trial, done = run(SyncRequest(dry_run=True), identity=ADA), run(identity=ADA)
    assert done.conflicts
    told = ("up", "down", "conflicts", "deleted_locally", "deleted_remotely", "merged", "kept")
    assert {one: getattr(trial, one) for one in told} == {one: getattr(done, one) for one in told}


def test_names_that_a_bucket_cannot_hold_are_named_before_and_after(
    tmp_path: Path, s3_with_conditions: Server
) -> None:
    server, root = s3_with_conditions, tmp_path / "here"
    root.mkdir()
    url = f"{server.url}/{tmp_path.name}"
    with Workspace.init(str(root), url, options=server.options, env=server.env) as here:
        (root / "a").write_text("a")
        (root / "b").write_text("b")
        here.sync(identity=ADA)
        (root / "b").rename(root / "b\nb")
        (root / "c\nd").write_text("c")
        (root / "l\nm").symlink_to("a")
        (root / "e\nf").mkdir()
        (root / "fine").write_text("f")
        for _ in range(2):
            status = here.status()
            trial = here.sync(SyncRequest(dry_run=True), identity=ADA)
            done = here.sync(identity=ADA)
            named = [(path, "name-refused") for path in ("b", "b\nb", "c\nd", "l\nm")]
            for told in (status, trial, done):
                assert sorted((one.path, one.code) for one in told.problems) == named
            assert trial.up == done.up
            assert trial.deleted_remotely == done.deleted_remotely == ()
            assert trial.exit_status() == done.exit_status() == 3
