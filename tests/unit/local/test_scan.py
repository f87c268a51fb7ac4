"""Seeing the workspace as it is: nothing read, nothing missed, nothing taken for a deletion."""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from hubsync.errors import Interrupted, LocalError
from hubsync.model import Entry, Kind, Tree
from tests.unit.local.disk import Disk


def test_finds_files_links_and_empty_directories(disk: Disk) -> None:
    disk.write("a/b.txt", "hello")
    (disk.path / "link").symlink_to("a/b.txt")
    (disk.path / "empty").mkdir()
    scan = disk.scan()
    assert set(scan.tree) == {"a/b.txt", "link", "empty"}
    assert scan.tree["a/b.txt"].size == 5
    assert scan.tree["a/b.txt"].digest is None
    assert scan.tree["link"].target == "a/b.txt"
    assert scan.tree["empty"] == Entry(Kind.DIR)
    assert (scan.files, scan.size, scan.problems) == (2, 5 + len("a/b.txt"), ())


def test_unchanged_paths_keep_their_very_entries(disk: Disk) -> None:
    disk.write("a/b.txt")
    (disk.path / "link").symlink_to("a")
    (disk.path / "empty").mkdir()
    known = disk.tree()
    scan = disk.scan(known)
    assert scan.tree.on_rows_of(known) == {}
    assert (scan.files, scan.size) == (2, 2)


def test_checksum_vouches_for_nothing(disk: Disk) -> None:
    disk.write("f")
    known = disk.tree()
    changed = disk.scan(known, checksum=True).tree.changes_since(known)
    assert changed["f"] is not None
    assert changed["f"].digest is None


def test_same_size_and_same_mtime_is_still_found_by_its_ctime(disk: Disk) -> None:
    disk.write("f", "one")
    known = disk.tree()
    disk.write("f", "two")
    assert "f" in disk.scan(known).tree.changes_since(known)


def test_same_size_in_the_same_tick_is_found_because_fresh_evidence_vouches_for_nothing(
    disk: Disk,
) -> None:
    from hubsync.local.digest import digest_many
    from hubsync.report import Silent

    for round_ in range(20):
        disk.write("f", f"{round_:03d}", mtime=None)
        tree = disk.scan().tree
        known = Tree({"f": digest_many(disk.root, dict(tree), Silent())["f"]})  # type: ignore[dict-item]
        disk.write("f", f"{round_ + 500:03d}", mtime=None)
        entry = disk.scan(known).tree["f"]
        assert entry.digest is None, "a content that was never read passes for a known one"


def test_vanished_paths_are_changes_to_none(disk: Disk) -> None:
    disk.write("a/b")
    disk.write("c")
    known = disk.tree()
    shutil.rmtree(disk.path / "a")
    assert disk.scan(known).tree.changes_since(known) == {"a/b": None}


def test_a_file_that_becomes_a_directory_and_back(disk: Disk) -> None:
    disk.write("x", "file")
    disk.write("y/z", "in")
    known = disk.tree()
    (disk.path / "x").unlink()
    disk.write("x/inside", "new")
    shutil.rmtree(disk.path / "y")
    disk.write("y", "now a file")
    tree = disk.scan(known).tree
    assert set(tree) == {"x/inside", "y"}
    assert tree["y"].kind is Kind.FILE


def test_a_directory_is_an_entry_only_while_nothing_is_in_it(disk: Disk) -> None:
    (disk.path / "d").mkdir()
    known = disk.tree()
    disk.write("d/sub/f")
    assert set(disk.scan(known).tree) == {"d/sub/f"}


def test_ignored_files_leave_a_known_empty_directory_as_it_was(disk: Disk) -> None:
    (disk.path / "d").mkdir()
    known = disk.tree()
    disk.write("d/.ipynb_checkpoints/x")
    assert disk.scan(known).tree.changes_since(known) == {}
    assert set(disk.scan().tree) == set(), "but it makes no new one"


