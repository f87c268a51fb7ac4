"""`log`, `restore` and `gc`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.running import Hub


@pytest.mark.parametrize("time", ["0001-01-01", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_has_is_refused(hub_a: Hub, time: str) -> None:
    hub_a.write("f", "1")
    hub_a.run("sync").ok()
    ran = hub_a.run("restore", "f", "--at", time)
    assert ran.status == 2
    assert "is no time of this calendar" in ran.err
    assert "hint" in ran.err


def test_the_log_tells_who_and_what(hub_a: Hub) -> None:
    hub_a.write("notes.md", "edited\n")
    hub_a.run("sync", "-m", "second").ok()
    ran = hub_a.run("log").ok()
    assert " by ada on hub-a" in ran.out
    assert "    second" in ran.out.splitlines()
    assert "  edited   notes.md" in ran.out.splitlines()
    records = hub_a.run("log", "--json").ok().json()
    assert [record["message"] for record in records] == ["second", ""]
    assert records[0]["changes"] == [{"path": "notes.md", "change": "edited"}]
    assert len(hub_a.run("log", "-n", "1", "--json").ok().json()) == 1


def test_every_version_of_a_path_can_be_restored(hub_a: Hub) -> None:
    contents = [b"one\ntwo\nthree\n", b"second\n", b"third\n"]
    for content in contents[1:]:
        hub_a.write("notes.md", content)
        hub_a.run("sync").ok()
    versions = hub_a.run("log", "notes.md", "--json").ok().json()
    found = set()
    for version in versions:
        hub_a.run("restore", "notes.md", "--at", version["version"], "--to", "was.md").ok()
        found.add((hub_a / "was.md").read_bytes())
    assert found == set(contents)


def test_the_time_of_a_version_restores_that_version(hub_a: Hub) -> None:
    before = hub_a.run("log", "notes.md", "--json").ok().json()[0]
    hub_a.write("notes.md", "second\n")
    hub_a.run("sync").ok()
    hub_a.run("restore", "notes.md", "--at", before["time"]).ok()
    assert (hub_a / "notes.md").read_bytes() == b"one\ntwo\nthree\n"


def test_a_deleted_file_comes_back(hub_a: Hub) -> None:
    (hub_a / "notes.md").unlink()
    hub_a.run("sync").ok()
    ran = hub_a.run("restore", "notes.md").ok()
    assert ran.out.startswith("Restored notes.md: 14 B")
    assert (hub_a / "notes.md").read_bytes() == b"one\ntwo\nthree\n"


def test_paths_are_taken_from_the_current_directory(hub_a: Hub) -> None:
    hub_a.write("data/table.csv", "changed\n")
    hub_a.run("sync").ok()
    ran = hub_a.run("restore", "table.csv", "--to", "../was.csv", cwd=hub_a / "data").ok()
    assert "../was.csv" in ran.out
    assert (hub_a / "was.csv").read_bytes() == b"x,y\n1,2\n"
    ran = hub_a.run("log", str(hub_a / "data/table.csv")).ok()
    assert ran.out.startswith("VERSION")


def test_a_path_outside_the_workspace_is_refused(hub_a: Hub) -> None:
    for arguments in (("log", "../x"), ("restore", "/etc/passwd"), ("log", "."), ("log", "")):
        assert hub_a.run(*arguments).status == 2
    ran = hub_a.run("restore", "notes.md", "--to", "../x")
    assert ran.status == 2
    assert "outside the workspace" in ran.err


def test_what_was_never_there_cannot_be_restored(hub_a: Hub) -> None:
    ran = hub_a.run("restore", "never.md", "--json")
    assert ran.status == 1
    assert ran.json()["error"]["code"] == "no-such-version"


def test_a_time_that_is_none_is_named(hub_a: Hub) -> None:
    ran = hub_a.run("restore", "notes.md", "--at", "yesterday-ish")
    assert ran.status in (1, 2)
    assert ran.err.startswith("error: ")
    assert "internal" not in ran.err


def test_gc_prunes_what_is_older(hub_a: Hub, hub_b: Hub, remote: Path) -> None:
    hub_a.write("notes.md", "second\n")
    hub_a.run("sync").ok()
    hub_b.run("sync").ok()
    kept = hub_b.run("gc", "--json").ok().json()
    assert kept == {"trash": 0, "remote": 0, "young": 0}
    gone = hub_b.run("gc", "--keep-days", "0", "--json").ok().json()
    assert gone["trash"] == 1
    assert gone["remote"] >= 1
    assert hub_b.run("gc").ok().out.startswith("Pruned 0 files from the trash")
    assert hub_b.run("sync").ok().out.startswith("Nothing to do")


def test_gc_tells_of_leftovers_that_are_too_young_to_go(hub_a: Hub, remote: Path) -> None:
    """Another hub may be about to name them in the index."""
    (remote / ".hubsync/index/orphan").write_bytes(b"written and never named")
    ran = hub_a.run("gc").ok()
    assert "Kept for now: 1 leftover of interrupted runs, not yet a day old." in ran.out
    assert hub_a.run("gc", "--json").ok().json()["young"] == 1
    assert (remote / ".hubsync/index/orphan").exists()


def test_what_is_in_the_trash_comes_back_without_the_remote(hub_a: Hub, remote: Path) -> None:
    hub_a.write("f", "first")
    hub_a.run("sync").ok()
    other = remote / "f"
    other.write_text("by another tool")
    hub_a.run("sync").ok()
    shutil.move(remote, remote.with_name("elsewhere"))
    (kept,) = hub_a.run("log", "f", "--trash", "--json").ok().json()
    assert kept["version"].startswith("trash-")
    hub_a.run("restore", "f", "--at", kept["version"]).ok()
    assert (hub_a / "f").read_bytes() == b"first"
    assert hub_a.run("log", "--trash").status == 2
