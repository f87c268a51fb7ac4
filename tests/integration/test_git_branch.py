"""Branch mode: what is synced becomes commits, and what people do with git beside it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import GitChoice, Workspace
from hubsync.config import DEFAULT_REMOTE
from hubsync.errors import LocalError, SafetyStop, Unreachable, UsageError
from hubsync.local.layout import Layout
from hubsync.local.state import load
from hubsync.results import ChangeKind
from tests.git_hubs import GitSite, Hub, git, no_ones_settings, write
from tests.servers import git_http
from tests.servers.git_bare import protect

TOKEN = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"

LINES = "one\ntwo\nthree\nfour\nfive\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def pair(site: GitSite, files: dict[str, str | None]) -> tuple[Hub, Hub]:
    one = site.hub("one", files)
    one.sync()
    return one, site.clone("two")


def test_a_plain_folder_becomes_a_clone_with_one_readable_commit(site: GitSite) -> None:
    one = site.hub("one", {"a.txt": "a", "data/b.csv": "b"})
    one.sync()
    assert site.files() == {"a.txt": "a", "data/b.csv": "b"}
    assert site.subjects() == ["Add a.txt and data/b.csv"]
    assert one.is_clean()
    assert one.git("rev-parse", "HEAD") == one.git("rev-parse", "origin/main")
    assert one.git("log", "-1", "--format=%(trailers:key=Hubsync-Hub,valueonly)").strip() == "one"


def test_a_clone_is_an_ordinary_one(site: GitSite) -> None:
    _, two = pair(site, {"a": "1", "run.sh": "#!"})
    assert two.is_clean()
    assert two.git("rev-parse", "--abbrev-ref", "main@{upstream}") == "origin/main"
    two.write({"b": "2"})
    two.git("add", "b")
    two.git("commit", "-qm", "by hand")
    two.git("push", "-q")
    assert site.subjects()[0] == "by hand"
    assert two.git("pull") == "Already up to date."


def test_nothing_to_do_makes_no_commit(site: GitSite) -> None:
    one, two = pair(site, {"a": "1"})
    assert one.sync().nothing_done()
    assert two.sync().nothing_done()
    assert len(site.subjects()) == 1


def test_what_came_is_remembered_once(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "run.sh": "#!"})
    one.write({"a": "2", "b": "3"})
    one.sync()
    two.sync()
    state, _ = load(Layout(str(two.directory)).state(DEFAULT_REMOTE))
    assert state is not None
    assert state.base.keys() == {"a", "b", "run.sh"}
    assert (state.local, state.remote) == ({}, {})
    assert two.sync().nothing_done()


def test_edits_of_different_lines_are_merged_into_one_history(site: GitSite) -> None:
    one, two = pair(site, {"notes.txt": LINES})
    one.write({"notes.txt": LINES.replace("one", "ONE")})
    one.sync()
    two.write({"notes.txt": LINES.replace("five", "FIVE")})
    assert not two.sync().conflicts
    one.sync()
    wanted = LINES.replace("one", "ONE").replace("five", "FIVE").rstrip("\n")
    assert one.files() == two.files() == site.files() == {"notes.txt": wanted}
    assert one.is_clean()
    assert two.is_clean()
    assert two.is_sound()


def test_edits_of_one_line_are_kept_twice_and_no_marker_is_seen(site: GitSite) -> None:
    one, two = pair(site, {"a": "old"})
    one.write({"a": "mine"})
    one.sync()
    two.write({"a": "theirs"})
    (conflict,) = two.sync().conflicts
    one.sync()
    assert sorted(one.files().values()) == ["mine", "theirs"]
    assert one.files() == two.files() == site.files()
    assert conflict.copy in one.files()


def test_a_conflict_makes_one_commit_that_has_everything(site: GitSite) -> None:
    one, two = pair(site, {"a": "old"})
    one.write({"a": "mine"})
    one.sync()
    before = site.subjects()
    two.write({"a": "theirs", "b": "committed"})
    two.git("add", "-A")
    two.git("commit", "-qm", "a reason")
    two.sync()
    assert len(site.subjects()) == len(before) + 2  # the person's own, and the merge
    assert site.files()["b"] == "committed"
    assert two.is_clean()


def test_a_conflict_copy_that_is_held_back_lets_nothing_take_its_place(site: GitSite) -> None:
    one, two = pair(site, {"a": "old", "b": "1"})
    one.write({"a": f"token = '{TOKEN}'"})
    one.git("commit", "-qam", "by hand")
    one.git("push", "-q", "origin", "main")
    (two.directory / "a").unlink()
    two.write({"a/c": "in a folder", "b": "2"})
    assert "secret-found" in {problem.code for problem in two.sync().problems}
    assert site.files() == {"a": f"token = '{TOKEN}'", "b": "2"}
    assert two.files() == {"a/c": "in a folder", "b": "2"}


def test_a_persons_own_commits_are_pushed_as_they_are(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    one.write({"a": "2"})
    one.git("commit", "-qam", "a reason")
    mine = one.git("rev-parse", "HEAD")
    one.sync()
    assert site.subjects()[0] == "a reason"
    assert git(site.repository, "rev-parse", "main") == mine


def test_a_persons_own_commits_are_merged_with_what_came_meanwhile(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "b": "1"})
    one.write({"a": "2"})
    one.sync()
    two.write({"b": "2"})
    two.git("commit", "-qam", "a reason")
    mine = two.git("rev-parse", "HEAD")
    two.write({"c": "uncommitted"})
    two.sync()
    assert site.files() == {"a": "2", "b": "2", "c": "uncommitted"}
    assert mine in git(site.repository, "rev-list", "main").splitlines()
    assert two.is_clean()
    one.sync()
    assert one.files() == two.files()
    assert one.is_clean()


def test_a_link_that_a_person_committed_does_not_take_a_folders_place(site: GitSite) -> None:
    one, two = pair(site, {"a": "1"})
    one.write({"d/e": "in a folder"})
    one.sync()
    (two.directory / "d").symlink_to("a")
    two.git("add", "d")
    two.git("commit", "-qm", "a link")
    two.sync()
    one.sync()
    for hub in (one, two):
        assert (hub.directory / "d/e").read_text() == "in a folder"
        assert hub.is_clean()
    assert "d/e" in site.files()


def test_what_a_person_committed_though_hubsync_ignores_it_stays(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", ".hubsyncignore": "*.log\n"})
    one.write({"run.log": "log"})
    one.git("add", "run.log")
    one.git("commit", "-qm", "a log")
    one.write({"a": "2"})
    one.sync()
    assert site.files()["run.log"] == "log"
    assert one.is_clean()
    two.write({"b": "new"})
    two.sync()
    assert site.files()["run.log"] == "log"


def test_a_message_says_only_what_the_commit_itself_does(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    one.write({"a": "2"})
    one.git("commit", "-qam", "a reason")
    one.write({"b": "new"})
    one.sync()
    assert site.subjects()[:2] == ["Add b", "a reason"]


def test_deletions_modes_and_links_are_carried(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "b": "1", "run.sh": "#!"})
    (one.directory / "run.sh").chmod(0o755)
    (one.directory / "link").symlink_to("a")
    one.write({"b": None})
    one.sync()
    assert two.sync().deleted_locally == ("b",)
    assert (two.directory / "run.sh").stat().st_mode & 0o100
    assert (two.directory / "link").readlink() == Path("a")
    assert two.is_clean()


def test_a_mode_from_here_and_a_content_from_there_meet(site: GitSite) -> None:
    one, two = pair(site, {"run.sh": "old"})
    one.write({"run.sh": "new"})
    one.sync()
    (two.directory / "run.sh").chmod(0o755)
    two.git("commit", "-qam", "executable")
    two.sync()
    one.sync()
    for hub in (one, two):
        assert hub.files() == {"run.sh": "new"}
        assert (hub.directory / "run.sh").stat().st_mode & 0o100
        assert hub.is_clean()


def test_a_folder_takes_the_place_of_a_file_and_back(site: GitSite) -> None:
    one, two = pair(site, {"f": "file", "keep": "k"})
    one.write({"f": None})
    one.write({"f/x": "inside"})
    one.sync()
    two.sync()
    assert two.files() == {"f/x": "inside", "keep": "k"}
    shutil.rmtree(two.directory / "f")
    two.write({"f": "file again"})
    two.sync()
    one.sync()
    assert one.files() == {"f": "file again", "keep": "k"}
    assert one.is_clean()
    assert two.is_clean()


def test_a_folder_with_files_and_an_unrelated_repository_are_united(site: GitSite) -> None:
    site.hub("one", {"shared": "same", "a": "theirs"}).sync()
    other = site.hub("other", {"shared": "same", "a": "mine", "b": "mine"})
    other.sync()
    assert sorted(other.files().values()) == ["mine", "mine", "same", "theirs"]
    assert other.files() == site.files()
    assert other.git("status", "--porcelain") == ""


def test_two_unrelated_histories_become_one_without_force(site: GitSite, tmp_path: Path) -> None:
    site.hub("one", {"a": "1"}).sync()
    before = git(site.repository, "rev-parse", "main")
    directory = tmp_path / "mine"
    write(directory, {"b": "2"})
    git(directory, "init", "-q", "-b", "main")
    git(directory, "add", ".")
    git(directory, "commit", "-qm", "my own beginning")
    mine = git(directory, "rev-parse", "HEAD")
    hub = Hub(directory, Workspace.init(str(directory), site.url, git=GitChoice("branch")))
    hub.sync()
    reached = git(site.repository, "rev-list", "main").splitlines()
    assert {before, mine} <= set(reached)
    assert site.files() == {"a": "1", "b": "2"}
    assert hub.is_clean()


def test_a_mode_that_there_is_none_is_no_other_mode(site: GitSite) -> None:
    directory = site.folder / "mine"
    write(directory, {"b": "2"})
    with pytest.raises(UsageError) as caught:
        Workspace.init(str(directory), site.url, git=GitChoice("shade"))
    assert caught.value.code == "no-such-mode"
    assert sorted(one.name for one in directory.iterdir()) == ["b"]


def test_a_repository_that_cannot_be_reached_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path / "mine", {"b": "2"})
    with pytest.raises(Unreachable):
        Workspace.init(str(tmp_path / "mine"), "git+http://127.0.0.1:1/x.git")
    assert sorted(one.name for one in (tmp_path / "mine").iterdir()) == ["b"]


def test_a_lost_memory_is_gits_own(site: GitSite) -> None:
    one, two = pair(site, {"a": LINES, "gone": "x", "b": "1"})
    one.write({"a": LINES.replace("one", "ONE"), "gone": None})
    one.sync()
    two.write({"a": LINES.replace("five", "FIVE")})
    shutil.rmtree(two.directory / ".hubsync" / "state")
    result = two.sync()
    assert not result.conflicts
    assert result.deleted_locally == ("gone",)
    wanted = LINES.replace("one", "ONE").replace("five", "FIVE").rstrip("\n")
    assert two.files() == {"a": wanted, "b": "1"} == site.files()


def test_a_rewritten_remote_does_not_get_its_old_history_back(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "secret": "s"})
    two.write({"mine": "m"})
    two.git("add", "mine")
    two.git("commit", "-qm", "mine")
    mine = two.git("rev-parse", "HEAD")
    one.git("rm", "-q", "secret")
    one.git("commit", "-q", "--amend", "-m", "cleaned")
    one.git("push", "-qf")
    two.sync()
    assert site.files() == {"a": "1", "mine": "m"}
    assert "Add a and secret" not in site.subjects()
    kept = two.git("for-each-ref", "--format=%(objectname)", "refs/hubsync/backup/").splitlines()
    assert kept == [mine]
    assert two.is_clean()
    one.sync()
    assert one.files() == two.files()


def test_an_emptied_remote_is_a_safety_stop(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    shutil.rmtree(site.repository)
    git(site.folder, "init", "-q", "--bare", "-b", "main", "remote.git")
    with pytest.raises(SafetyStop):
        one.sync()
    assert one.files() == {"a": "1"}


def has_other_branch(hub: Hub) -> None:
    """It has another one, and both edited the same line; main is checked out."""
    for branch, create in (("other", ["-c"]), ("main", [])):
        hub.git("switch", "-q", *create, branch)
        hub.write({"a": branch})
        hub.git("commit", "-qam", branch)


@pytest.mark.parametrize("state", ["merge", "lock"])
def test_a_repository_in_the_middle_of_something_is_left_alone(site: GitSite, state: str) -> None:
    one, _ = pair(site, {"a": "1"})
    if state == "merge":
        has_other_branch(one)
        one.git("merge", "other", check=False)
    else:
        (one.directory / ".git" / "index.lock").touch()
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == "repository-busy"
    assert len(site.subjects()) == 1


def test_a_rebase_is_called_so_though_it_left_the_branch(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    has_other_branch(one)
    one.git("rebase", "other", check=False)
    with pytest.raises(LocalError, match="in the middle of a rebase") as caught:
        one.sync()
    assert caught.value.code == "repository-busy"
    assert len(site.subjects()) == 1


@pytest.mark.parametrize("stashed", ["a", "b"])
def test_what_is_in_conflict_in_the_index_is_left_alone(site: GitSite, stashed: str) -> None:
    one, two = pair(site, {"a": "1", "b": "1"})
    one.write({stashed: "stashed"})
    one.git("stash", "-q")
    one.write({"a": "2", "b": None})
    one.sync()
    one.git("stash", "pop", check=False)
    two.sync()
    two.write({"theirs": "t"})
    two.sync()
    there, here = site.subjects(), one.git("rev-parse", "HEAD")
    before, files = one.git("ls-files", "-s"), one.files()
    for _ in range(2):
        with pytest.raises(LocalError, match=f"In conflict in Git's index: '{stashed}'") as caught:
            one.sync()
        assert caught.value.code == "repository-busy"
        assert "git add" in caught.value.hint
    assert (site.subjects(), one.git("rev-parse", "HEAD")) == (there, here)
    assert (one.git("ls-files", "-s"), one.files()) == (before, files)
    one.write({stashed: "resolved"})
    one.git("add", stashed)
    one.sync()
    left = {"a": "2", "theirs": "t", stashed: "resolved"}
    assert site.files() == one.files() == left
    assert one.is_clean()


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["sparse-checkout", "set", "d1"], "sparse-checkout", "git sparse-checkout disable"),
        (
            ["sparse-checkout", "set", "--sparse-index", "d1"],
            "sparse-checkout",
            "git sparse-checkout disable",
        ),
        (["update-index", "--split-index"], "split-index", "git update-index --no-split-index"),
    ],
)
def test_a_checkout_that_lacks_what_nobody_deleted_is_left_alone(
    site: GitSite, arguments: list[str], code: str, hint: str
) -> None:
    one, _ = pair(site, {"d1/x": "1", "d2/x": "2", "d3/x": "3"})
    one.git(*arguments)
    one.write({"d1/new": "new"})
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == code
    assert hint in caught.value.hint
    assert site.files() == {"d1/x": "1", "d2/x": "2", "d3/x": "3"}
    one.git("config", "core.splitIndex", "false")
    one.git(*hint.split()[1:])
    one.sync()
    assert site.files() == {"d1/x": "1", "d2/x": "2", "d3/x": "3", "d1/new": "new"}
    assert one.is_clean()


def test_another_branch_is_not_synced_as_this_one(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    one.git("switch", "-qc", "other")
    one.write({"a": "other"})
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == "other-branch"
    assert site.files() == {"a": "1"}
    one.git("stash", "-q")
    one.git("switch", "-q", "main")
    assert one.sync().nothing_done()


def test_empty_folders_give_way_to_a_file_for_git_carries_none(site: GitSite) -> None:
    one, two = pair(site, {"a": "1"})
    (one.directory / "d" / "e").mkdir(parents=True)
    two.write({"d": "a file"})
    two.sync()
    assert not one.sync().problems
    assert one.files() == two.files() == {"a": "1", "d": "a file"}
    assert one.is_clean()


def test_a_branch_that_was_renamed_is_synced_under_its_new_name_when_told_so(
    site: GitSite,
) -> None:
    one, _ = pair(site, {"a": "1"})
    one.git("branch", "-m", "main", "work")
    one.write({"a": "2"})
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == "other-branch"
    assert "'hubsync remote set NAME --branch work'" in caught.value.hint
    assert site.files() == {"a": "1"}
    one.workspace.set_remote("origin", branch="work")
    one.sync()
    assert site.files() == {"a": "1"}
    assert git(site.repository, "show", "work:a") == "2"
    assert one.is_clean()


def test_what_was_staged_and_is_nowhere_else_stays_findable(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    one.write({"a": "staged"})
    one.git("add", "a")
    one.write({"a": "edited on"})
    one.sync()
    (backup,) = one.git("for-each-ref", "--format=%(refname)", "refs/hubsync/backup/").splitlines()
    assert one.git("show", f"{backup}:a") == "staged"
    assert one.is_clean()


@pytest.mark.parametrize("damage", [b"junk", b"DIRC", b"\0" * 40, b"x" * 200])
def test_a_damaged_index_is_told_of(site: GitSite, damage: bytes) -> None:
    one, _ = pair(site, {"a": "1"})
    (one.directory / ".git/index").write_bytes(damage)
    one.write({"a": "2"})
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == "git-failed"
    assert (one.directory / "a").read_text() == "2"


def test_an_object_that_is_missing_keeps_no_edit_from_going_out(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "b": "other"})
    name = one.git("rev-parse", "HEAD:a")
    (one.directory / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    one.write({"a": "2"})
    one.sync()
    two.sync()
    assert two.files() == {"a": "2", "b": "other"}


@pytest.mark.parametrize("there", [{}, {"b": "1"}], ids=["nothing there", "something there"])
def test_what_was_staged_before_the_first_commit_stays_findable(
    site: GitSite, there: dict[str, str | None]
) -> None:
    if there:
        site.begin(there)
    folder = site.folder / "one"
    git(site.folder, "init", "-q", "-b", "main", "one")
    for name in ("a", "gone"):
        (folder / name).write_text(f"staged {name}")
    git(folder, "add", "a", "gone")
    (folder / "a").write_text("edited on")
    (folder / "gone").unlink()
    one = site.hub("one")
    one.sync()
    assert site.files() == {"a": "edited on", **there}
    (backup,) = one.git("for-each-ref", "--format=%(refname)", "refs/hubsync/backup/").splitlines()
    assert one.git("show", f"{backup}:a") == "staged a"
    assert one.git("show", f"{backup}:gone") == "staged gone"
    assert one.is_clean()


def test_line_ends_are_converted_as_gitattributes_say(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": "*.bat text eol=crlf\n*.txt text\n"})
    (one.directory / "run.bat").write_bytes(b"one\r\ntwo\r\n")
    (one.directory / "a.txt").write_bytes(b"one\ntwo\n")
    one.sync()
    assert git(site.repository, "cat-file", "-s", "main:run.bat") == "8"
    two = site.clone("two")
    assert (two.directory / "run.bat").read_bytes() == b"one\r\ntwo\r\n"
    assert two.is_clean()
    assert two.sync().nothing_done()
    assert one.is_clean()


def test_a_submodule_stays_what_it_is(site: GitSite, tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(library, {"code.py": "1"})
    git(library, "init", "-q", "-b", "main")
    git(library, "add", ".")
    git(library, "commit", "-qm", "library")
    one, _ = pair(site, {"a": "1"})
    one.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "sub")
    one.git("commit", "-qm", "with a submodule")
    one.write({"a": "2"})
    assert one.sync().exit_status() == 0
    status = one.workspace.status()
    assert (status.submodules, status.problems, status.local) == (("sub",), (), ())
    assert git(site.repository, "ls-tree", "main", "sub").startswith("160000 commit")
    assert "Update a" in site.subjects()


def test_hubsyncs_own_folder_is_ignored_in_this_clone_alone(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    assert not (one.directory / ".gitignore").exists()
    assert "/.hubsync/" in (one.directory / ".git/info/exclude").read_text().splitlines()


def test_earlier_contents_come_back_as_a_new_change(site: GitSite) -> None:
    one, two = pair(site, {"a": "first"})
    one.write({"a": "second"})
    one.sync()
    versions = one.workspace.versions("a")
    assert [version.hub for version in versions] == ["one", "one"]
    one.workspace.restore("a", at=versions[-1].version)
    one.sync()
    two.sync()
    assert two.files() == {"a": "first"}
    assert len(site.subjects()) == 3


def test_the_log_tells_syncs_and_a_persons_commits(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    one.write({"a": "2"})
    one.git("commit", "-qam", "a reason")
    one.sync()
    newest, oldest = one.workspace.log()
    assert (newest.message, newest.hub, newest.author) == ("a reason", "", "Ada")
    assert (oldest.message, oldest.hub) == ("Add a", "one")


def test_a_pull_moves_the_branch_and_keeps_what_is_uncommitted(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "b": "1"})
    one.write({"a": "2"})
    one.sync()
    two.write({"b": "mine"})
    two.pull()
    assert two.files() == {"a": "2", "b": "mine"}
    assert two.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")
    assert two.git("status", "--porcelain") == " M b"
    assert site.files() == {"a": "2", "b": "1"}


def test_a_push_leaves_the_branch_where_the_disk_is(site: GitSite) -> None:
    """Else the next commit by hand would delete what the push had not brought here."""
    one, two = pair(site, {"a": "1"})
    one.write({"new": "n"})
    one.sync()
    two.write({"mine": "m"})
    two.push()
    two.git("add", "-A")
    two.git("commit", "-qm", "by hand")
    two.sync()
    one.sync()
    assert one.files() == two.files() == site.files() == {"a": "1", "mine": "m", "new": "n"}
    assert two.is_clean()


def test_a_push_that_meets_a_moved_branch_leaves_what_is_newer_there(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "b": "1"})
    one.write({"a": "2"})
    one.sync()
    two.write({"a": "mine", "b": "mine"})
    result = two.push()
    assert list(result.unsynced) == ["a"]
    assert site.files() == {"a": "2", "b": "mine"}
    assert two.files() == {"a": "mine", "b": "mine"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[GitSite]:
    """Over HTTP: a push into a folder runs no hooks."""
    folder = tmp_path / "served"
    folder.mkdir()
    with git_http(folder) as server, no_ones_settings(tmp_path / "nobody"):
        yield GitSite(folder, server.url("remote.git"))


def test_what_a_protected_branch_refuses_goes_to_a_branch_beside_it(served: GitSite) -> None:
    site = served
    git(site.repository, "config", "http.receivepack", "true")
    one, two = pair(site, {"a": "1"})
    protect(site.repository, "main")
    one.write({"a": "2", "b": "new"})
    (problem,) = one.sync().problems
    assert problem.code == "on-side-branch"
    assert "hubsync/ada/main" in problem.message
    assert git(site.repository, "show", "hubsync/ada/main:a") == "2"
    assert site.files() == {"a": "1"}
    assert one.files() == {"a": "2", "b": "new"}
    before = git(site.repository, "rev-parse", "hubsync/ada/main")
    assert len(one.sync().problems) == 1
    assert git(site.repository, "rev-parse", "hubsync/ada/main") == before
    one.write({"a": "3"})
    one.sync()
    assert git(site.repository, "show", "hubsync/ada/main:a") == "3"
    shutil.rmtree(site.repository / "hooks")
    assert not one.sync().problems
    two.sync()
    assert two.files() == one.files() == site.files()


def test_a_secret_is_held_back_before_it_is_committed(site: GitSite) -> None:
    token = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"
    one, _ = pair(site, {"a": "1"})
    one.write({"a": "2", "settings.py": f"name = 1\ntoken = '{token}'\n"})
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("settings.py", "secret-found")
    assert token not in problem.message
    assert site.files() == {"a": "2"}
    assert token not in one.git("log", "-p", "--all")
    one.workspace.allow("settings.py")
    assert not one.sync().problems
    assert "settings.py" in site.files()


def test_a_file_that_is_too_large_for_git_is_held_back(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    with open(one.directory / "large.bin", "wb") as file:
        file.truncate(60_000_000)
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("large.bin", "file-too-large-for-git")
    assert "hubsync remote add" in problem.hint
    assert site.files() == {"a": "1"}


def test_a_secret_in_a_persons_own_commit_is_not_pushed_for_them(site: GitSite) -> None:
    token = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"
    one, two = pair(site, {"a": "1"})
    one.write({"settings.py": f"token = '{token}'\n"})
    one.git("add", "settings.py")
    one.git("commit", "-qm", "by hand")
    one.git("rm", "-q", "settings.py")
    one.git("commit", "-qm", "taken out again")
    one.write({"a": "2"})
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("settings.py", "secret-found")
    assert problem.hint.startswith("Take it out of the commit (git rebase); or, if it may be")
    assert problem.hint.count("Take it out") == 1
    assert token not in problem.message
    assert site.files() == {"a": "1"}
    assert token not in git(site.repository, "log", "-p", "--all")
    two.write({"b": "2"})
    two.sync()
    assert one.sync().problems
    assert one.files() == {"a": "2", "b": "2"}
    one.git("reset", "-q", "--soft", "HEAD~2")
    assert not one.sync().problems
    assert site.files() == {"a": "2", "b": "2"}


def test_a_secret_that_is_committed_and_on_the_disk_stays_here(site: GitSite) -> None:
    token = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"
    one, _ = pair(site, {"a": "1"})
    one.write({"settings.py": f"token = '{token}'\n", "b": "new"})
    one.git("add", "-A")
    one.git("commit", "-qm", "by hand")
    assert "secret-found" in {one.code for one in one.sync().problems}
    assert token not in git(site.repository, "log", "-p", "--all")


def test_doctor_names_the_repository_and_its_branch(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    reachable = [check for check in one.workspace.doctor() if check.name == "origin: reachable"]
    assert [check.message for check in reachable] == [f"it answers, and is remote {site.url}#main"]


def test_status_and_a_dry_run_know_equal_files_at_the_first_link(site: GitSite) -> None:
    text = {"a": "1\n", "d/b": "2\n", ".gitattributes": "*.crlf text eol=crlf\n"}
    site.begin({**text, "c.crlf": "one\n", "other": "theirs\n"})
    hub = site.hub("one", {**text, "other": "mine\n"})
    (hub.directory / "c.crlf").write_bytes(b"one\r\n")
    status = hub.workspace.status()
    assert status.coming == ("other",)
    assert {one.path for one in (*status.local, *status.remote)} == {"other"}
    foreseen = hub.sync(dry_run=True)
    assert [one.path for one in foreseen.conflicts] == ["other"]
    assert [one.path for one in hub.sync().conflicts] == ["other"]


def test_a_pulled_change_equal_to_the_own_one_is_no_conflict_in_a_dry_run(site: GitSite) -> None:
    one, two = pair(site, {"a": "1\n"})
    for hub in (one, two):
        hub.write({"a": "2\n"})
    one.sync()
    status = two.workspace.status()
    assert (status.local, status.remote, status.coming) == ((), (), ())
    foreseen = two.sync(dry_run=True)
    assert (foreseen.conflicts, foreseen.merged) == ((), ())


def test_an_empty_folder_is_no_change(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1\n", "b": "1\n"})
    (one.directory / "empty/below").mkdir(parents=True)
    (one.directory / "b").unlink()
    (one.directory / "b").mkdir()
    told = [(change.path, change.change) for change in one.workspace.status().local]
    assert told == [("b", ChangeKind.DELETED)]
    one.sync()
    assert one.workspace.status().local == ()
    assert one.sync().nothing_done()


def test_status_and_a_dry_run_name_what_is_held_back(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1\n", "fine": "1\n"})
    secret = f"key = 'AKIA{'QWERTYUIOPASDFGH'}'\n"
    one.write({"a": secret, "new.py": secret, "fine": "2\n"})
    with (one.directory / "large").open("wb") as file:
        file.truncate(50_000_001)
    held = [("a", "secret-found"), ("large", "file-too-large-for-git"), ("new.py", "secret-found")]
    status = one.workspace.status()
    assert sorted((problem.path, problem.code) for problem in status.problems) == held
    assert [change.path for change in status.local] == ["fine"]
    for result in (one.sync(dry_run=True), one.sync()):
        assert sorted((problem.path, problem.code) for problem in result.problems) == held
        assert [change.path for change in result.up] == ["fine"]


# -- what cannot be brought here ----------------------------------------------------------


def push_link(site: GitSite, target: str, name: str = "person") -> None:
    """Somebody commits a link with git, and pushes it."""
    directory = site.folder / name
    if not directory.exists():
        git(site.folder, "clone", "-q", str(site.repository), name)
    git(directory, "pull", "-q")
    (directory / "link").unlink(missing_ok=True)
    (directory / "link").symlink_to(target)
    git(directory, "add", "link")
    git(directory, "commit", "-qm", f"link to {target}")
    git(directory, "push", "-q", "origin", "HEAD:main")


def test_a_path_with_a_problem_does_not_stop_the_branch(site: GitSite) -> None:
    one, two = pair(site, {"a": "1"})
    push_link(site, "/etc/hosts")
    assert [problem.path for problem in one.sync().problems] == ["link"]
    assert one.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")
    assert one.is_clean()
    assert "S link" in one.git("ls-files", "-v")
    one.write({"b": "by hand"})
    one.git("add", "-A")
    one.git("commit", "-qam", "by hand")
    one.sync()
    assert "120000" in git(site.repository, "ls-tree", "main", "link")
    assert one.is_clean()
    assert one.is_sound()
    two.sync()
    assert two.files() == {"a": "1", "b": "by hand"}


def test_a_clone_stands_on_the_branch_though_a_path_cannot_be_brought(site: GitSite) -> None:
    site.hub("one", {"a": "1"}).sync()
    push_link(site, "/etc/hosts")
    two = site.clone("two")
    assert two.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")
    assert two.is_clean()
    assert "S link" in two.git("ls-files", "-v")


def test_a_path_that_can_be_brought_again_is_looked_at_again(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1"})
    push_link(site, "/etc/hosts")
    one.sync()
    push_link(site, "a")
    assert not one.sync().problems
    assert (one.directory / "link").is_symlink()
    assert "S link" not in one.git("ls-files", "-v")
    assert one.is_clean()
    (one.directory / "link").unlink()
    one.sync()
    assert "link" not in site.files()


def test_a_flag_that_a_person_set_is_theirs(site: GitSite) -> None:
    one, _ = pair(site, {"a": "1", "b": "1"})
    one.git("update-index", "--skip-worktree", "b")
    push_link(site, "/etc/hosts")
    one.sync()
    push_link(site, "a")
    one.sync()
    assert "S b" in one.git("ls-files", "-v")


def test_a_lost_memory_does_not_undo_what_could_not_be_brought(site: GitSite) -> None:
    site.hub("one", {"a": "1"}).sync()
    push_link(site, "a")
    two = site.clone("two")
    push_link(site, "/etc/hosts")
    two.sync()
    before = git(site.repository, "ls-tree", "main", "link")
    shutil.rmtree(two.directory / ".hubsync")
    again = Hub(two.directory, site.link(two.directory, mode="branch"))
    again.sync()
    assert git(site.repository, "ls-tree", "main", "link") == before


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_what_git_was_told_not_to_look_at_stays_here(site: GitSite, flag: str) -> None:
    one, _ = pair(site, {"a": "1", "settings.py": "public", "gone": "1"})
    one.git("update-index", f"--{flag}", "settings.py", "gone")
    one.write({"a": "2", "settings.py": "private", "gone": None})
    assert {problem.path for problem in one.sync().problems} == {"settings.py", "gone"}
    assert site.files() == {"a": "2", "settings.py": "public", "gone": "1"}
    assert one.files() == {"a": "2", "settings.py": "private"}
    one.git("update-index", f"--no-{flag}", "settings.py", "gone")
    assert not one.sync().problems
    assert site.files() == {"a": "2", "settings.py": "private"}


@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_what_git_was_told_not_to_look_at_is_told_only_if_it_was_changed(
    site: GitSite, flag: str
) -> None:
    one, _ = pair(site, {"a": "1", "settings.py": "public"})
    one.git("update-index", f"--{flag}", "settings.py")
    assert not one.sync(checksum=True).problems
    (one.directory / "settings.py").touch()
    assert not one.sync().problems


@pytest.mark.parametrize("staged", [False, True], ids=["as committed", "something staged"])
@pytest.mark.parametrize("flag", ["skip-worktree", "assume-unchanged"])
def test_what_git_was_told_not_to_look_at_is_in_no_conflict_copy_either(
    site: GitSite, flag: str, staged: bool
) -> None:
    one, two = pair(site, {"settings.py": "public", "looked/at": "1"})
    one.git("update-index", f"--{flag}", "settings.py")
    one.write({"settings.py": "private"})
    for version in ("public 2", "public 3"):
        two.write({"settings.py": version})
        two.sync()
        if staged:
            one.write({f"staged at {version}": "1"})
            one.git("add", "-A")
        result = one.sync()
        assert [problem.path for problem in result.problems] == ["settings.py"]
        assert not result.conflicts
        assert one.files()["settings.py"] == "private"
        assert site.files()["settings.py"] == version
        [told] = [line for line in one.git("ls-files", "-v").splitlines() if "settings" in line]
        assert told[0] == {"skip-worktree": "S", "assume-unchanged": "h"}[flag]
        assert one.is_clean()
    assert "private" not in git(site.repository, "log", "-p", "--all")


def test_an_empty_folder_in_the_place_of_a_file_leaves_the_branch_at_what_was_synced(
    site: GitSite,
) -> None:
    """Git has no empty folders."""
    one, two = pair(site, {"a": "1", "b": "2"})
    one.write({"b": None, "moved": "2"})
    (one.directory / "b").mkdir()
    one.sync()
    assert one.is_clean()
    two.sync()
    assert two.files() == {"a": "1", "moved": "2"}
    assert (one.directory / "b").is_dir()
    assert one.sync().nothing_done()


def test_a_file_that_is_held_back_and_in_conflict_is_named_as_it_is_called_here(
    site: GitSite,
) -> None:
    one, two = pair(site, {"c.csv": "a,b"})
    one.write({"c.csv": f"k,{TOKEN}\n"})
    two.write({"c.csv": "z,y"})
    two.sync()
    for asked in ({"dry_run": True}, {}):
        result = one.sync(**asked)
        assert [problem.path for problem in result.problems] == ["c.csv"]
        assert "hubsync allow c.csv" in result.problems[0].hint
        assert not result.conflicts
    one.workspace.allow("c.csv")
    assert [conflict.path for conflict in one.sync().conflicts] == ["c.csv"]
    assert one.files()["c.csv"] == "z,y"
    assert f"k,{TOKEN}" in one.files().values()
