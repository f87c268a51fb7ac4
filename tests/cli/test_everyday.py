"""`status`, `sync`, `push` and `pull`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.running import Hub


def test_a_sync_tells_what_it_did_on_standard_output(hub_a: Hub, remote: Path) -> None:
    hub_a.write("new.txt", "new")
    ran = hub_a.run("sync").ok()
    assert ran.out == "1 up\n"
    assert ran.err == ""
    assert (remote / "new.txt").read_bytes() == b"new"


@pytest.mark.parametrize("command", ["sync", "push", "pull"])
def test_a_second_run_transfers_nothing_and_says_so(hub_a: Hub, command: str) -> None:
    ran = hub_a.run(command).ok()
    assert ran.out.startswith("Nothing to ")
    document = hub_a.run(command, "--json").ok().json()
    assert (document["up"], document["down"], document["bytes"]) == ([], [], 0)


def test_both_directions(hub_a: Hub, hub_b: Hub) -> None:
    hub_a.write("from-a.txt", "a")
    hub_a.run("sync").ok()
    hub_b.write("from-b.txt", "b")
    (hub_b / "notes.md").unlink()
    assert hub_b.run("sync").ok().out == "1 up, 1 down, 1 deleted on the remote\n"
    assert (hub_b / "from-a.txt").read_bytes() == b"a"
    assert hub_a.run("sync").ok().out == "1 down, 1 deleted here\n"
    assert not (hub_a / "notes.md").exists()


def test_edits_of_different_lines_are_merged(hub_a: Hub, hub_b: Hub) -> None:
    hub_a.write("notes.md", "ONE\ntwo\nthree\n")
    hub_a.run("sync").ok()
    hub_b.write("notes.md", "one\ntwo\nTHREE\n")
    ran = hub_b.run("sync", "--json").ok()
    assert ran.json()["merged"] == ["notes.md"]
    assert (hub_b / "notes.md").read_bytes() == b"ONE\ntwo\nTHREE\n"


def test_a_conflict_is_kept_twice_and_named(hub_a: Hub, hub_b: Hub) -> None:
    hub_a.write("notes.md", "one\nTWO from a\nthree\n")
    hub_a.run("sync").ok()
    hub_b.write("notes.md", "one\nTWO from b\nthree\n")
    ran = hub_b.run("sync")
    assert ran.status == 3
    copies = list(hub_b.directory.glob("notes.conflict-*.md"))
    assert len(copies) == 1
    assert f"1 conflict kept twice: {copies[0].name}" in ran.out
    assert "hubsync resolve" in ran.out


def test_an_edit_that_survives_a_deletion_is_told(hub_a: Hub, hub_b: Hub) -> None:
    (hub_a / "notes.md").unlink()
    hub_a.run("sync").ok()
    hub_b.write("notes.md", "edited\n")
    ran = hub_b.run("sync").ok()
    assert "1 edit kept" in ran.out
    assert "  notes.md" in ran.out.splitlines()


def test_a_dry_run_changes_nothing_and_lists_the_paths(hub_a: Hub, remote: Path) -> None:
    hub_a.write("new.txt", "new")
    ran = hub_a.run("sync", "--dry-run").ok()
    assert ran.out.startswith("Dry run, nothing is changed.")
    assert "  created  new.txt" in ran.out.splitlines()
    assert not (remote / "new.txt").exists()
    assert hub_a.run("push", "--dry-run", "--json").ok().json()["dry_run"] is True


def test_a_push_sends_and_a_pull_fetches_only(hub_a: Hub, hub_b: Hub, remote: Path) -> None:
    hub_a.write("from-a.txt", "a")
    assert hub_a.run("push").ok().out == "1 up\n"
    hub_b.write("from-b.txt", "b")
    assert hub_b.run("pull").ok().out == "1 down\n"
    assert not (remote / "from-b.txt").exists()
    assert (hub_b / "from-a.txt").read_bytes() == b"a"


def test_a_push_never_overwrites_what_the_remote_has_newer(
    hub_a: Hub, hub_b: Hub, remote: Path
) -> None:
    hub_a.write("notes.md", "from a\n")
    hub_a.run("push").ok()
    hub_b.write("notes.md", "from b\n")
    ran = hub_b.run("push")
    assert ran.status == 3
    assert "hubsync sync" in ran.out
    assert "  notes.md" in ran.out.splitlines()
    assert (remote / "notes.md").read_bytes() == b"from a\n"


def test_the_message_and_the_identity_stand_in_the_history(hub_a: Hub) -> None:
    hub_a.write("new.txt", "new")
    hub_a.run("sync", "-m", "figures for the paper").ok()
    newest = hub_a.run("log", "--json").ok().json()[0]
    assert (newest["message"], newest["author"], newest["hub"]) == (
        "figures for the paper",
        "ada",
        "hub-a",
    )


def test_quiet_says_nothing_when_all_is_well(hub_a: Hub) -> None:
    hub_a.write("new.txt", "new")
    for arguments in (("-q", "sync"), ("sync", "-q"), ("-q", "push")):
        ran = hub_a.run(*arguments).ok()
        assert (ran.out, ran.err) == ("", "")


def test_verbose_lists_every_path(hub_a: Hub) -> None:
    for number in range(12):
        hub_a.write(f"f{number:02}", str(number))
    ran = hub_a.run("sync", "-v").ok()
    assert all(f"  created  f{number:02}" in ran.out.splitlines() for number in range(12))
    assert ran.err, "the steps are named on standard error"


def test_status_tells_local_and_remote_changes(hub_a: Hub, hub_b: Hub) -> None:
    hub_a.write("from-a.txt", "a")
    hub_a.run("sync").ok()
    hub_b.write("from-b.txt", "b")
    (hub_b / "notes.md").unlink()
    lines = hub_b.run("status").ok().out.splitlines()
    assert lines[0] == f"Workspace {hub_b.directory}"
    assert "  created  from-b.txt" in lines
    assert "  deleted  notes.md" in lines
    assert "  created  from-a.txt" in lines
    assert hub_b.run("status", "--short").ok().out == (
        "L+ from-b.txt\nL- notes.md\nR+ from-a.txt\n"
    )


def test_status_changes_nothing(hub_a: Hub, hub_b: Hub) -> None:
    hub_a.write("from-a.txt", "a")
    hub_a.run("sync").ok()
    first = hub_b.run("status", "--json").ok().json()
    assert hub_b.run("status", "--json").ok().json() == first
    assert not (hub_b / "from-a.txt").exists()


def test_status_of_equal_sides(hub_a: Hub) -> None:
    ran = hub_a.run("status").ok()
    assert ran.out.endswith("Nothing to do: both sides are equal.\n")
    assert "(synced " in ran.out
    assert hub_a.run("status", "--short").ok().out == ""


def test_status_shows_paths_relative_to_the_current_directory(hub_a: Hub) -> None:
    hub_a.write("data/more.csv", "1")
    hub_a.write("top.txt", "1")
    ran = hub_a.run("status", "--short", cwd=hub_a / "data").ok()
    assert sorted(ran.out.splitlines()) == ["L+ ../top.txt", "L+ more.csv"]
    paths = [c["path"] for c in hub_a.run("status", "--json", cwd=hub_a / "data").json()["local"]]
    assert sorted(paths) == ["data/more.csv", "top.txt"]


def test_status_names_what_cannot_be_synced(hub_a: Hub) -> None:
    import os

    os.mkfifo(hub_a / "pipe")
    ran = hub_a.run("status")
    assert ran.status == 3
    assert "Problems" in ran.out
    assert "  pipe: " in ran.out
    problem = hub_a.run("status", "--json").json()["problems"][0]
    assert problem["path"] == "pipe"
    assert problem["code"]
    assert problem["message"]


def test_an_emptied_remote_is_a_safety_stop(hub_a: Hub, remote: Path) -> None:
    for path in remote.iterdir():
        if path.name != ".hubsync":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    ran = hub_a.run("sync")
    assert ran.status == 4
    assert ran.err.startswith("error: ")
    assert "hint: " in ran.err
    assert (hub_a / "notes.md").exists()
    assert (hub_a / "data/table.csv").exists()


def test_many_deletions_stop_until_they_are_confirmed(hub_a: Hub, remote: Path) -> None:
    for number in range(30):
        hub_a.write(f"many/f{number}", str(number))
    hub_a.run("sync").ok()
    shutil.rmtree(hub_a / "many")
    ran = hub_a.run("sync")
    assert ran.status == 4
    assert "--confirm-deletes" in ran.err
    assert (remote / "many/f0").exists()
    assert hub_a.run("sync", "--confirm-deletes").ok().out == "30 deleted on the remote\n"
    assert not (remote / "many/f0").exists()


def test_a_remote_that_is_not_there_ends_with_five(outside: Hub, tmp_path: Path) -> None:
    ran = outside.run("clone", (tmp_path / "nowhere" / "at all").as_uri(), "here")
    assert ran.status == 5
    assert "hint: " in ran.err
    assert not (outside / "here").exists()


def test_checksum_finds_a_change_that_left_no_trace(hub_a: Hub) -> None:
    import os

    path = hub_a / "notes.md"
    before = path.stat()
    path.write_bytes(b"ONE\ntwo\nthree\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    document = hub_a.run("sync", "--checksum", "--json").ok().json()
    assert [change["path"] for change in document["up"]] == ["notes.md"]


@pytest.mark.parametrize("told_by", ["--checksum", "touch"])
def test_store_through_a_memory_map_is_found_by_what_limits_says(
    hub_a: Hub, remote: Path, told_by: str
) -> None:
    import mmap

    path = hub_a / "data/table.csv"
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[:1] = b"1"
        hub_a.run("sync").ok()
        mapped[:1] = b"2"  # into a page that is dirty already
    if told_by == "touch":
        path.touch()
    hub_a.run("sync", *([told_by] if told_by.startswith("-") else [])).ok()
    assert (remote / "data/table.csv").read_bytes() == b"2,y\n1,2\n"
