"""Git repositories inside a workspace travel, and come back as repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubsync.errors import NoSuchVersion, UsageError
from hubsync.nested import capturing, forwarding
from hubsync.nested.files import Mover
from hubsync.nested.packing import pack_into
from hubsync.nested.places import Places
from hubsync.results import ChangeKind
from tests.git_hubs import GitSite, git, no_ones_settings
from tests.nested_hubs import Hub, Repository, Site
from tests.servers import Server


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


@pytest.fixture(params=["file", "s3", "git"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """Hubs on a folder, on S3, and on a Git repository."""
    if request.param == "s3":
        server: Server = request.getfixturevalue("s3_with_conditions")
        url = f"{server.url}/nested-{uuid.uuid4().hex[:8]}"
        return Site(tmp_path, url, server.options, server.env)
    if request.param == "git":
        return Site(tmp_path, f"git+file://{tmp_path}/remote.git")
    return Site(tmp_path, f"file://{tmp_path}/remote")


@pytest.fixture
def folder(tmp_path: Path) -> Site:
    return Site(tmp_path, f"file://{tmp_path}/remote")


def settled(*hubs: Hub) -> None:
    """Rule 17: nothing is left to do."""
    for hub in hubs:
        result = hub.sync()
        assert result.nothing_done()
        assert not result.problems


def test_a_home_with_ten_clones_comes_back_on_another_hub(site: Site) -> None:
    one = site.hub("one")
    (one.directory / "notes.md").write_text("mine\n")
    for number in range(10):
        clone = one.clone_of(site.upstream(f"p{number}"), f"work/p{number}")
        if number % 2:
            clone.commit(f"unpushed {number}", {"a.txt": f"{number}\n"})
        if number % 3 == 0:
            clone.write({"b.txt": "untracked\n", "a.txt": "edited\n"})
    assert set(one.states().values()) == {"new"}
    one.sync()
    settled(one)
    two = site.clone("two")
    assert not two.cloned.problems  # type: ignore[union-attr]
    settled(two, one)
    for number in range(10):
        path = f"work/p{number}"
        assert two.repository(path).seen() == one.repository(path).seen()
        assert two.repository(path).is_sound()
        assert two.repository(path).git("rev-parse", "main@{upstream}") == git(
            site.folder / "upstream" / f"p{number}.git", "rev-parse", "main"
        )
    assert set(two.states().values()) == {"synced"}


def test_everything_that_is_not_pushed_travels(site: Site) -> None:
    one = site.hub("one")
    here = one.clone_of(site.upstream("p"), "p")
    here.commit("on main", {"m.txt": "m\n"})
    here.git("tag", "-a", "v1", "-m", "mine")
    here.git("switch", "-qc", "topic")
    here.commit("on topic", {"t.txt": "t\n", "bin/run": "#!/bin/sh\n"})
    here.write({"a.txt": "stashed\n"})
    here.git("stash", "push", "-qm", "for later")
    here.write({"staged.txt": "staged\n"})
    here.git("add", "staged.txt")
    here.write({"staged.txt": "staged\nand more\n", "new.txt": "n\n", "m.txt": None})
    os.chmod(here.folder / "bin/run", 0o755)
    os.symlink("new.txt", here.folder / "link")
    before = here.seen()
    one.sync()
    assert here.seen() == before
    two = site.clone("two")
    there = two.repository("p")
    assert there.seen() == before
    assert there.git("cat-file", "-p", "v1") == here.git("cat-file", "-p", "v1")
    assert os.access(there.folder / "bin/run", os.X_OK)
    assert os.readlink(there.folder / "link") == "new.txt"
    there.git("stash", "pop")
    assert (there.folder / "a.txt").read_text() == "stashed\n"
    assert there.is_sound()


def test_the_person_s_repository_is_not_written_to(folder: Site) -> None:
    one = folder.hub("one")
    here = one.clone_of(folder.upstream("p"), "p")
    here.write({"a.txt": "edited\n", "new.txt": "n\n"})

    def inside() -> dict[str, bytes]:
        return {str(f): f.read_bytes() for f in (here.folder / ".git").rglob("*") if f.is_file()}

    before = inside()
    one.sync()
    one.sync()
    assert inside() == before


def test_a_capture_is_written_once_and_only_for_a_change(
    folder: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    written: list[str] = []

    def counted(target: str, path: str, *given: Any) -> None:
        written.append(path)
        pack_into(target, path, *given)

    monkeypatch.setattr(capturing, "pack_into", counted)
    here.write({"f": "2\n"})
    one.sync()
    assert written == ["p"]
    os.utime(here.folder / "f")
    one.sync()
    assert written == ["p"]


def test_without_a_remote_of_its_own_all_of_it_travels(site: Site) -> None:
    one = site.hub("one")
    here = one.new("solo", {"f": "1\n"})
    for number in range(5):
        here.commit(f"c{number}", {"f": f"{number}\n" * 200, f"d/{number}": "x"})
    one.sync()
    there = site.clone("two").repository("solo")
    assert there.seen() == here.seen()
    assert there.git("log", "--format=%H") == here.git("log", "--format=%H")


def test_a_repository_without_a_commit_travels_with_its_files(site: Site) -> None:
    one = site.hub("one")
    here = one.new("fresh")
    here.write({"a": "1\n", "b": "2\n"})
    here.git("add", "a")
    one.sync()
    there = site.clone("two").repository("fresh")
    assert there.status() == ["A  a", "?? b"]
    assert there.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_what_git_ignores_stays_here(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {".gitignore": "*.log\n"})
    here.write({"big.log": "l\n", ".env": "PASSWORD=1\n", "x.py": "1\n"})
    one.sync()
    there = folder.clone("two").repository("p")
    assert not (there.folder / "big.log").exists()
    assert not (there.folder / ".env").exists()
    assert there.status() == ["?? x.py"]


def test_work_goes_on_by_turns(site: Site) -> None:
    one = site.hub("one")
    one.clone_of(site.upstream("p"), "p")
    one.sync()
    two = site.clone("two")
    for turn in range(3):
        hub, other = (two, one) if turn % 2 == 0 else (one, two)
        here, there = hub.repository("p"), other.repository("p")
        here.commit(f"turn {turn}", {"a.txt": f"{turn}\n"})
        here.git("switch", "-qc", f"b{turn}")
        here.write({"open.txt": f"open {turn}\n"})
        hub.sync()
        other.sync()
        assert there.seen() == here.seen()
        settled(hub, other)
    assert len(one.captures()) == 1


def test_an_amended_commit_is_followed_and_the_old_one_kept(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    here.commit("draft", {"f": "2\n"})
    one.sync()
    two = folder.clone("two")
    old = here.git("rev-parse", "HEAD")
    here.git("commit", "-q", "--amend", "-m", "better")
    one.sync()
    two.sync()
    there = two.repository("p")
    assert there.git("log", "-1", "--format=%s") == "better"
    assert old in there.git("for-each-ref", "--format=%(objectname)", "refs/hubsync/backup")


def test_both_hubs_changed_it_and_nothing_is_touched(site: Site) -> None:
    one = site.hub("one")
    one.clone_of(site.upstream("p"), "p")
    one.sync()
    two = site.clone("two")
    here, there = one.repository("p"), two.repository("p")
    mine = here.commit("mine", {"one.txt": "1\n"})
    theirs = there.commit("theirs", {"two.txt": "2\n"})
    there.write({"a.txt": "open\n"})
    before = here.seen(), there.seen()
    one.sync()
    for hub in (two, one, two, one):
        result = hub.sync()
        assert [one.code for one in result.problems] == ["nested-diverged"]
    assert one.sync().nothing_done()
    assert (here.seen(), there.seen()) == before
    assert here.git("rev-parse", "refs/hubsync/two/main") == theirs
    assert there.git("rev-parse", "refs/hubsync/one/main") == mine
    assert here.git("show", "refs/hubsync/two/worktree:a.txt") == "open"

    there.git("merge", "-q", "refs/hubsync/one/main", "-m", "both")
    two.sync()
    result = one.sync()
    assert not result.problems
    assert here.seen() == there.seen()
    settled(two, one)
    assert here.git("for-each-ref", "refs/hubsync/two") == ""


def test_a_repository_that_is_cloned_anew_has_answered_no_divergence(folder: Site) -> None:
    one = folder.hub("one")
    upstream = folder.upstream("p", {"f": "1\n"})
    here = one.clone_of(upstream, "p")
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    there.commit("not pushed", {"precious": "1\n"})
    own = there.git("rev-parse", "HEAD")
    here.commit("of one", {"g": "1\n"})
    two.sync()
    assert one.sync().problems
    shutil.rmtree(here.folder)
    one.clone_of(upstream, "p")
    assert [problem.path for problem in one.sync().problems] == ["p"]
    two.sync()
    assert there.git("rev-parse", "HEAD") == own
    assert (there.folder / "precious").read_text() == "1\n"


def test_a_branch_that_is_checked_out_beside_the_repository_is_not_moved_under_it(
    folder: Site, tmp_path: Path
) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    here.git("branch", "topic")
    one.sync()
    two = folder.clone("two")
    there, beside = two.repository("p"), tmp_path / "beside"
    there.git("worktree", "add", "-q", str(beside), "topic")
    here.git("switch", "-q", "topic")
    here.commit("of one", {"f": "2\n"})
    here.git("switch", "-q", "main")
    one.sync()
    [problem] = two.sync().problems
    assert problem.code == "nested-checked-out"
    assert str(beside) in problem.message
    assert git(beside, "status", "--porcelain") == ""
    there.git("worktree", "remove", str(beside))
    assert not two.sync().problems
    assert there.git("rev-parse", "topic") == here.git("rev-parse", "topic")


@pytest.mark.parametrize("branch", ["worktree", "staged", "record", "stash", "stash/0", "record/x"])
def test_a_branch_of_any_name_is_kept_where_the_other_hub_s_state_counts(
    folder: Site, branch: str
) -> None:
    one = folder.hub("one")
    one.new("p", {"f": "1\n", "g": "1\n"})
    one.sync()
    two = folder.clone("two")
    here, there = one.repository("p"), two.repository("p")
    here.commit("mine", {"one.txt": "1\n"})
    there.write({"g": "stashed\n"})
    there.git("stash", "-q")
    there.git("switch", "-qc", branch)
    there.commit("theirs", {"two.txt": "2\n"})
    own = there.git("rev-parse", "HEAD")
    there.git("switch", "-q", "main")
    there.write({"f": "open\n"})
    one.sync()
    two.sync()
    assert two.workspace.resolve("p", "theirs") == ["p"]
    two.sync()
    assert there.seen() == here.seen()
    assert there.git("for-each-ref", "--contains", own, "refs/hubsync/backup") != ""


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_a_word_ends_a_divergence(folder: Site, keep: str) -> None:
    one = folder.hub("one")
    one.new("p", {"f": "1\n"})
    one.sync()
    two = folder.clone("two")
    here, there = one.repository("p"), two.repository("p")
    here.commit("mine", {"one.txt": "1\n"})
    there.commit("theirs", {"two.txt": "2\n"})
    one.sync()
    two.sync()
    one.sync()
    wanted = (here if keep == "mine" else there).seen()
    with pytest.raises(UsageError):
        one.workspace.resolve("p", "both")
    assert one.workspace.resolve("p", keep) == ["p"]
    one.sync()
    assert not two.sync().problems
    assert here.seen() == wanted
    assert there.seen() == wanted
    settled(one, two)
    lost = {"mine": "two.txt", "theirs": "one.txt"}[keep]
    refs = here.git("for-each-ref", "--format=%(refname)", "refs/hubsync/backup").splitlines()
    assert any(lost in here.git("ls-tree", "--name-only", ref) for ref in refs)


def test_a_deleted_repository_stays_on_the_other_hub(site: Site) -> None:
    one = site.hub("one")
    one.new("p", {"f": "1\n"})
    one.new("q", {"f": "1\n"})
    one.sync()
    two = site.clone("two")
    shutil.rmtree(one.directory / "p")
    one.sync()
    settled(one)
    told = two.sync()
    assert [problem.code for problem in told.problems] == ["nested-deleted"]
    settled(two, one)
    assert two.states() == {"p": "kept", "q": "synced"}
    assert not (one.directory / "p").exists()
    two.repository("p").commit("more", {"f": "2\n"})  # an edit survives a deletion
    two.sync()
    one.sync()
    assert one.repository("p").seen() == two.repository("p").seen()
    settled(one, two)


def test_all_of_them_gone_at_once_is_believed_only_if_confirmed(folder: Site) -> None:
    one = folder.hub("one")
    one.new("p", {"f": "1\n"})
    one.new("q", {"f": "1\n"})
    one.sync()
    shutil.rmtree(one.directory / "p")
    shutil.rmtree(one.directory / "q")
    assert [problem.code for problem in one.sync().problems] == ["nested-gone"]
    assert len(one.captures()) == 2
    one.sync(confirm_deletes=True)
    assert one.captures() == []
    settled(one)


def test_losing_the_state_loses_and_moves_nothing(folder: Site) -> None:
    one = folder.hub("one")
    here = one.clone_of(folder.upstream("p"), "p")
    here.write({"open": "1\n"})
    one.sync()
    two = folder.clone("two")
    shutil.rmtree(two.directory / ".hubsync/state")
    settled(two)
    here.commit("more", {"open": "1\n"})
    one.sync()
    result = two.sync()
    assert two.repository("p").seen() == here.seen() or result.problems


def test_two_clones_made_by_hand_become_one(folder: Site) -> None:
    upstream = folder.upstream("p")
    one, two = folder.hub("one"), folder.hub("two")
    here, there = one.clone_of(upstream, "p"), two.clone_of(upstream, "p")
    there.commit("newer", {"a.txt": "2\n"})
    one.sync()
    two.sync()
    settled(two)
    one.sync()
    assert here.seen() == there.seen()
    settled(one, two)
    assert len(one.captures()) == 1


def test_a_folder_that_becomes_a_repository_becomes_one_everywhere(site: Site) -> None:
    one = site.hub("one")
    (one.directory / "p").mkdir()
    (one.directory / "p/f").write_text("1\n")
    one.sync()
    two = site.clone("two")
    git(one.directory / "p", "init", "-q", "-b", "main")
    one.repository("p").commit("first", {"f": "1\n"})
    one.repository("p").commit("second", {"f": "2\n"})
    one.sync()
    result = two.sync()
    assert not result.problems
    assert two.repository("p").seen() == one.repository("p").seen()
    settled(one, two)


def test_files_that_stand_in_the_way_stay(folder: Site) -> None:
    one, two = folder.hub("one"), folder.hub("two")
    one.new("p", {"f": "theirs\n"})
    (two.directory / "p").mkdir()
    (two.directory / "p/f").write_text("mine\n")
    one.sync()
    result = two.sync()
    assert [problem.code for problem in result.problems] == ["nested-in-the-way"]
    assert (two.directory / "p/f").read_text() == "mine\n"
    assert not (two.directory / "p/.git").exists()
    assert [problem.code for problem in two.sync().problems] == ["nested-in-the-way"]
    assert two.states()["p"] == "coming"


def test_an_ignored_file_in_the_way_of_a_commit_is_named_and_stays(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {".gitignore": "out/\n"})
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    there.write({"out/result": "of two\n"})
    here.write({"out/result": "of one\n"})
    here.git("add", "-f", "out/result")
    here.git("commit", "-qm", "forced")
    one.sync()
    [problem] = two.sync().problems
    assert problem.code == "nested-in-the-way"
    assert "p/out/result" in problem.message
    assert (there.folder / "out/result").read_text() == "of two\n"
    (there.folder / "out/result").unlink()
    assert not two.sync().problems
    assert (there.folder / "out/result").read_text() == "of one\n"


def test_what_its_own_remote_has_is_waited_for(folder: Site) -> None:
    one = folder.hub("one")
    upstream = folder.upstream("p")
    here = one.clone_of(upstream, "p")
    here.commit("unpushed", {"a.txt": "2\n"})
    one.sync()
    upstream.rename(folder.folder / "away")
    two = folder.clone("two")
    assert [p.code for p in two.cloned.problems] == ["nested-unreachable"]  # type: ignore[union-attr]
    assert not (two.directory / "p").exists()
    (folder.folder / "away").rename(upstream)
    assert not two.sync().problems
    assert two.repository("p").seen() == here.seen()


def test_one_inside_another_travels_by_itself(folder: Site) -> None:
    one = folder.hub("one")
    outer = one.new("outer", {"f": "1\n"})
    inner = one.new("outer/deep/inner", {"g": "1\n"})
    outer.git("submodule", "--quiet", "add", str(folder.upstream("lib")), "lib", check=False)
    one.sync()
    settled(one)
    assert one.states()["outer/deep/inner"] == "synced"
    two = folder.clone("two")
    assert two.repository("outer/deep/inner").seen() == inner.seen()
    settled(two, one)


def test_a_linked_working_tree_travels_as_a_repository(folder: Site) -> None:
    one = folder.hub("one")
    main = one.new("main", {"f": "1\n"})
    main.git("worktree", "add", "-q", "-b", "side", "../side")
    side = one.repository("side")
    side.commit("aside", {"g": "2\n"})
    side.write({"open": "o\n"})
    one.sync()
    settled(one)
    two = folder.clone("two")
    assert two.repository("side").git("log", "-1", "--format=%s") == "aside"
    assert two.repository("side").status() == ["?? open"]
    settled(two, one)


def test_a_shallow_clone_comes_back_whole(folder: Site) -> None:
    upstream = folder.upstream("p")
    seed = Repository(folder.folder / "seeds/p")
    for number in range(4):
        seed.commit(f"c{number}", {"a.txt": f"{number}\n"})
    seed.git("push", "-q", "origin", "HEAD:main")
    one = folder.hub("one")
    (one.directory / "p").mkdir()
    git(one.directory / "p", "clone", "-q", "--depth", "1", f"file://{upstream}", ".")
    here = one.repository("p")
    here.commit("unpushed", {"b.txt": "2\n"})
    one.sync()
    two = folder.clone("two")
    assert two.repository("p").seen() == here.seen()
    assert two.repository("p").is_sound()


def test_a_shallow_clone_without_its_remote_comes_back_as_shallow(folder: Site) -> None:
    upstream = folder.upstream("p")
    seed = Repository(folder.folder / "seeds/p")
    for number in range(3):
        seed.commit(f"c{number}", {"a.txt": f"{number}\n"})
    seed.git("push", "-q", "origin", "HEAD:main")
    one = folder.hub("one")
    (one.directory / "p").mkdir()
    git(one.directory / "p", "clone", "-q", "--depth", "2", f"file://{upstream}", ".")
    here = one.repository("p")
    here.git("remote", "remove", "origin")
    here.commit("mine", {"b.txt": "2\n"})
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    assert there.seen() == here.seen()
    assert there.git("log", "--format=%s").split() == ["mine", "c2", "c1"]
    assert there.is_sound()
    there.commit("more", {"b.txt": "3\n"})
    two.sync()
    assert not one.sync().problems
    assert here.seen() == there.seen()
    settled(one, two)


def test_a_shallow_history_comes_into_a_repository_that_is_there(folder: Site) -> None:
    upstream = folder.upstream("q")
    seed = Repository(folder.folder / "seeds/q")
    for number in range(3):
        seed.commit(f"c{number}", {"a.txt": f"{number}\n"})
    seed.git("push", "-q", "origin", "HEAD:main")
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    two = folder.clone("two")
    here.git("fetch", "-q", "--depth", "1", f"file://{upstream}", "main:other")
    one.sync()
    assert not two.sync().problems
    there = two.repository("p")
    assert there.seen() == here.seen()
    assert there.git("log", "--format=%s", "other") == "c2"
    assert there.is_sound()
    settled(one, two)


def test_a_repository_whose_name_has_two_lines_travels(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("two\nlines", {"f": "1\n"})
    one.sync()
    assert folder.clone("two").repository("two\nlines").seen() == here.seen()


@pytest.mark.parametrize("broken", ["empty", "garbage", "no-objects"])
def test_a_broken_repository_is_a_problem(site: Site, broken: str) -> None:
    one = site.hub("one")
    (one.directory / "p").mkdir()
    (one.directory / "p/file").write_text("f\n")
    if broken == "empty":
        (one.directory / "p/.git").mkdir()
    elif broken == "garbage":
        (one.directory / "p/.git").write_text("gitdir: /nowhere/at/all\n")
    else:
        git(one.directory / "p", "init", "-q", "-b", "main")
        one.repository("p").commit("first", {"file": "f\n"})
        shutil.rmtree(one.directory / "p/.git/objects")
        (one.directory / "p/.git/objects").mkdir()
    (one.directory / "other").write_text("o\n")
    result = one.sync()
    assert [(p.path, p.code) for p in result.problems] == [("p", "nested-unreadable")]
    assert [change.path for change in result.up] == ["other"]
    two = site.clone("two")
    assert not (two.directory / "p").exists()


def test_in_the_middle_of_a_merge_it_waits(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    here.git("switch", "-qc", "side")
    here.commit("side", {"f": "2\n"})
    here.git("switch", "-q", "main")
    here.commit("main", {"f": "3\n"})
    one.sync()
    before = one.captures()
    here.git("merge", "side", check=False)
    result = one.sync()
    assert [problem.code for problem in result.problems] == ["nested-busy"]
    assert one.captures() == before
    here.git("merge", "--abort")
    settled(one)


def test_credentials_do_not_travel(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    here.git("remote", "add", "origin", "https://ada:tok-SECRET-en@example.invalid/p.git")
    here.git("config", "user.name", "hidden")
    one.sync()
    for capture in (one.directory / ".hubsync-nested").rglob("*.bundle"):
        told = here.git("bundle", "list-heads", str(capture))
        record = next(line.split()[0] for line in told.splitlines() if "record" in line)
        here.git("bundle", "unbundle", str(capture))
        text = here.git("cat-file", "-p", record)
        assert "SECRET" not in text
        assert json.loads(text.split("\n\n", 1)[1])["state"]["remotes"] == {
            "origin": "https://example.invalid/p.git"
        }
    there = folder.clone("two").repository("p")
    assert there.git("remote", "get-url", "origin") == "https://example.invalid/p.git"


def test_git_itself_reads_a_capture(folder: Site) -> None:
    one = folder.hub("one")
    upstream = folder.upstream("p")
    here = one.clone_of(upstream, "p")
    tip = here.commit("unpushed", {"a.txt": "2\n"})
    one.sync()
    (capture,) = (one.directory / ".hubsync-nested").rglob("*.bundle")
    other = folder.folder / "by-hand"
    other.mkdir()
    git(other, "clone", "-q", str(upstream), ".")
    git(other, "bundle", "verify", str(capture))
    git(other, "fetch", "-q", str(capture), "refs/heads/main:refs/heads/got")
    assert git(other, "rev-parse", "got") == tip
    assert capture.stat().st_size < 2500


def test_a_secret_in_it_is_held_back_from_git(tmp_path: Path) -> None:
    site = Site(tmp_path, f"git+file://{tmp_path}/remote.git")
    one = site.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    before = one.captures()
    here.write({"key.py": f'token = "ghp_{"a1B2c3D4e5" * 3}f6G7h8"\n'})
    result = one.sync()
    assert [(p.path, p.code) for p in result.problems] == [("p/key.py", "secret-found")]
    assert one.captures() == before
    one.workspace.allow("p/key.py")
    assert not one.sync().problems
    assert one.captures() != before


def test_a_pull_brings_it_and_a_push_takes_it(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.push()
    assert one.push().nothing_done()
    two = folder.hub("two")
    two.pull()
    there = two.repository("p")
    assert there.seen() == here.seen()
    there.commit("more", {"f": "2\n"})
    two.push()
    one.pull()
    assert here.seen() == there.seen()
    settled(one, two)


def test_a_dry_run_captures_nothing(folder: Site) -> None:
    one = folder.hub("one")
    one.new("p", {"f": "1\n"})
    one.sync(dry_run=True)
    assert one.captures() == []
    assert one.states() == {"p": "new"}


def test_an_ignored_repository_is_left_alone(folder: Site) -> None:
    one = folder.hub("one")
    (one.directory / ".hubsyncignore").write_text("scratch/\n")
    one.new("scratch/p", {"f": "1\n"})
    one.sync()
    assert one.captures() == []
    assert one.states() == {}


def test_without_pygit2_it_is_a_problem_with_a_hint(folder: Site) -> None:
    one = folder.hub("one")
    one.new("p", {"f": "1\n"})
    code = (
        "import sys; sys.modules['pygit2'] = None\n"
        "from hubsync import Identity, Workspace\n"
        f"w = Workspace.open({str(one.directory)!r})\n"
        "print([(p.code, p.hint) for p in w.sync(identity=Identity('a', 'b')).problems])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "nested-package" in done.stdout
    assert "hubsync[git]" in done.stdout


def test_nothing_changed_needs_no_pygit2(folder: Site) -> None:

    one = folder.hub("one")
    one.new("p", {"f": "1\n"})
    one.sync()
    time.sleep(1.1)
    one.sync()
    code = (
        "import sys\n"
        "from hubsync import Identity, Workspace\n"
        f"w = Workspace.open({str(one.directory)!r})\n"
        "assert w.sync(identity=Identity('a', 'b')).nothing_done()\n"
        "assert 'pygit2' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_outer_clone_stays_clean(tmp_path: Path) -> None:
    site = Site(tmp_path, f"git+file://{tmp_path}/remote.git")
    one = site.hub("one")
    one.new("odd [name]/p", {"f": "1\n"})
    one.sync()
    assert git(one.directory, "status", "--porcelain") == ""
    two = site.clone("two")
    assert git(two.directory, "status", "--porcelain") == ""


def test_captures_are_no_untracked_files_where_a_person_commits_themselves(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "site")
    site.begin({"notes.txt": "n\n"})
    one = site.person("one")
    inner = Repository(one.directory / "p1")
    inner.folder.mkdir()
    inner.git("init", "-q", "-b", "main")
    inner.commit("first", {"a.txt": "one\n"})
    one.sync()
    assert list((one.directory / ".hubsync-nested").rglob("*.bundle"))
    assert one.is_clean()
    two = site.clone("two", mode="shadow")
    assert Repository(two.directory / "p1").seen() == inner.seen()
    assert two.is_clean()
    assert not one.sync().problems


def test_a_deleted_repository_is_restored_by_its_own_name(site: Site) -> None:
    one = site.hub("one")
    here = one.new("work/p1", {"a.txt": "one\n"})
    one.new("p2", {"a.txt": "two\n"})
    one.sync()
    before = here.seen()
    here.commit("second", {"a.txt": "edited\n"})
    one.sync()
    after = here.seen()
    known = one.workspace.versions("work/p1")
    assert len(known) == 2
    shutil.rmtree(here.folder)
    one.sync()
    assert [one.digest is None for one in one.workspace.versions("work/p1")] == [True, False, False]
    assert one.workspace.restore("work/p1").path == "work/p1"
    assert here.seen() == after
    settled_after(one)
    one.workspace.restore("work/p1", at=known[1].version, to="earlier")
    assert one.repository("earlier").seen() == before
    one.sync()
    settled(one)
    with pytest.raises(UsageError, match="is there"):
        one.workspace.restore("work/p1", at=known[1].version)
    with pytest.raises(NoSuchVersion):
        one.workspace.restore("work/p9")
    two = site.clone("two")
    assert two.repository("work/p1").seen() == after


def settled_after(hub: Hub) -> None:
    """One sync carries what was done, without a problem; then nothing is left to do."""
    assert not hub.sync().problems
    settled(hub)


def test_a_repository_that_gitignore_names_travels_as_others_do(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "site")
    site.begin({".gitignore": "external/\ndata/\n", ".hubsyncignore": "private\n"})
    one = site.clone("one")
    for name in ("external", "private"):
        (one.directory / name).mkdir()
        inner = Repository(one.directory / name)
        inner.git("init", "-q", "-b", "main")
        inner.commit("first", {"a.txt": "one\n"})
    one.write({"data/large": "never carried\n"})
    assert {one.path: one.state for one in one.workspace.status().repositories} == {
        "external": "new"
    }
    one.sync()
    assert one.git("status", "--porcelain") == "?? private/"
    assert one.sync().nothing_done()
    two = site.clone("two")
    assert (
        Repository(two.directory / "external").seen()
        == Repository(one.directory / "external").seen()
    )
    assert not (two.directory / "private").exists()
    assert not (two.directory / "data").exists()
    assert two.sync().nothing_done()
    assert {one.path: one.state for one in two.workspace.status().repositories} == {
        "external": "synced"
    }


def test_commits_and_the_log_name_repositories_and_not_their_captures(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "site")
    site.begin({"notes.txt": "n\n"})
    one = site.clone("one")
    inner = Repository(one.directory / "p1")
    inner.folder.mkdir()
    inner.git("init", "-q", "-b", "main")
    inner.commit("first", {"a.txt": "one\n"})
    one.sync()
    two = site.clone("two")
    inner.commit("second", {"a.txt": "two\n"})
    one.sync()
    assert [(c.path, c.change) for c in two.workspace.status().remote] == [
        ("p1", ChangeKind.EDITED)
    ]
    shutil.rmtree(inner.folder)
    one.sync()
    assert site.subjects()[:3] == [
        "Delete the repository p1",
        "Update the repository p1",
        "Add the repository p1",
    ]
    records = one.workspace.log(3)
    assert [[(c.path, c.change) for c in one.changes] for one in records] == [
        [("p1", ChangeKind.DELETED)],
        [("p1", ChangeKind.EDITED)],
        [("p1", ChangeKind.CREATED)],
    ]


def test_status_tells_of_a_repository_that_both_hubs_changed(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"a.txt": "one\n"})
    one.sync()
    two = folder.clone("two")
    here.commit("here", {"h.txt": "h\n"})
    two.repository("p").commit("there", {"t.txt": "t\n"})
    one.sync()
    assert [one.code for one in two.sync().problems] == ["nested-diverged"]
    assert [(one.path, one.code) for one in two.workspace.status().problems] == [
        ("p", "nested-diverged")
    ]
    assert [one.path for one in two.workspace.diverged()] == ["p"]
    two.workspace.resolve("p", "mine")
    assert not two.workspace.diverged()


def test_an_undone_edit_reaches_the_other_hub_and_stays_undone(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    for _ in range(2):  # there and back more than once
        for text in ("2\n", "1\n"):
            here.write({"f": text})
            one.sync()
            two.sync()
            assert (there.folder / "f").read_text() == text
            settled(one, two)
    there.write({"f": "2\n"})  # and from the other side
    two.sync()
    one.sync()
    assert (here.folder / "f").read_text() == "2\n"
    settled(two, one)


def test_an_undone_edit_is_not_forgotten_with_the_state(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    two = folder.clone("two")
    for text in ("2\n", "1\n"):
        here.write({"f": text})
        one.sync()
    shutil.rmtree(one.directory / ".hubsync/state")
    one.sync()
    two.sync()
    assert (two.repository("p").folder / "f").read_text() == "1\n"
    one.sync()
    settled(two, one)
    assert (here.folder / "f").read_text() == "1\n"


@pytest.mark.parametrize("version", ["3", "4"])
def test_a_file_that_is_only_meant_to_be_added_is_not_staged(folder: Site, version: str) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n", "d/long.txt": "1\n"})
    here.write({"d/later": "text\n", "d/void": "", "staged": "2\n"})
    here.git("add", "staged")
    here.git("add", "-N", "d/later", "d/void")
    here.git("update-index", "--index-version", version)
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    assert there.status() == ["A  staged", "?? d/later", "?? d/void"]
    assert (there.folder / "d/later").read_text() == "text\n"
    settled(two, one)
    assert here.status() == [" A d/later", " A d/void", "A  staged"]


def test_a_file_in_place_of_a_repository_is_told_on_both_hubs(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    two = folder.clone("two")
    here.folder.rename(one.directory.parent / "moved")
    (one.directory / "p").write_text("a file")
    one.sync()
    two.repository("p").write({"f": "2\n"})
    two.sync()
    for _ in range(2):
        assert [problem.code for problem in one.sync().problems] == ["nested-in-the-way"]
        assert [problem.code for problem in two.sync().problems] == ["nested-replaced"]
    assert (one.directory / "p").read_text() == "a file"
    assert (two.repository("p").folder / "f").read_text() == "2\n"


def test_a_plain_folder_in_place_of_a_repository_is_told_and_nothing_is_put_into_it(
    site: Site,
) -> None:
    one = site.hub("one")
    here = one.new("p", {"f": "1\n", ".gitignore": "data/\n"})
    one.sync()
    two = site.clone("two")
    shutil.rmtree(here.folder / ".git")
    (here.folder / "f").write_text("plain\n")
    (here.folder / "plain").write_text("plain\n")
    one.sync()
    there = two.repository("p")
    assert [problem.code for problem in two.sync().problems] == ["nested-deleted"]
    settled(two, one)
    assert there.seen() != {}
    assert there.status() == []
    there.commit("more", {"f": "2\n"})
    two.sync()
    for _ in range(2):
        assert [problem.code for problem in one.sync().problems] == ["nested-in-the-way"]
    assert (here.folder / "f").read_text() == "plain\n"
    settled(two)


def test_a_new_repository_goes_out_with_all_else_in_one_publish(site: Site) -> None:
    one = site.hub("one")
    (one.directory / "notes.md").write_text("mine\n")
    one.new("p", {"f": "1\n"})
    one.new("p/inner", {"f": "1\n"})
    one.sync()
    assert len(one.workspace.log()) == 1
    assert {change.path for change in one.workspace.log()[0].changes} >= {"notes.md", "p"}
    settled(one)
    one.new("q", {"f": "1\n"})
    one.sync()
    assert len(one.workspace.log()) == 2
    settled(one)


def test_clones_made_by_hand_on_two_hubs_need_one_capture(folder: Site) -> None:
    """What the remote has of a new repository comes first."""
    upstream = folder.upstream("p")
    one, two = folder.hub("one"), folder.hub("two")
    one.clone_of(upstream, "p")
    two.clone_of(upstream, "p")
    one.sync()
    assert two.sync().up == ()
    assert len(one.workspace.log()) == 1


def test_a_directory_comes_back_with_the_repositories_that_were_in_it(site: Site) -> None:
    one = site.hub("one")
    first = one.new("work/p1", {"a.txt": "one\n"})
    one.new("work/p1/inner", {"i.txt": "inner\n"})
    second = one.new("work/p2", {"b.txt": "two\n"})
    one.new("other", {"c.txt": "three\n"})
    (one.directory / "work/notes.md").write_text("n\n")
    one.sync()
    (then,) = [record.version for record in one.workspace.log()]
    before = first.seen()
    second.commit("later", {"b.txt": "later\n"})
    later = second.seen()
    shutil.rmtree(first.folder)
    shutil.rmtree(one.directory / "other")
    (one.directory / "work/notes.md").unlink()
    one.sync()
    found = one.workspace.restore("work", at=then)
    assert found.repositories == ("work/p1", "work/p1/inner")
    assert found.left == ("work/p2",)
    assert found.files == 1
    assert first.seen() == before
    assert one.repository("work/p1/inner").git("log", "--format=%s") == "first"
    assert second.seen() == later
    assert (one.directory / "work/notes.md").read_text() == "n\n"
    assert not (one.directory / "other").exists()
    settled_after(one)
    found = one.workspace.restore("work", at=then, to="earlier")
    assert found.repositories == ("earlier/p1", "earlier/p1/inner", "earlier/p2")
    assert (one.directory / "earlier/p2/b.txt").read_text() == "two\n"
    settled_after(one)


def test_a_directory_of_nothing_but_repositories_comes_back(folder: Site) -> None:
    one = folder.hub("one")
    here = one.new("work/p1", {"a.txt": "one\n"})
    one.new("keep", {"a.txt": "one\n"})
    one.sync()
    before = here.seen()
    (then,) = [record.version for record in one.workspace.log()]
    shutil.rmtree(one.directory / "work")
    one.sync()
    assert one.workspace.restore("work", at=then).repositories == ("work/p1",)
    assert here.seen() == before
    shutil.rmtree(one.directory / "work")
    one.sync()
    assert one.workspace.restore(".", at=then).repositories == ("work/p1",)
    settled_after(one)
    with pytest.raises(NoSuchVersion):
        one.workspace.restore("nowhere", at=then)


def test_what_changes_while_it_is_captured_is_captured_next(
    folder: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    time.sleep(1.1)  # until nothing in it is new
    put = Places.put

    def slowly(self: Places, *arguments: str) -> None:
        here.write({"f": "2\n"})
        time.sleep(1.1)
        put(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Places, "put", slowly)
        one.sync()
    one.sync()
    assert (folder.clone("two").repository("p").folder / "f").read_text() == "2\n"


@pytest.mark.parametrize("meanwhile", ["commit", "switch", "stage", "stash"])
def test_what_a_person_does_with_git_while_it_is_brought_forward_stays(
    folder: Site, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n", "g": "1\n"})
    here.write({"g": "open\n"})
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    here.commit("more", {"f": "2\n"})
    one.sync()
    begin = forwarding.complete

    def busy(*arguments: Any) -> None:
        begin(*arguments)
        commands = {
            "commit": ("commit", "-qam", "mine"),
            "switch": ("switch", "-qc", "mine"),
            "stage": ("add", "g"),
            "stash": ("stash", "-q"),
        }
        there.git(*commands[meanwhile])

    with monkeypatch.context() as patched:
        patched.setattr(forwarding, "complete", busy)
        assert "nested-changed" in [one.code for one in two.sync().problems]
    if meanwhile == "commit":
        assert there.git("log", "-1", "--format=%s") == "mine"
    elif meanwhile == "switch":
        assert there.git("symbolic-ref", "HEAD") == "refs/heads/mine"
    elif meanwhile == "stage":
        assert there.status() == ["M  g"]
    else:
        assert there.git("stash", "list")
    assert here.git("log", "-1", "--format=%s") == "more"
    codes = [one.code for one in two.sync().problems]
    assert codes in ([], ["nested-diverged"])
    assert there.is_sound()


@pytest.mark.parametrize("how", ["without .git", "another folder"])
def test_a_repository_that_is_a_plain_folder_now_is_carried_as_one(site: Site, how: str) -> None:
    """Also where it was excluded from the outer clone."""
    one = site.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.new("q", {"f": "1\n"})
    one.sync()
    settled(one)
    if how == "without .git":
        shutil.rmtree(here.folder / ".git")
    else:
        shutil.rmtree(here.folder)
        here.write({"f": "1\n"})
    here.write({"g": "2\n"})
    result = one.sync()
    assert {change.path for change in result.up} == {"p/f", "p/g"}
    settled(one)
    two = site.clone("two")
    assert (two.directory / "p/g").read_text() == "2\n"
    assert not (two.directory / "p/.git").exists()
    settled(two)


def test_what_a_person_excludes_stays_excluded(tmp_path: Path) -> None:
    site = Site(tmp_path, f"git+file://{tmp_path}/remote.git")
    one = site.hub("one")
    file = one.directory / ".git/info/exclude"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"mine\r\n# p\n/no newline")
    for name in ("a", "b"):
        one.new(name, {"f": "1\n"})
        one.sync()
    assert {"mine", "# p", "/no newline", "/a/", "/b/"} <= set(file.read_text().splitlines())
    shutil.rmtree(one.directory / "a")
    one.sync()
    lines = file.read_text().splitlines()
    assert {"mine", "# p", "/no newline", "/b/"} <= set(lines)
    assert "/a/" not in lines


@pytest.mark.parametrize("name", ["f", "new"])
def test_what_a_person_saves_in_the_last_moment_stays(
    folder: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    one = folder.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    two = folder.clone("two")
    there = two.repository("p")
    here.commit("more", {name: "2\n"})
    one.sync()
    check_out = Mover._check_out

    def later(self: Mover, *arguments: Any) -> None:
        there.write({name: "saved\n"})
        check_out(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Mover, "_check_out", later)
        assert two.sync().problems
    two.sync()
    assert (there.folder / name).read_text() == "saved\n"


def test_a_repository_that_is_ignored_from_now_on_is_neither_sent_nor_fetched_nor_deleted(
    folder: Site,
) -> None:
    one = folder.hub("one")
    (one.directory / "keep").write_text("keep")
    here = one.clone_of(folder.upstream("p", {"a": "1\n"}), "p")
    one.sync()
    two = folder.clone("two")
    there = Repository(two.directory / "p")
    (one.directory / ".hubsyncignore").write_text("p/\n")
    one.sync()
    here.commit("private", {"a": "private\n"})
    one.sync()
    two.sync()
    assert there.git("log", "-1", "--format=%s") != "private"
    assert one.states() == {}
    shutil.rmtree(here.folder)
    one.sync()
    two.sync()
    assert there.folder.is_dir()
    (one.directory / ".hubsyncignore").unlink()
    one.sync()
    assert here.git("log", "-1", "--format=%s") == there.git("log", "-1", "--format=%s")