def test_only_owner_execution_counts_as_executable(disk: Disk) -> None:
    disk.write("run").chmod(0o744)
    disk.write("data").chmod(0o611)
    tree = disk.scan().tree
    assert tree["run"].executable
    assert not tree["data"].executable


def test_mode_change_is_seen(disk: Disk) -> None:
    disk.write("run")
    known = disk.tree()
    (disk.path / "run").chmod(0o755)
    entry = disk.scan(known).tree.changes_since(known)["run"]
    assert entry is not None
    assert entry.executable


def test_special_files_are_problems_and_never_opened(disk: Disk) -> None:
    os.mkfifo(disk.path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(disk.path, os.O_RDONLY)
        try:
            server.bind(f"/proc/self/fd/{here}/sock")
        finally:
            os.close(here)
        scan = disk.scan()
    assert {(one.path, one.code) for one in scan.problems} == {
        ("pipe", "special-file"),
        ("sock", "special-file"),
    }
    assert len(scan.tree) == 0


def test_a_known_file_that_became_special_is_no_deletion(disk: Disk) -> None:
    disk.write("f")
    known = disk.tree()
    (disk.path / "f").unlink()
    os.mkfifo(disk.path / "f")
    scan = disk.scan(known)
    assert scan.tree.changes_since(known) == {}
    assert [one.code for one in scan.problems] == ["special-file"]


def test_names_that_are_not_utf8_are_problems_and_the_rest_goes_on(disk: Disk) -> None:
    disk.write("good")
    (disk.path / os.fsdecode(b"bad-\xff.txt")).write_text("x")
    (disk.path / os.fsdecode(b"dir-\xfe")).mkdir()
    (disk.path / os.fsdecode(b"dir-\xfe/in")).write_text("x")
    scan = disk.scan()
    assert set(scan.tree) == {"good"}
    assert [one.code for one in scan.problems] == ["name-not-unicode"] * 2


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/etc/hostname", "link-absolute"),
        ("../outside", "link-outside"),
        ("a/../../outside", "link-outside"),
        (os.fsdecode(b"caf\xe9"), "link-not-text"),
        (os.fsdecode(b"/caf\xe9"), "link-not-text"),
    ],
)
def test_links_that_leave_the_workspace_or_name_no_text_are_problems(
    disk: Disk, target: str, code: str
) -> None:
    (disk.path / "link").symlink_to(target)
    scan = disk.scan()
    assert [(one.path, one.code) for one in scan.problems] == [("link", code)]
    assert "link" not in scan.tree


def test_a_folder_moved_away_behind_an_absolute_link_is_no_deletion(
    disk: Disk, tmp_path: Path
) -> None:
    disk.write("data/big.nc")
    known = disk.tree()
    shutil.move(disk.path / "data", tmp_path / "scratch")
    (disk.path / "data").symlink_to(tmp_path / "scratch")
    scan = disk.scan(known)
    assert scan.tree.changes_since(known) == {}
    assert [one.code for one in scan.problems] == ["link-absolute"]


def test_links_are_never_followed(disk: Disk) -> None:
    disk.write("a/f")
    (disk.path / "loop").symlink_to(".")
    (disk.path / "a/up").symlink_to("..")
    assert set(disk.scan().tree) == {"a/f", "loop", "a/up"}


def test_git_and_hubsync_folders_are_not_walked_and_nested_repositories_are_named(
    disk: Disk,
) -> None:
    disk.write(".git/HEAD")
    disk.write("repo/.git/HEAD")
    disk.write("repo/code.py")
    disk.write("worktree/.git", "gitdir: elsewhere")
    disk.write("worktree/text")
    scan = disk.scan()
    assert set(scan.tree) == set()
    assert scan.nested == ("repo", "worktree")


def test_nested_ignore_files_hold_below_their_folder(disk: Disk) -> None:
    disk.write(".hubsyncignore", "*.tmp\n")
    disk.write("a/.hubsyncignore", "secret\n!keep.tmp\n")
    for path in ("x.tmp", "secret", "a/secret", "a/keep.tmp", "a/b/secret", "a/y.tmp"):
        disk.write(path)
    scan = disk.scan()
    assert set(scan.tree) == {".hubsyncignore", "a/.hubsyncignore", "secret", "a/keep.tmp"}


