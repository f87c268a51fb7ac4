"""A sync in which nothing happened: when the mark of the last one tells so, and when not."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ConfigLevel

from hubsync import Identity, SyncRequest, Workspace
from hubsync.errors import LocalError
from hubsync.local import mark
from tests.git_hubs import GitSite, Hub, no_ones_settings
from tests.quiet import finds_nothing, is_quiet, sees_as_much, settled
from tests.servers import git_http

FILES: dict[str, str | None] = {
    "a.txt": "one\n",
    "run.sh": "#!/bin/sh\n",
    "d/b [1]*?.txt": "two\n",
    "d/e/ä ö.txt": "three\n",
    ".gitignore": "*.log\nbuild/\nkept/*\n",
    "build/out.o": "made",
    "x.log": "said",
    "kept/nothing": "ignored",
    ".ipynb_checkpoints/n-checkpoint.ipynb": "{}",
    "~$odd[1]*?/f": "a name for a pattern",
}
Act = Callable[[Hub], object]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


@pytest.fixture
def hub(site: GitSite) -> Iterator[Hub]:
    made = site.hub("one", FILES)
    os.chmod(made.directory / "run.sh", 0o755)
    os.symlink("a.txt", made.directory / "link")
    with made.workspace:
        yield settled(made)


def rewrite(hub: Hub, path: str = "a.txt", content: str = "ONE\n") -> None:
    """Other content of the same size, with the same modification time."""
    file = hub.directory / path
    before = os.stat(file)
    file.write_text(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_twin(hub: Hub) -> None:
    """The same content, times and name in another inode."""
    file = hub.directory / "a.txt"
    shutil.copy2(file, hub.directory / ".git" / "twin")
    os.replace(hub.directory / ".git" / "twin", file)


def by_hand(hub: Hub) -> None:
    hub.write({"a.txt": "by hand\n"})
    hub.git("commit", "-qam", "by hand")


def pushed_by_hand(hub: Hub) -> None:
    by_hand(hub)
    hub.git("push", "-q", "origin", "main")


def untracked_by_hand(hub: Hub) -> None:
    """Taken out of Git and ignored: it stays here and goes everywhere else."""
    hub.git("rm", "-q", "--cached", "a.txt")
    with (hub.directory / ".git/info/exclude").open("a") as file:
        file.write("a.txt\n")


def taken_back(hub: Hub) -> None:
    hub.write({"a.txt": "more\n"})
    hub.sync()
    hub.git("reset", "-q", "--hard", "HEAD~1")


def stashed(hub: Hub) -> None:
    hub.write({"a.txt": "for later\n"})
    hub.git("stash", "-q")


def in_middle_of_merge(hub: Hub) -> None:
    (hub.directory / ".git/MERGE_HEAD").write_text(hub.git("rev-parse", "HEAD") + "\n")


def swapped(hub: Hub) -> None:
    one, other = hub.directory / "a.txt", hub.directory / "run.sh"
    os.rename(one, hub.directory / ".git/aside")
    os.rename(other, one)
    os.rename(hub.directory / ".git/aside", other)


def with_socket(hub: Hub) -> None:
    here = os.getcwd()
    os.chdir(hub.directory)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s")
    finally:
        os.chdir(here)


def write(path: str, content: str = "new") -> Act:
    return lambda hub: hub.write({path: content})


def prepend(path: str, text: str) -> Act:
    def change(hub: Hub) -> None:
        file = hub.directory / path
        file.write_text(text + file.read_text())

    return change


def append(path: str, line: str) -> Act:
    def appended(hub: Hub) -> None:
        with (hub.directory / path).open("a") as file:
            file.write(line)

    return appended


def by_git(*arguments: str) -> Act:
    return lambda hub: hub.git(*arguments)


def make_repository(path: str) -> Act:
    return lambda hub: hub.git("init", "-q", path)


CHANGES: dict[str, Act] = {
    "an edit": write("a.txt", "edited\n"),
    "an edit of the same size and modification time": rewrite,
    "an edit of what has an odd name": lambda hub: rewrite(hub, "d/b [1]*?.txt", "TWO\n"),
    "a deletion": lambda hub: hub.write({"a.txt": None}),
    "a renaming": lambda hub: os.rename(hub.directory / "a.txt", hub.directory / "d/a.txt"),
    "two files that changed places": swapped,
    "a new file": write("new"),
    "a new file in a directory": write("d/e/new"),
    "a new directory": write("n/e/w/new"),
    "an empty directory": lambda hub: os.mkdir(hub.directory / "empty"),
    "a directory that is gone": lambda hub: shutil.rmtree(hub.directory / "d/e"),
    "another mode": lambda hub: os.chmod(hub.directory / "run.sh", 0o644),
    "a link to elsewhere": lambda hub: (
        os.unlink(hub.directory / "link"),
        os.symlink("run.sh", hub.directory / "link"),
    ),
    "a link in place of a file": lambda hub: (
        os.unlink(hub.directory / "a.txt"),
        os.symlink("run.sh", hub.directory / "a.txt"),
    ),
    "a directory in place of a file": lambda hub: (
        os.unlink(hub.directory / "a.txt"),
        os.mkdir(hub.directory / "a.txt"),
    ),
    "a pipe": lambda hub: os.mkfifo(hub.directory / "pipe"),
    "a socket": with_socket,
    "a name that is no text": lambda hub: open(os.fsencode(hub.directory) + b"/\xff", "w").close(),
    "a changed rule": append(".gitignore", "!x.log\n"),
    "a rule of hubsync's": write(".hubsyncignore", "a.txt\n"),
    "a rule in a directory": write("d/.gitignore", "*.txt\n"),
    "a rule outside": append(".git/info/exclude", "d/\n"),
    "another file of rules outside": by_git("config", "core.excludesFile", "/nowhere"),
    "a repository": make_repository("d/inner"),
    "a repository in what Git ignores": make_repository("build"),
    "a repository in what hubsync ignores": make_repository(".ipynb_checkpoints"),
    "a commit": by_hand,
    "a commit that was pushed": pushed_by_hand,
    "a file taken out of Git": untracked_by_hand,
    "something staged": by_git("add", "-f", "x.log"),
    "a stash": stashed,
    "another branch": by_git("switch", "-qc", "other"),
    "no branch": by_git("switch", "-q", "--detach"),
    "a commit that is taken back": taken_back,
    "a commit of nothing": by_git("commit", "-q", "--allow-empty", "-m", "nothing"),
    "a merge under way": in_middle_of_merge,
    "a lock of Git": lambda hub: (hub.directory / ".git/index.lock").touch(),
    "a setting": by_git("config", "core.autocrlf", "true"),
    "a sparse checkout": by_git("config", "core.sparseCheckout", "true"),
    "a split index": by_git("update-index", "--split-index"),
    "a path that Git skips": by_git("update-index", "--skip-worktree", "a.txt"),
    "a path that Git takes for granted": by_git("update-index", "--assume-unchanged", "a.txt"),
    "no index": lambda hub: os.unlink(hub.directory / ".git/index"),
    "no memory of the remote": by_git("update-ref", "-d", "refs/remotes/origin/main"),
    "another address": by_git("remote", "set-url", "origin", "/nowhere"),
    "other settings of hubsync": prepend(".hubsync/config.toml", "keep_days = 5\n"),
    "no state": lambda hub: os.unlink(hub.directory / ".hubsync/state/origin.state"),
    "a damaged state": lambda hub: (hub.directory / ".hubsync/state/origin.state").write_text("x"),
    "no mark": lambda hub: os.unlink(hub.directory / ".hubsync/state/origin/quiet"),
    "a damaged mark": lambda hub: (hub.directory / ".hubsync/state/origin/quiet").write_text("{}"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_it_everything_is_looked_at(hub: Hub, name: str) -> None:
    CHANGES[name](hub)
    assert not is_quiet(hub.workspace)


FEW = (
    "an edit",
    "an edit of the same size and modification time",
    "an edit of what has an odd name",
    "a deletion",
    "a renaming",
    "two files that changed places",
    "a new file",
    "a new file in a directory",
    "another mode",
    "a link to elsewhere",
    "a link in place of a file",
    "a pipe",
    "a name that is no text",
    "something staged",
    "no mark",
)


@pytest.mark.parametrize("name", [one for one in CHANGES if one != "a split index"])  # refused
def test_where_few_paths_are_looked_at_as_much_is_seen(hub: Hub, name: str) -> None:
    CHANGES[name](hub)
    as_much = sees_as_much(hub.workspace)
    assert as_much is True if name in FEW else as_much is not False


def test_a_sync_that_did_something_leaves_few_paths_to_look_at(site: GitSite, hub: Hub) -> None:
    two = site.clone("two")
    with two.workspace:
        for number in range(3):
            hub.write({"a.txt": f"{number} here\n", f"d/new {number}": "new"})
            assert sees_as_much(hub.workspace) is True
            assert {one.path for one in hub.sync().up} == {"a.txt", f"d/new {number}"}
            two.sync()
            two.write({"d/e/ä ö.txt": f"{number} there\n"})
            two.sync()
            assert [one.path for one in hub.sync().down] == ["d/e/ä ö.txt"]
        hub.write({"d/e/ä ö.txt": "here\n"})
        assert sees_as_much(hub.workspace) is True
        assert [one.path for one in hub.sync().up] == ["d/e/ä ö.txt"]
        assert finds_nothing(hub)


def test_an_empty_directory_is_no_reason_to_look_at_everything(hub: Hub) -> None:
    os.mkdir(hub.directory / "empty")
    settled(hub)
    for number in range(3):
        hub.write({"a.txt": f"{number}\n"})
        assert sees_as_much(hub.workspace) is True
        hub.sync()
    settled(hub)
    assert sees_as_much(hub.workspace) is None
    os.rmdir(hub.directory / "empty")
    assert finds_nothing(settled(hub))


def test_a_directory_that_what_was_hidden_left_empty(hub: Hub) -> None:
    hub.write({"logs/x.log": "said"})
    settled(hub)
    hub.write({"logs/x.log": None, "a.txt": "edited\n"})
    assert sees_as_much(hub.workspace) is not False
    hub.sync()
    settled(hub)
    hub.write({"a.txt": "edited again\n"})
    assert sees_as_much(hub.workspace) is True
    assert finds_nothing(settled(hub))


@pytest.mark.parametrize(
    "name", [b"r\xe9sultat.log", b"d/r\xe9sultat.log", b"kept/\xe9/f", b"\xe9~"]
)
def test_what_is_hidden_may_have_a_name_that_is_no_text(hub: Hub, name: bytes) -> None:
    path = os.path.join(os.fsencode(hub.directory), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").close()
    settled(hub)
    for number in range(3):
        hub.write({"a.txt": f"{number}\n"})
        assert sees_as_much(hub.workspace) is True
        hub.sync()
    settled(hub)
    os.unlink(path)
    assert finds_nothing(settled(hub))


def test_after_a_problem_everything_is_looked_at(hub: Hub) -> None:
    os.mkfifo(hub.directory / "pipe")
    assert hub.sync().problems
    hub.write({"a.txt": "edited\n"})
    assert hub.sync().problems
    assert sees_as_much(hub.workspace) is None


UNTOUCHED: dict[str, Act] = {
    "nothing": lambda hub: None,
    "a look with git": by_git("--no-optional-locks", "status"),
    "an ignored directory at work": write("build/more/out.o"),
    "a checkpoint": write(".ipynb_checkpoints/m-checkpoint.ipynb"),
    "a directory with an odd name at work": write("~$odd[1]*?/g"),
    "an ignored directory in which something is gone": lambda hub: os.unlink(
        hub.directory / "build/out.o"
    ),
    "reading": lambda hub: (hub.directory / "a.txt").read_text(),
    "a branch that nobody syncs": by_git("branch", "aside"),
    "a sync": lambda hub: hub.sync(),
    "a push": lambda hub: hub.push(),
    "a pull": lambda hub: hub.pull(),
    "a look at the status": lambda hub: hub.workspace.status(),
}


@pytest.mark.parametrize("name", UNTOUCHED)
def test_after_it_nothing_has_to_be_looked_at(hub: Hub, name: str) -> None:
    UNTOUCHED[name](hub)
    assert is_quiet(hub.workspace)
    assert finds_nothing(hub)


def test_a_file_in_another_inode_is_looked_at_and_is_no_change(hub: Hub) -> None:
    replace_by_twin(hub)
    assert not is_quiet(hub.workspace)
    assert finds_nothing(hub)
    settled(hub)


def test_what_another_hub_pushed_comes_in(site: GitSite, hub: Hub) -> None:
    with site.clone("two").workspace as two:
        (Path(two.root) / "a.txt").write_text("from there\n")
        two.sync(identity=Identity("ada", "two"))
    assert not is_quiet(hub.workspace)
    assert [one.path for one in hub.sync().down] == ["a.txt"]
    settled(hub)


def test_a_repository_that_is_gone_is_told_as_ever(site: GitSite, hub: Hub) -> None:
    site.repository.rename(site.folder / "elsewhere")
    with pytest.raises(Exception, match="remote is gone"):
        hub.sync()


def test_the_result_is_that_of_a_sync_that_looked(hub: Hub) -> None:
    quiet = hub.sync()
    looked = hub.sync(checksum=True)
    assert quiet.revision == looked.revision == hub.git("rev-parse", "HEAD")
    assert quiet.nothing_done()
    assert quiet.exit_status() == 0
    assert not quiet.dry_run
    assert hub.sync(dry_run=True).dry_run


def test_the_time_of_the_last_sync_is_noted(hub: Hub) -> None:
    state = hub.directory / ".hubsync/state/origin.state"
    os.utime(state, (1, 1))
    assert is_quiet(hub.workspace)
    began = time.time()
    hub.sync(dry_run=True)
    assert state.stat().st_mtime == 1
    hub.sync()
    assert state.stat().st_mtime >= began - 1


def test_it_costs_one_request_however_it_ends(tmp_path: Path) -> None:
    with no_ones_settings(tmp_path / "nobody"), git_http(tmp_path / "served") as server:
        server.repository("r")
        site = GitSite(tmp_path / "site", server.url("r"))
        settled(site.hub("one", {"a": "1", "b": "1"}))

        arrived: list[str] = []
        server.faults.before = lambda request: arrived.append(request.path)

        def requests(**asked: bool) -> dict[str, int]:
            arrived.clear()
            who = Identity("ada", "one")
            with Workspace.open(str(site.folder / "one")) as opened:
                counted = opened.sync(SyncRequest(**asked), identity=who).requests
            assert len(arrived) == sum(counted.values())
            return counted

        assert requests() == {"list": 1}
        (site.folder / "one/a").write_text("2")
        assert requests(dry_run=True) == {"list": 1}
        assert requests(dry_run=True, checksum=True) == {"list": 1}


def test_who_cannot_be_reached_is_asked_once(tmp_path: Path) -> None:
    with no_ones_settings(tmp_path / "nobody"), git_http(tmp_path / "served") as server:
        server.repository("r")
        site = GitSite(tmp_path / "site", server.url("r"))
        one = settled(site.hub("one", {"a": "1"}))
        asked: list[str] = []
        server.faults.before = lambda request: asked.append(request.path)
        server.faults.missing = True
        with pytest.raises(Exception, match=r"cannot be reached|refused"):
            one.sync()
        assert len(asked) <= 1


@pytest.mark.parametrize(
    ("what", "act"),
    [
        ("a problem", lambda hub: os.mkfifo(hub.directory / "pipe")),
        ("a repository inside", make_repository("inner")),
        ("rules that are ignored", write("kept/.gitignore", "*\n")),
    ],
)
def test_it_leaves_no_mark(site: GitSite, what: str, act: Act) -> None:
    one = site.hub("one", FILES)
    act(one)
    for _ in range(3):
        one.sync()
    assert not is_quiet(one.workspace)
    assert mark.load(one.workspace.links.layout, "origin") is None


def test_a_branch_beside_leaves_no_mark(site: GitSite) -> None:
    site.begin({"a": "1"})
    one = site.person("one")
    for _ in range(3):
        one.sync()
    assert not is_quiet(one.workspace)


def test_a_person_who_works_meanwhile_is_seen(hub: Hub) -> None:
    """Between the look and the mark a path is taken out of Git."""
    hub.git("config", "a.b", "c")
    acts = [untracked_by_hand]

    def clock() -> int:
        """Asked once both sides are known to be equal, to note the time of that."""
        if acts:
            acts.pop()(hub)
        return time.time_ns()

    with Workspace.open(str(hub.directory), clock=clock) as opened:
        assert opened.sync(identity=Identity("ada", "one")).nothing_done()
        assert not acts
        assert not is_quiet(opened)


def test_settings_of_the_person_count(tmp_path: Path, hub: Hub) -> None:
    home = tmp_path / "home"
    home.mkdir()
    pygit2.settings.search_path[ConfigLevel.GLOBAL] = str(home)
    settled(hub)
    (home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/nothing\n")
    assert not is_quiet(hub.workspace)
    settled(hub)


def test_without_the_program_everything_is_looked_at(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_quiet(hub.workspace)
    assert hub.sync().nothing_done()


def test_busy_is_told_as_ever(hub: Hub) -> None:
    in_middle_of_merge(hub)
    with pytest.raises(LocalError, match="in the middle of"):
        hub.sync()
