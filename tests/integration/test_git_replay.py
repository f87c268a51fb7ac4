"""The history of a real repository, made again as edits on two hubs in turn: the same tree at the
end, on both hubs and in the repository.

The real repository is this project's own; a shallow clone of it, or none (a source archive), has
too few commits, and then a history is made up.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
import pytest

from hubsync import Identity, SyncRequest, Workspace
from tests.git_hubs import git, no_ones_settings
from tests.servers import git_http

PROJECT = Path(__file__).resolve().parents[2]
FROM = 14
"""The commits that are made again begin here."""
FEW = FROM + 14
"""Below so many commits a history is made up."""


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    for source in (PROJECT, tmp_path_factory.mktemp("history") / "made-up"):
        if source != PROJECT:
            make_up(source)
        with suppress(pygit2.GitError):
            found = History.of(source)
            if len(found.commits) >= FEW:
                return found
    raise AssertionError("no history")


Content = tuple[int, bytes]
"""Git's mode and the content."""


@dataclass
class History:
    """The commits of the first parents, the oldest first."""

    repository: Any
    commits: list[str]

    @classmethod
    def of(cls, source: Path) -> History:
        names = git(source, "rev-list", "--first-parent", "--reverse", "HEAD").splitlines()
        return cls(pygit2.Repository(str(source)), names)

    def tree(self, commit: str) -> dict[str, Content]:
        """Path to what is there; submodules left out, which are not carried."""
        index = pygit2.Index()
        index.read_tree(self.repository[commit].peel(pygit2.Tree))
        return {
            item.path: (item.mode, self.repository[item.id].data)
            for item in index
            if item.mode != 0o160000
        }

    def some(self, count: int) -> list[str]:
        """Early ones: they are the same whatever was committed since."""
        return self.commits[FROM : FROM + count]


def make_up(folder: Path) -> None:
    """A repository in which files of some folders come, change, move and go."""
    dice = random.Random("history")
    git(folder.parent, "init", "-q", "-b", "main", folder.name)
    for number in range(40):
        for _ in range(3):
            path = folder / f"d{dice.randrange(4)}" / f"{dice.randrange(8)}.txt"
            if path.exists() and dice.random() < 0.3:
                path.unlink()
            elif path.exists() and dice.random() < 0.3:
                path.rename(path.with_name(f"moved-{number}"))
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text("".join(f"{dice.randrange(9)}\n" for _ in range(20)))
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"{number}", "--allow-empty")


def lay_out(directory: Path, before: dict[str, Content], after: dict[str, Content]) -> None:
    """Do to a working directory what a person did between two commits."""
    for path in before.keys() - after.keys():
        target = directory / path
        if os.path.lexists(target):
            target.unlink()
            with suppress(OSError):
                os.removedirs(target.parent)
    for path, (mode, data) in after.items():
        if before.get(path) == (mode, data):
            continue
        target = directory / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif os.path.lexists(target):
            target.unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == 0o120000:
            os.symlink(os.fsdecode(data), target)
        else:
            target.write_bytes(data)
            target.chmod(0o755 if mode == 0o100755 else 0o644)


def found(directory: Path) -> dict[str, Content]:
    """What lies in a working directory."""
    files: dict[str, Content] = {}
    for folder, folders, names in os.walk(directory):
        if Path(folder) == directory:
            folders[:] = [name for name in folders if name not in (".git", ".hubsync")]
        for name in [*names, *folders]:
            path = Path(folder, name)
            inside = path.relative_to(directory).as_posix()
            if path.is_symlink():
                files[inside] = (0o120000, os.fsencode(os.readlink(path)))
            elif path.is_file():
                mode = 0o100755 if path.stat().st_mode & 0o100 else 0o100644
                files[inside] = (mode, path.read_bytes())
    return files


class Two:
    """Two hubs on one remote. What the history's own secrets check would hold back is allowed: the
    test is about trees."""

    def __init__(self, base: Path, url: str) -> None:
        self.directories = [base / "hub-a", base / "hub-b"]
        self.directories[0].mkdir(parents=True)
        self.workspaces = [Workspace.init(str(self.directories[0]), url)]
        self.sync(0)
        workspace, _ = Workspace.clone(url, str(self.directories[1]), identity=self.who(1))
        self.workspaces.append(workspace)

    def who(self, number: int) -> Identity:
        return Identity("ada", f"hub-{'ab'[number]}")

    def sync(self, number: int) -> Any:
        request = SyncRequest(confirm_deletes=True)
        workspace = self.workspaces[number]
        result = workspace.sync(request, identity=self.who(number))
        secrets = [one.path for one in result.problems if one.code == "secret-found"]
        for path in secrets:
            workspace.allow(path)
        return workspace.sync(request, identity=self.who(number)) if secrets else result

    def close(self) -> None:
        for one in self.workspaces:
            one.close()