def test_a_new_rule_makes_known_paths_ignored_and_deletes_nothing(disk: Disk) -> None:
    for path in ("a/x.log", "x.log", "data/1", "data/2", "keep"):
        disk.write(path)
    before = disk.scan()
    known = disk.tree()
    disk.write(".hubsyncignore", "*.log\ndata/\n")
    scan = disk.scan(known, rules_digest=before.rules_digest)
    assert scan.ignored == {"a/x.log", "x.log", "data/1", "data/2"}
    assert set(scan.tree.changes_since(known)) == {".hubsyncignore"}
    assert scan.rules_digest != before.rules_digest


def test_an_ignored_path_that_vanished_is_no_deletion(disk: Disk) -> None:
    disk.write("x.log")
    disk.write("data/1")
    known = disk.tree()
    disk.write(".hubsyncignore", "*.log\ndata/\n")
    (disk.path / "x.log").unlink()
    shutil.rmtree(disk.path / "data")
    scan = disk.scan(known)
    assert scan.ignored == {"x.log", "data/1"}
    assert set(scan.tree.changes_since(known)) == {".hubsyncignore"}


def test_an_ignore_file_that_is_a_link_stops_its_folder_rather_than_reveal_what_it_hides(
    disk: Disk,
) -> None:
    disk.write("rules", "secret\n")
    disk.write("d/secret")
    (disk.path / "d/.hubsyncignore").symlink_to("../rules")
    scan = disk.scan()
    assert set(scan.tree) == {"rules"}
    assert [(one.path, one.code) for one in scan.problems] == [("d", "ignore-unreadable")]


def test_odd_things_named_like_the_ignore_file_do_no_harm(disk: Disk) -> None:
    disk.write("a/.hubsyncignore/f")
    (disk.path / "b").mkdir()
    os.mkfifo(disk.path / "b/.hubsyncignore")
    scan = disk.scan()
    assert set(scan.tree) == {"a/.hubsyncignore/f"}
    assert [one.path for one in scan.problems] == ["b/.hubsyncignore"]


def test_a_renamed_directory_keeps_its_digests(disk: Disk) -> None:
    for number in range(20):
        disk.write(f"old/sub/{number}", str(number))
    known = disk.tree()
    (disk.path / "old").rename(disk.path / "new")
    changes = disk.scan(known).tree.changes_since(known)
    assert len(changes) == 40
    for number in range(20):
        assert changes[f"old/sub/{number}"] is None
        assert changes[f"new/sub/{number}"] == known[f"old/sub/{number}"]


def test_a_copy_with_the_same_times_has_to_be_read(disk: Disk) -> None:
    disk.write("d/f")
    known = disk.tree()
    shutil.copytree(disk.path / "d", disk.path / "e")
    shutil.rmtree(disk.path / "d")
    entry = disk.scan(known).tree["e/f"]
    assert entry.digest is None


def test_a_root_that_is_gone_is_an_error(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "work")
    shutil.rmtree(disk.path)
    with pytest.raises(LocalError) as caught:
        disk.scan()
    assert caught.value.code == "workspace-gone"


def test_a_root_replaced_during_the_scan_is_an_error(disk: Disk, tmp_path: Path) -> None:
    disk.write("a/f")
    known = disk.tree()

    def stopping() -> bool:
        if not (tmp_path / "moved").exists():
            disk.path.rename(tmp_path / "moved")
            disk.path.mkdir()
        return False

    with pytest.raises(LocalError) as caught:
        disk.scan(known, stopping=stopping)
    assert caught.value.code == "workspace-gone"


