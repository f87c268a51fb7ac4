"""Git LFS: with its program it is used, without it nothing of its files is committed or lost."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from hubsync.credentials.secret import Secret
from hubsync.credentials.stored import Stored, StoredLogin
from hubsync.errors import StoreError
from hubsync.model import Entry, Problem
from hubsync.remotes.git.remote import GitRemote
from tests.git_hubs import GitSite, Hub, git, no_ones_settings
from tests.quiet import is_quiet
from tests.servers.git_lfs import LfsServer, git_lfs

ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
POINTER = "version https://git-lfs.github.com/spec/v1"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitSite]:
    """git-lfs asks git for settings: those of the machine do not count."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


@pytest.fixture
def without_lfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with all that there is but git-lfs."""
    leave_out_lfs(tmp_path, monkeypatch)


def leave_out_lfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    for directory in os.environ["PATH"].split(os.pathsep):
        if not os.path.isdir(directory):
            continue
        for name in os.listdir(directory):
            if name != "git-lfs" and not os.path.lexists(folder / name):
                (folder / name).symlink_to(os.path.join(directory, name))
    monkeypatch.setenv("PATH", str(folder))


def stored(site: GitSite) -> int:
    """How many contents the server of the large files holds."""
    return sum(len(files) for _, _, files in os.walk(site.repository / "lfs" / "objects"))


def stored_here(hub: Hub) -> int:
    return sum(len(files) for _, _, files in os.walk(hub.directory / ".git/lfs/objects"))


def test_git_holds_a_pointer_and_the_server_the_content(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content", "a": "1"})
    result = one.sync()
    assert not result.problems
    assert site.files()["large.bin"].startswith(POINTER)
    assert stored(site) == 1
    assert one.files()["large.bin"] == "content"
    assert one.is_clean()
    assert one.sync().nothing_done()


def test_a_clone_has_the_content_and_edits_travel(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content"})
    one.sync()
    two = site.clone("two")
    assert two.files()["large.bin"] == "content"
    assert two.is_clean()
    two.write({"large.bin": "edited", "d/new.bin": "new"})
    two.sync()
    one.sync()
    assert one.files() == two.files()
    assert one.is_clean()
    assert two.is_clean()
    assert stored(site) == 3
    one.write({"large.bin": None})
    one.sync()
    two.sync()
    assert set(two.files()) == {".gitattributes", "d/new.bin"}
    assert two.is_clean()


def test_attributes_that_come_with_the_files_count(site: GitSite) -> None:
    one = site.hub("one", {"a": "1"})
    one.sync()
    two = site.clone("two")
    one.write({".gitattributes": ATTRIBUTES, "large.bin": "content"})
    one.sync()
    two.sync()
    assert two.files()["large.bin"] == "content"
    assert two.is_clean()


def test_edits_of_both_are_kept_twice(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content"})
    one.sync()
    two = site.clone("two")
    one.write({"large.bin": "mine\0"})
    two.write({"large.bin": "theirs\0"})
    one.sync()
    two.sync()
    one.sync()
    assert one.files() == two.files()
    assert {"mine\0", "theirs\0"} <= set(one.files().values())
    assert all(
        text.startswith(POINTER) for name, text in site.files().items() if name.endswith(".bin")
    )
    assert one.is_clean()


def test_a_lost_memory_loses_nothing(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content"})
    one.sync()
    shutil.rmtree(one.directory / ".hubsync/state")
    assert not one.sync().conflicts
    assert set(one.files()) == {".gitattributes", "large.bin"}
    assert one.is_clean()


def test_the_contents_of_a_persons_own_commits_are_sent_too(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content"})
    one.sync()
    one.write({"other.bin": "by hand"})
    one.git("add", "other.bin")
    one.git("commit", "-qm", "by hand")
    one.sync()
    assert site.subjects()[0] == "by hand"
    assert stored(site) == 2
    assert site.clone("two").files()["other.bin"] == "by hand"


def test_what_was_staged_and_is_on_the_disk_needs_no_backup(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content"})
    one.sync()
    one.write({"large.bin": "edited"})
    one.git("add", "large.bin")
    one.sync()
    assert one.git("for-each-ref", "refs/hubsync/backup/") == ""
    assert one.is_clean()


def test_a_content_that_cannot_be_sent_keeps_the_branch_where_it_is(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "a": "1"})
    one.sync()
    (site.repository / "lfs").write_text("in the way")
    one.write({"large.bin": "content", "a": "2"})
    with pytest.raises(StoreError) as caught:
        one.sync()
    assert caught.value.code == "lfs-push"
    assert "\n" not in caught.value.message
    assert site.files()["a"] == "1"
    (site.repository / "lfs").unlink()
    one.sync()
    assert site.files()["large.bin"].startswith(POINTER)
    assert stored(site) == 1
    assert one.is_clean()


def test_a_content_that_the_server_lost_is_a_problem_of_its_path(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content", "a": "1"})
    one.sync()
    shutil.rmtree(site.repository / "lfs")
    two = site.hub("two")
    (problem,) = two.sync().problems
    assert (problem.path, problem.code) == ("large.bin", "lfs")
    assert "missing object" in problem.message
    assert len(problem.message) < 120
    assert "log" not in problem.message
    assert "\n" not in problem.message
    assert "Install git-lfs" not in problem.hint
    assert set(two.files()) == {".gitattributes", "a"}
    assert two.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")
    assert two.is_clean()
    two.write({"a": "2"})
    two.git("commit", "-qam", "by hand")
    two.sync()
    assert site.files()["large.bin"].startswith(POINTER)
    one.git("lfs", "push", "--all", "origin")
    assert not two.sync().problems
    assert two.files()["large.bin"] == "content"
    assert "S large.bin" not in two.git("ls-files", "-v")
    assert two.is_clean()


def test_an_earlier_version_comes_back_from_the_server(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "first"})
    one.sync()
    one.write({"large.bin": "second"})
    one.sync()
    two = site.clone("two")
    assert len(two.workspace.versions("large.bin")) == 2
    assert stored_here(two) == 1
    assert len(two.workspace.log()) == 2
    two.workspace.restore("large.bin")
    assert two.files()["large.bin"] == "first"
    two.sync()
    one.sync()
    assert one.files()["large.bin"] == "first"
    assert one.is_clean()


@pytest.mark.usefixtures("without_lfs")
def test_without_the_program_it_is_never_committed_as_a_plain_file(site: GitSite) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "a.txt": "a", "large.bin": "content"})
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("large.bin", "lfs")
    assert "git-lfs" in problem.hint
    assert set(site.files()) == {".gitattributes", "a.txt"}
    assert one.files()["large.bin"] == "content"


def test_without_the_program_a_pointer_is_told_of_and_stays_one(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content", "a": "1"})
    one.sync()
    before = git(site.repository, "rev-parse", "main:large.bin")
    with monkeypatch.context() as context:
        leave_out_lfs(tmp_path, context)
        two = site.hub("two")
        (problem,) = two.sync().problems
        assert (problem.path, problem.code) == ("large.bin", "lfs")
        assert "Install git-lfs" in problem.hint
        assert two.files()["large.bin"].startswith(POINTER)
        assert two.is_clean()
        two.write({"a": "2"})
        two.sync()
        assert git(site.repository, "rev-parse", "main:large.bin") == before
        two.write({"large.bin": "edited"})
        assert [one.code for one in two.sync().problems] == ["lfs"]
        assert git(site.repository, "rev-parse", "main:large.bin") == before
        two.git("checkout", "-q", "--", "large.bin")
    two.git("lfs", "install", "--local")
    two.git("lfs", "pull")
    assert two.files()["large.bin"] == "content"
    assert not two.sync().problems
    assert two.is_clean()
    assert git(site.repository, "rev-parse", "main:large.bin") == before


def codes(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    return sorted((one.path, one.code) for one in problems)


@pytest.mark.parametrize("begun", ["here", "with git"])
def test_a_pointer_is_told_of_as_long_as_it_is_there_and_then_the_content_comes(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content", "a": "1"})
    one.sync()
    lfs = [("large.bin", "lfs")]
    with monkeypatch.context() as context:
        leave_out_lfs(tmp_path, context)
        if begun == "here":
            two = site.hub("two")
        else:
            git(site.folder, "clone", "-q", str(site.repository), "two")
            two = Hub(site.folder / "two", site.link(site.folder / "two", mode="branch"))
        for _ in range(4):
            assert codes(two.sync().problems) == lfs
            assert codes(two.workspace.status().problems) == lfs
        two.write({"a": "2"})
        assert codes(two.sync().problems) == lfs
        assert site.files()["a"] == "2"
        assert codes(two.sync().problems) == lfs
        assert two.files()["large.bin"].startswith(POINTER)
        assert not is_quiet(two.workspace)
    status = two.workspace.status()
    assert not status.problems
    assert [one.path for one in status.remote] == ["large.bin"]
    result = two.sync()
    assert not result.problems
    assert [one.path for one in result.down] == ["large.bin"]
    assert two.files()["large.bin"] == "content"
    assert two.sync().nothing_done()
    assert two.is_clean()
    assert site.subjects()[0] == git(two.directory, "log", "-1", "--format=%s")


def test_what_a_person_pulled_is_no_upload(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content", "b.bin": "b"}).sync()
    with monkeypatch.context() as context:
        leave_out_lfs(tmp_path, context)
        two = site.hub("two")
        two.sync()
    two.git("lfs", "install", "--local")
    two.git("lfs", "pull")
    commits = site.subjects()
    two.write({"b.bin": "edited"})
    status = two.workspace.status()
    assert [one.path for one in status.local] == ["b.bin"]
    assert not status.remote
    result = two.sync()
    assert [one.path for one in result.up] == ["b.bin"]
    assert not result.conflicts
    assert two.sync().nothing_done()
    assert site.subjects()[1:] == commits


def test_a_pointer_goes_with_what_the_other_side_deletes_or_replaces(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = site.hub("one", {".gitattributes": ATTRIBUTES, "a.bin": "a", "b.bin": "b", "c.bin": "c"})
    one.sync()
    folder = tmp_path / "programs"
    with monkeypatch.context() as context:
        leave_out_lfs(tmp_path, context)
        two = site.hub("two")
        two.sync()
    one.write({"a.bin": None, "b.bin": "newer"})
    one.sync()
    with monkeypatch.context() as context:
        context.setenv("PATH", str(folder))
        assert codes(two.sync().problems) == [("b.bin", "lfs"), ("c.bin", "lfs")]
        two.write({"c.bin": None})
        assert codes(two.sync().problems) == [("b.bin", "lfs")]
        assert codes(two.sync().problems) == [("b.bin", "lfs")]
    two.sync()
    assert two.files() == {".gitattributes": ATTRIBUTES.rstrip(), "b.bin": "newer"}
    assert set(site.files()) == {".gitattributes", "b.bin"}


def test_a_pointer_costs_no_look_at_other_files(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number}": "text" for number in range(20)}
    site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content", **files}).sync()
    leave_out_lfs(tmp_path, monkeypatch)
    two = site.hub("two")
    two.sync()
    asked: list[str] = []
    real = GitRemote.stand_ins

    def counted(remote: GitRemote, entries: Iterable[tuple[str, Entry]]) -> object:
        rows = list(entries)
        asked.extend(path for path, _ in rows)
        return real(remote, rows)

    monkeypatch.setattr(GitRemote, "stand_ins", counted)
    two.sync()
    assert asked == ["large.bin"]


@pytest.mark.parametrize("mode", ["branch", "shadow", "folder"])
def test_without_the_program_a_content_that_is_here_is_what_its_pointer_points_to(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    files = {".gitattributes": ATTRIBUTES, "large.bin": "content", "a": "1"}
    site.hub("one", files).sync()
    directory = site.folder / "two"
    if mode == "folder":
        two = site.hub("two", files)
    else:
        git(site.folder, "clone", "-q", str(site.repository), "two")
        git(directory, "lfs", "install", "--local")
        git(directory, "lfs", "pull")
        two = Hub(directory, site.link(directory, mode=mode))
    with monkeypatch.context() as context:
        leave_out_lfs(tmp_path, context)
        assert not two.workspace.status().problems
        result = two.sync()
        assert not result.problems
        assert not result.conflicts
        assert two.sync().nothing_done()
    assert two.sync().nothing_done()
    assert two.files() == files | {".gitattributes": ATTRIBUTES.rstrip()}
    two.git("lfs", "install", "--local")
    assert two.is_clean()


def test_what_only_had_its_pointer_is_compared_once_the_program_is_there(
    site: GitSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.hub("one", {".gitattributes": ATTRIBUTES, "large.bin": "content"}).sync()
    two = site.hub("two", {".gitattributes": ATTRIBUTES, "large.bin": "other"})
    with monkeypatch.context() as context:
        leave_out_lfs(tmp_path, context)
        assert [one.code for one in two.sync().problems] == ["lfs"]
    two.write({"large.bin": "content"})
    result = two.sync()
    assert not result.problems
    assert not result.conflicts
    assert set(two.files()) == {".gitattributes", "large.bin"}


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, and the command on PATH, as after an installation."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return home


def logged_in(home: Path, server: LfsServer, token: str) -> None:
    """As after `hubsync login`."""
    file = home / ".local/share/hubsync/credentials/hubsync-logins.json"
    stored = Stored(str(file))
    with stored.held():
        stored.put(server.host, StoredLogin("ada", Secret(token)))


def test_a_server_that_wants_a_login_gets_that_of_hubsync_login(
    site: GitSite, at_home: Path
) -> None:
    with git_lfs("ada", "token-of-the-tests") as server:
        logged_in(at_home, server, "token-of-the-tests")
        config = f"[lfs]\n\turl = {server.url}\n"
        one = site.hub("one", {".gitattributes": ATTRIBUTES, ".lfsconfig": config})
        one.write({"large.bin": "content", "d/other.bin": "other"})
        assert not one.sync().problems
        assert sorted(server.objects.values()) == [b"content", b"other"]
        two = site.clone("two")
        assert two.files() == one.files()
        assert one.is_clean()
        assert two.is_clean()
        assert "token-of-the-tests" not in (two.directory / ".git/config").read_text()


def test_a_server_that_refuses_the_login_keeps_the_branch_where_it_is(
    site: GitSite, at_home: Path
) -> None:
    with git_lfs("ada", "token-of-the-tests") as server:
        logged_in(at_home, server, "expired-token")
        config = f"[lfs]\n\turl = {server.url}\n"
        one = site.hub("one", {".gitattributes": ATTRIBUTES, ".lfsconfig": config, "a": "1"})
        one.sync()
        one.write({"large.bin": "content", "a": "2"})
        with pytest.raises(StoreError) as caught:
            one.sync()
        assert caught.value.code == "lfs-push"
        assert "expired-token" not in caught.value.message
        assert site.files()["a"] == "1"
        assert one.files()["large.bin"] == "content"