@pytest.fixture(params=["git folder", "git http", "mirror"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with git_http(tmp_path / "served") as server:
        server.folder.mkdir(exist_ok=True)
        if request.param == "mirror":
            yield (tmp_path / "mirror").as_uri()
        else:
            repository = server.repository("remote.git")
            over_http = request.param == "git http"
            yield server.url(repository.name) if over_http else f"git+file://{repository}"


def replay_in_turn(history: History, commits: list[str], base: Path, url: str) -> None:
    """Each commit on one hub, then on the other; both are as the commit each time."""
    two = Two(base, url)
    before: dict[str, Content] = {}
    for number, commit in enumerate(commits):
        tree = history.tree(commit)
        here = number % 2
        lay_out(two.directories[here], before, tree)
        for hub in (here, 1 - here):
            result = two.sync(hub)
            assert not result.conflicts, commit
            assert not result.problems, commit
            assert found(two.directories[hub]) == tree, commit
        before = tree
    two.close()


def replay_apart(history: History, commits: list[str], base: Path, url: str, apart: int) -> None:
    """Each hub makes its commits of some in a row without syncing, so that both sides changed when
    they do; every path that only one of them touched is as in the last commit, and where both
    touched one, the last content is there, under its name or beside it."""
    two = Two(base, url)
    lay_out(two.directories[0], {}, history.tree(commits[0]))
    two.sync(0)
    two.sync(1)
    for start in range(1, len(commits), apart):
        group = commits[start : start + apart]
        began = parent = history.tree(commits[start - 1])
        touched: list[set[str]] = [set(), set()]
        for number, commit in enumerate(group):
            tree = history.tree(commit)
            paths = {
                path for path in tree.keys() | parent.keys() if tree.get(path) != parent.get(path)
            }
            hub = number % 2
            old, new = (
                {path: one[path] for path in paths if path in one} for one in (parent, tree)
            )
            lay_out(two.directories[hub], old, new)
            touched[hub] |= paths
            parent = tree
        for hub in (0, 1, 0):
            two.sync(hub)
        one, other = (found(directory) for directory in two.directories)
        assert one == other, group
        both = touched[0] & touched[1]
        for path in touched[0] ^ touched[1]:
            assert one.get(path) == parent.get(path), (path, group)
        kept = {data for _, data in one.values()}
        for path in both & parent.keys():
            last = parent[path]
            assert last[1] in kept or is_merged(began.get(path), one.get(path), last), path
        # The next ones begin from what the history has there.
        lay_out(two.directories[0], one, parent)
        for hub in (0, 1):
            two.sync(hub)
            assert found(two.directories[hub]) == parent, group
    two.close()


def is_merged(began: Content | None, there: Content | None, wanted: Content) -> bool:
    """Whether each line that is new in the last content is in what came of both sides' edits; one
    that was there before may be gone by the other side's edit."""
    if there is None:
        return False
    before = set(began[1].splitlines()) if began else set()
    return set(wanted[1].splitlines()) - before <= set(there[1].splitlines())


def test_commits_made_on_two_hubs_in_turn_give_the_same_trees(
    history: History, tmp_path: Path, url: str
) -> None:
    replay_in_turn(history, history.some(14), tmp_path / "hubs", url)


def test_commits_made_on_two_hubs_apart_give_the_same_end(
    history: History, tmp_path: Path, url: str
) -> None:
    replay_apart(history, history.some(9), tmp_path / "hubs", url, 4)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_all_of_the_history_in_turn(history: History, tmp_path: Path, url: str) -> None:
    replay_in_turn(history, history.commits, tmp_path / "hubs", url)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("apart", [2, 5])
def test_all_of_the_history_apart(history: History, tmp_path: Path, url: str, apart: int) -> None:
    replay_apart(history, history.commits, tmp_path / "hubs", url, apart)