def test_a_directory_that_vanishes_during_the_scan_is_fine(disk: Disk) -> None:
    disk.write("a/f")
    disk.write("b/g")
    known = disk.tree()
    asked = []

    def stopping() -> bool:
        asked.append(1)
        if len(asked) == 2:
            shutil.rmtree(disk.path / "a")
            shutil.rmtree(disk.path / "b")
        return False

    scan = disk.scan(known, stopping=stopping)
    assert scan.tree.changes_since(known) == {"a/f": None, "b/g": None}
    assert scan.problems == ()


def test_a_directory_swapped_for_a_link_during_the_scan_is_not_followed(
    disk: Disk, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    disk.write("a/f")
    known = disk.tree()
    asked = []

    def stopping() -> bool:
        asked.append(1)
        if len(asked) == 2:
            (disk.path / "a").rename(tmp_path / "a")
            (disk.path / "a").symlink_to(outside)
        return False

    scan = disk.scan(known, stopping=stopping)
    assert scan.tree.changes_since(known) == {}
    assert [one.path for one in scan.problems] == ["a"]


def test_stops_when_asked(disk: Disk) -> None:
    with pytest.raises(Interrupted):
        disk.scan(stopping=lambda: True)


def test_very_deep_trees_are_walked(disk: Disk) -> None:
    here = os.open(disk.root, os.O_RDONLY)
    depth = 300
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("f", os.O_CREAT, 0o600, dir_fd=here))
    os.close(here)
    assert set(disk.scan().tree) == {"/".join(["d"] * depth) + "/f"}


def test_leftovers_of_a_killed_run_are_reported_and_not_synced(disk: Disk) -> None:
    disk.write(".hubsync-tmp-0123456789abcdef")
    scan = disk.scan()
    assert [one.code for one in scan.problems] == ["leftover"]
    assert len(scan.tree) == 0


def test_hard_links_are_files_like_others(disk: Disk) -> None:
    os.link(disk.write("a"), disk.path / "b")
    known = disk.tree()
    assert set(known) == {"a", "b"}
    assert disk.scan(known).tree.changes_since(known) == {}


def test_unchanged_files_cost_next_to_nothing(disk: Disk) -> None:
    """A guard against per-file work, not a benchmark: 4 us a file are usual, 40 are allowed."""
    files = 10_000
    for directory in range(20):
        (disk.path / f"d{directory}").mkdir()
        for number in range(files // 20):
            os.close(os.open(disk.path / f"d{directory}/{number}", os.O_CREAT, 0o600))
    known = disk.tree()
    digest = disk.scan(known).rules_digest
    begun = time.process_time()
    scan = disk.scan(known, rules_digest=digest)
    assert time.process_time() - begun < files * 40e-6
    assert scan.tree.on_rows_of(known) == {}


@pytest.mark.parametrize("folder", [False, True])
def test_rename_to_a_name_that_cannot_be_synced_is_no_deletion(disk: Disk, folder: bool) -> None:
    """Rule 7: the content is nowhere else under its new name."""
    disk.write("d/good.txt", "content")
    disk.write("gone", "content")
    known = disk.tree()
    old, new = (b"d", b"d\xff") if folder else (b"d/good.txt", b"bad\xff")
    root = os.fsencode(disk.root)
    os.rename(os.path.join(root, old), os.path.join(root, new))
    os.unlink(disk.path / "gone")
    scan = disk.scan(known)
    assert scan.tree.changes_since(known) == {"gone": None}
    problems = {one.path: one for one in scan.problems}
    assert problems["d/good.txt"].code == "name-not-unicode"
    assert os.fsdecode(new) in problems
    os.rename(os.path.join(root, new), os.path.join(root, b"new"))
    assert "d/good.txt" in disk.scan(known).tree.changes_since(known)


def test_deletion_beside_a_file_with_an_odd_name_is_one(disk: Disk) -> None:
    disk.write("good.txt", "content")
    known = disk.tree()
    os.unlink(disk.path / "good.txt")
    disk.write(os.fsdecode(b"bad\xff"), "another content")
    assert disk.scan(known).tree.changes_since(known) == {"good.txt": None}
