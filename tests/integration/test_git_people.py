"""What people do with git between two syncs, and odd repositories: nothing is lost, or the error
says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hubsync import GitChoice, Workspace
from hubsync.errors import HubsyncError, LocalError, SafetyStop, Unreachable
from hubsync.remotes.git import busy
from tests.git_hubs import GitSite, Hub, git, no_ones_settings, write

FIRST = {"a": "1", "b": "1", "d/c": "1"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


@pytest.fixture
def one(site: GitSite) -> Hub:
    hub = site.hub("one", FIRST)
    hub.sync()
    return hub


@pytest.fixture
def two(site: GitSite, one: Hub) -> Hub:
    return site.clone("two")


def test_what_was_stashed_comes_back_after_a_sync(site: GitSite, one: Hub, two: Hub) -> None:
    one.write({"a": "2", "new": "n"})
    one.git("add", "new")
    one.git("stash", "-q")
    two.write({"b": "2"})
    two.sync()
    one.sync()
    one.git("stash", "pop", "-q")
    one.sync()
    assert site.files() == one.files() == {**FIRST, "a": "2", "b": "2", "new": "n"}
    assert one.is_clean()


def written_by_hand(hub: Hub, waits: str) -> tuple[subprocess.Popen[bytes], Path]:
    """A commit that waits for the ``"editor"`` or the ``"hook"`` before it; and the file that ends
    that once it is there."""
    opened, done = hub.directory.parent / "opened", hub.directory.parent / "done"
    editor, hook = hub.directory.parent / "editor", hub.directory / ".git/hooks/pre-commit"
    waiting = f"touch {opened}\nuntil [ -e {done} ]; do sleep 0.02; done\n"
    editor.write_text('#!/bin/sh\necho "by hand" > "$1"\n' + (waiting if waits == "editor" else ""))
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n" + (waiting if waits == "hook" else ""))
    editor.chmod(0o755)
    hook.chmod(0o755)
    env = {**os.environ, "GIT_EDITOR": str(editor), "GIT_CONFIG_GLOBAL": os.devnull}
    names = {
        f"GIT_{who}_{what}": "Ada" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    running = subprocess.Popen(["git", "commit", "-q"], cwd=hub.directory, env=env | names)
    while not opened.exists():
        assert running.poll() is None
    return running, done


def b_is_edited(one: Hub, two: Hub, mode: str) -> None:
    """Both are of that mode from now on, and an edit of ``b`` on two is on the remote."""
    two_commits = mode == "shadow"
    for hub in (one, two) if two_commits else ():
        hub.workspace.set_remote("origin", mode="shadow", user="ada")
    two.write({"b": "2"})
    if two_commits:
        two.git("commit", "-qam", "b")
    two.sync()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="seen by what runs, in /proc")
@pytest.mark.parametrize("waits", ["editor", "hook"])
@pytest.mark.parametrize("mode", ["branch", "shadow"])
def test_a_commit_that_is_being_made_is_not_overtaken(
    site: GitSite, one: Hub, two: Hub, mode: str, waits: str
) -> None:
    b_is_edited(one, two, mode)
    before = one.git("rev-parse", "HEAD")
    one.write({"a": "2"})
    one.git("add", "a")
    running, done = written_by_hand(one, waits)
    try:
        result = one.sync()
        assert one.git("rev-parse", "HEAD") == before
        assert one.files() == {**FIRST, "a": "2", "b": "2"}
    finally:
        done.touch()
    assert running.wait() == 0
    assert not result.problems
    assert one.git("log", "-1", "--format=%s") == "by hand"
    assert one.git("rev-parse", "HEAD^") == before
    for hub in (one, two):
        assert not hub.sync().conflicts
        assert hub.files() == {**FIRST, "a": "2", "b": "2"}
    assert one.git("merge-base", "HEAD", before) == before
    assert mode == "shadow" or (one.is_clean() and two.is_clean())


@pytest.mark.parametrize("mode", ["branch", "shadow"])
@pytest.mark.parametrize("new", [{"mine": "m"}, {}])
def test_a_commit_that_ends_while_a_sync_looks_stays_on_the_branch(
    site: GitSite,
    one: Hub,
    two: Hub,
    new: dict[str, str | None],
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    b_is_edited(one, two, mode)
    looks, made = busy.is_committing, []

    def then_it_ends(repository: object) -> bool:
        seen = looks(repository)
        if not made:
            write(one.directory, new)
            one.git("add", "--", *new)
            one.git("commit", "-qm", "mine", "--allow-empty", "--", *new)
            made.append(one.git("rev-parse", "HEAD"))
        return seen

    monkeypatch.setattr(busy, "is_committing", then_it_ends)
    one.sync()
    (own,) = made
    assert one.git("rev-parse", "HEAD") == own
    assert not one.git("for-each-ref", "refs/hubsync/backup")  # nothing left the branch
    for hub in (one, two):
        assert not hub.sync().conflicts
        assert hub.files() == {**FIRST, **new, "b": "2"}
    assert one.git("merge-base", "HEAD", own) == own
    assert mode == "shadow" or (one.is_clean() and two.is_clean())


def test_a_first_commit_that_ends_while_a_sync_looks_stays(
    site: GitSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = site.hub("one", {"a": "1"})
    looks, made = busy.is_committing, []

    def then_it_ends(repository: object) -> bool:
        seen = looks(repository)
        if not made:
            one.git("commit", "-qm", "mine", "--allow-empty")
            made.append(one.git("rev-parse", "HEAD"))
        return seen

    monkeypatch.setattr(busy, "is_committing", then_it_ends)
    one.sync()
    assert one.git("rev-parse", "HEAD") == made[0]
    one.sync()
    assert one.git("merge-base", "HEAD", made[0]) == made[0]
    assert site.files() == {"a": "1"}
    assert one.is_clean()


def test_an_editor_that_was_left_keeps_no_branch_from_following(
    site: GitSite, one: Hub, two: Hub
) -> None:
    one.write({"a": "2"})
    one.git("add", "a")
    one.git("-c", "core.editor=true", "commit", "-q", check=False)  # no message: no commit
    assert (one.directory / ".git/COMMIT_EDITMSG").exists()
    two.write({"b": "2"})
    two.sync()
    one.sync()
    assert one.is_clean()
    assert site.files() == {**FIRST, "a": "2", "b": "2"}


def test_commits_that_a_person_rebased_are_pushed_as_they_are(
    site: GitSite, one: Hub, two: Hub
) -> None:
    for name in ("b", "d/c"):
        two.write({name: "2"})
        two.git("commit", "-qam", f"by hand: {name}")
    one.write({"a": "2"})
    one.sync()
    two.git("fetch", "-q")
    two.git("rebase", "-q", "origin/main")
    two.sync()
    one.sync()
    assert site.subjects() == ["by hand: d/c", "by hand: b", "Update a", "Add 3 files"]
    assert one.files() == two.files() == {"a": "2", "b": "2", "d/c": "2"}


def test_a_commit_of_hubsync_that_a_person_amended_keeps_both(site: GitSite, one: Hub) -> None:
    one.write({"a": "2"})
    one.sync()
    one.write({"a": "3"})
    one.git("commit", "-qa", "--amend", "-m", "amended")
    one.sync()
    assert site.files()["a"] == "3"
    assert {"amended", "Update a"} <= set(site.subjects())
    assert one.is_clean()


def test_a_reset_takes_back_and_what_it_took_stays_in_the_history(
    site: GitSite, one: Hub, two: Hub
) -> None:
    one.write({"a": "2", "new": "x"})
    one.sync()
    one.git("reset", "-q", "--hard", "HEAD~1")
    one.sync()
    two.sync()
    assert site.files() == one.files() == two.files() == FIRST
    assert git(site.repository, "show", "main~1:new") == "x"


def test_a_clone_whose_git_folder_was_deleted_is_made_again(
    site: GitSite, one: Hub, two: Hub
) -> None:
    one.write({"a": "2"})
    two.write({"b": "2", "d/c": None})
    two.sync()
    one.workspace.close()
    shutil.rmtree(one.directory / ".git")
    with Workspace.open(str(one.directory)) as workspace:
        again = Hub(one.directory, workspace)
        result = again.sync()
        assert not result.conflicts
        assert result.deleted_locally == ("d/c",)
        assert site.files() == again.files() == {"a": "2", "b": "2"}
        assert again.is_clean()
        assert again.git("rev-parse", "--abbrev-ref", "main@{upstream}") == "origin/main"


def test_a_workspace_whose_own_folder_was_deleted_brings_nothing_back(
    site: GitSite, one: Hub, two: Hub
) -> None:
    one.write({"a": "2"})
    two.write({"b": "2", "d/c": None})
    two.sync()
    one.workspace.close()
    shutil.rmtree(one.directory / ".hubsync")
    again = Hub(
        one.directory, Workspace.init(str(one.directory), site.url, git=GitChoice("branch"))
    )
    again.sync()
    assert site.files() == again.files() == {"a": "2", "b": "2"}
    assert again.is_clean()


def test_a_repository_that_is_packed_meanwhile_loses_nothing(
    site: GitSite, one: Hub, two: Hub
) -> None:
    wanted = dict(FIRST)
    for number in range(4):
        files = {"a": f"{number}", f"n{number}": "x" * 100}
        wanted |= files
        one.write(files)
        packing = [
            subprocess.Popen(
                ["git", "gc", "-q", "--prune=now"], cwd=folder, stderr=subprocess.DEVNULL
            )
            for folder in (one.directory, site.repository)
        ]
        with suppress(HubsyncError):  # told, and gone on with below
            one.sync()
        for process in packing:
            process.wait()
    one.sync()
    two.sync()
    assert site.files() == two.files() == one.files() == wanted
    assert one.is_sound()
    git(site.repository, "fsck", "--strict")


def test_merges_of_many_and_empty_commits_are_pushed_as_they_are(
    site: GitSite, one: Hub, two: Hub
) -> None:
    for name in "xyz":
        one.git("checkout", "-q", "-b", name, "main")
        one.write({name: name})
        one.git("add", name)
        one.git("commit", "-qm", name)
    one.git("checkout", "-q", "main")
    one.git("merge", "-q", "-m", "octopus", *"xyz")
    one.git("commit", "-q", "--allow-empty", "-m", "empty")
    mine = one.git("rev-parse", "HEAD")
    two.write({"b": "2"})
    two.sync()
    one.sync()
    two.sync()
    assert mine in git(site.repository, "rev-list", "main").splitlines()
    assert one.files() == two.files() == {**FIRST, "b": "2", "x": "x", "y": "y", "z": "z"}


def test_a_shallow_clone_is_synced(site: GitSite, one: Hub) -> None:
    for number in range(3):
        one.write({"a": str(number)})
        one.sync()
    git(site.folder, "clone", "-q", "--depth", "1", f"file://{site.repository}", "shallow")
    directory = site.folder / "shallow"
    hub = Hub(directory, Workspace.init(str(directory), site.url, git=GitChoice("branch")))
    hub.write({"b": "2"})
    hub.sync()
    one.sync()
    assert one.files() == hub.files() == {**FIRST, "a": "2", "b": "2"}
    assert len(site.subjects()) == 5
    one.write({"a": "3"})
    one.sync()
    hub.sync()
    assert hub.files()["a"] == "3"
    assert hub.is_clean()
    git(directory, "fsck", "--strict")
    git(directory, "fetch", "-q", "--unshallow", f"file://{site.repository}", "main")
    assert len(git(directory, "log", "--format=%h").split()) == 6


def test_a_worktree_and_a_clone_with_borrowed_objects_are_synced(site: GitSite, one: Hub) -> None:
    one.git("worktree", "add", "-q", "-b", "side", "../worktree")
    git(site.folder, "clone", "-q", "--shared", str(site.repository), "borrowing")
    for name, branch in (("worktree", "side"), ("borrowing", "main")):
        directory = site.folder / name
        hub = Hub(directory, Workspace.init(str(directory), site.url, git=GitChoice("branch")))
        hub.write({"new": name})
        hub.sync()
        assert git(site.repository, "show", f"{branch}:new") == name
        assert hub.is_clean()


def test_many_branches_are_no_burden(site: GitSite, one: Hub) -> None:
    tip = git(site.repository, "rev-parse", "main")
    lines = "".join(f"create refs/heads/b{number} {tip}\n" for number in range(3_000))
    subprocess.run(
        ["git", "update-ref", "--stdin"], cwd=site.repository, input=lines, text=True, check=True
    )
    one.write({"a": "2"})
    one.sync()
    assert site.clone("three").git("branch", "-a").split() == ["*", "main", "remotes/origin/main"]
    assert site.files()["a"] == "2"


def test_a_partial_clone_is_refused_before_anything_is_missing(site: GitSite, one: Hub) -> None:
    one.write({"a": "2"})
    one.sync()
    git(site.repository, "config", "uploadpack.allowFilter", "true")
    there = f"file://{site.repository}"
    git(site.folder, "clone", "-q", "--filter=blob:none", there, "partial")
    directory = site.folder / "partial"
    with pytest.raises(LocalError) as caught:
        Workspace.init(str(directory), site.url, git=GitChoice("branch"))
    assert caught.value.code == "partial-clone"
    for command in caught.value.hint.split("'")[1::2]:
        git(directory, *command.split()[1:])
    hub = Hub(directory, Workspace.init(str(directory), site.url, git=GitChoice("branch")))
    hub.write({"b": "2"})
    hub.sync()
    assert [one.digest for one in hub.workspace.versions("a")]
    assert site.files() == {**FIRST, "a": "2", "b": "2"}


def test_a_repository_of_sha256_is_refused_in_words(site: GitSite) -> None:
    shutil.rmtree(site.repository)
    kind = ("-q", "-b", "main", "--object-format=sha256")
    git(site.folder, "init", "--bare", *kind, "remote.git")
    with pytest.raises(Unreachable) as caught:
        site.hub("one", {"a": "1"})
    assert "SHA-1" in caught.value.hint
    git(site.folder, "init", *kind, "mine")
    with pytest.raises(LocalError) as refused:
        Workspace.init(str(site.folder / "mine"), site.url, git=GitChoice("branch"))
    assert "SHA-256" in refused.value.hint


def test_a_repository_that_is_gone_is_a_safety_stop(site: GitSite, one: Hub) -> None:
    shutil.rmtree(site.repository)
    one.write({"a": "2"})
    with pytest.raises(SafetyStop) as caught:
        one.sync()
    assert caught.value.code == "remote-gone"
    assert one.files() == {**FIRST, "a": "2"}


def test_a_folder_in_which_somebody_works_is_not_pushed_into(site: GitSite) -> None:
    git(site.folder, "init", "-q", "-b", "main", "theirs")
    site.served = f"git+file://{site.folder / 'theirs'}"
    hub = site.hub("one", {"a": "1"})
    with pytest.raises(Unreachable) as caught:
        hub.sync()
    assert "bare" in caught.value.hint
    assert hub.files() == {"a": "1"}


def test_renamed_branch_is_named_and_can_be_followed(site: GitSite, one: Hub) -> None:
    git(site.repository, "branch", "-m", "main", "trunk")
    one.write({"a": "2"})
    with pytest.raises(SafetyStop) as caught:
        one.sync()
    assert caught.value.code == "remote-empty"
    assert "'main' is gone from the remote" in caught.value.message
    assert "--branch NEW" in caught.value.hint
    assert "--confirm-deletes" in caught.value.hint
    git(one.directory, "fetch", "-q")
    git(one.directory, "switch", "-q", "trunk")
    one.workspace.set_remote("origin", branch="trunk")
    one.sync()
    assert one.files() == {**FIRST, "a": "2"}
    assert git(site.repository, "show", "trunk:a") == "2"


def test_remote_without_any_branch_is_empty(site: GitSite, one: Hub) -> None:
    git(site.repository, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(SafetyStop) as caught:
        one.sync()
    assert "The remote is empty" in caught.value.message


def test_a_staged_file_whose_name_is_no_text_and_that_is_gone_stays_findable(
    site: GitSite, one: Hub, two: Hub
) -> None:
    odd = os.fsencode(one.directory) + b"/\xff.txt"
    with open(odd, "wb") as file:
        file.write(b"staged alone\n")
    one.git("add", "-A")
    os.unlink(odd)
    two.write({"b": "2"})
    two.sync()
    one.sync()
    kept = one.git("for-each-ref", "--format=%(refname)", "refs/hubsync/backup/")
    assert "staged alone" in one.git("grep", "-h", "staged alone", kept.splitlines()[0])


def test_a_name_that_is_no_text_and_was_taken_out_by_git_stays_away(
    site: GitSite, one: Hub, two: Hub
) -> None:
    odd = os.fsencode(one.directory) + b"/\xff.txt"
    with open(odd, "wb") as file:
        file.write(b"by hand\n")
    one.git("add", "-A")
    one.git("commit", "-qm", "odd")
    one.sync()
    two.sync()
    assert "377" in git(site.repository, "ls-tree", "main")
    os.unlink(odd)
    one.sync()
    one.git("rm", "-q", "--cached", "--", "\udcff.txt")
    one.git("commit", "-qm", "without that name")
    one.sync()
    two.sync()
    assert "377" not in git(site.repository, "ls-tree", "main")
    assert one.git("status", "--short") == two.git("status", "--short") == ""
