"""People who work on the hubs of one repository, with git and without: the rules that every random
test of Git has in common."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pygit2
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from pygit2.enums import ObjectType

from tests.git_hubs import META, GitSite, Hub, git, no_ones_settings

PATHS = ("a", "b.txt", "d/a", "d/b.txt", "d/e/a", "b.txt/x", "d", "ä ö/-n.txt", "nb.ipynb", "x y")
LINES = 6

hubs = st.integers(0, 2)
paths = st.sampled_from(PATHS)
verbs = st.sampled_from(["sync", "sync", "sync", "push", "pull"])


class People(RuleBasedStateMachine):
    """Every rule does one small thing, or nothing where it does not apply, so that it shrinks.

    ``owed``: contents that have to be somewhere for ever after.
    """

    hubs: list[Hub]

    def arrive(self) -> None:
        """An empty repository, of which nobody has anything yet."""
        self.stack = ExitStack()
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        folder = Path(tempfile.mkdtemp(prefix="hubsync-git-", dir=memory))
        self.stack.callback(shutil.rmtree, folder)
        self.stack.enter_context(no_ones_settings(folder / "nobody"))
        self.site = GitSite(folder)
        self.owed: set[bytes] = set()
        self.counter = 0
        self.hubs = []

    def first_files(self, count: int) -> dict[str, str]:
        return {path: self.text() for path in ("keep", *PATHS[:count])}

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        try:
            self.settle()
        finally:
            for hub in self.hubs:
                hub.workspace.close()
            self.stack.close()

    def settle(self) -> None:
        """Quiet syncs, after which all has to be well."""
        raise NotImplementedError

    def text(self) -> str:
        self.counter += 1
        return "".join(f"line {line} of text {self.counter}\n" for line in range(LINES))

    def hub(self, number: int) -> Hub:
        return self.hubs[number % len(self.hubs)]

    def file(self, hub: Hub, path: str) -> Path | None:
        """The regular file at ``path``, if there is one."""
        found = hub.directory / path
        return found if found.is_file() and not found.is_symlink() else None

    @rule(hub=hubs, path=paths)
    def write(self, hub: int, path: str) -> None:
        target = self.hub(hub).directory / path
        if target.is_dir() or no_folder(target.parent):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():
            target.unlink()
        target.write_text(self.text())

    @rule(hub=hubs, path=paths, line=st.integers(0, LINES - 1))
    def edit_line(self, hub: int, path: str, line: int) -> None:
        target = self.file(self.hub(hub), path)
        if target is None:
            return
        self.counter += 1
        lines = target.read_text().splitlines(keepends=True)
        lines[line : line + 1] = [f"edit {self.counter}\n"]
        target.write_text("".join(lines))

    @rule(hub=hubs, path=paths)
    def remove(self, hub: int, path: str) -> None:
        target = self.hub(hub).directory / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif os.path.lexists(target):
            target.unlink()

    @rule(hub=hubs, path=paths, to=paths)
    def rename(self, hub: int, path: str, to: str) -> None:
        source, target = self.file(self.hub(hub), path), self.hub(hub).directory / to
        if source is None or os.path.lexists(target) or no_folder(target.parent):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)

    @rule(hub=hubs, path=paths)
    def change_mode(self, hub: int, path: str) -> None:
        target = self.file(self.hub(hub), path)
        if target is not None:
            target.chmod(target.stat().st_mode ^ 0o111)

    @rule(hub=hubs, path=paths, to=st.sampled_from(["a", "b.txt", "nowhere"]))
    def link(self, hub: int, path: str, to: str) -> None:
        target = self.hub(hub).directory / path
        if "/" in path or os.path.lexists(target):
            return
        target.symlink_to(to)

    # -- people who use git -------------------------------------------------------------

    @rule(hub=hubs, everything=st.booleans())
    def commit(self, hub: int, everything: bool) -> None:
        here = self.hub(hub)
        here.git("add", "-A" if everything else "-u", check=False)
        here.git("commit", "-qm", f"by hand {self.counter}", check=False)

    @rule(hub=hubs)
    def stage(self, hub: int) -> None:
        self.hub(hub).git("add", "-A", check=False)

    @rule(hub=hubs)
    def push_by_git(self, hub: int) -> None:
        self.hub(hub).git("push", "-q", "origin", "HEAD", check=False)

    @rule(path=paths, removed=st.booleans())
    def elsewhere(self, path: str, removed: bool) -> None:
        """Somebody without hubsync, in a clone of their own."""
        other = self.site.folder / f"other-{self.counter}"
        self.counter += 1
        git(self.site.folder, "clone", "-q", "remote.git", other.name)
        target = other / path
        if removed and target.is_file():
            target.unlink()
        elif not target.is_dir() and not no_folder(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_symlink():
                target.unlink()
            target.write_text(self.text())
        git(other, "add", "-A")
        git(other, "commit", "-qm", "elsewhere", check=False)
        git(other, "push", "-q", "origin", "HEAD:main", check=False)
        shutil.rmtree(other)


def no_folder(path: Path) -> bool:
    """Whether something that is no folder stands in the way of one there."""
    above = (path, *path.parents)
    return any(os.path.lexists(one) and (one.is_symlink() or not one.is_dir()) for one in above)


def contents(directory: Path) -> dict[str, bytes]:
    """The files of a hub, links left out."""
    found: dict[str, bytes] = {}
    todo = [("", str(directory))]
    while todo:
        above, folder = todo.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if not above and entry.name in META:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append((f"{above}{entry.name}/", entry.path))
                elif entry.is_file(follow_symlinks=False):
                    with open(entry.path, "rb", buffering=0) as file:
                        found[above + entry.name] = file.read()
    return found


def reachable(repository: Path) -> set[bytes]:
    """Every content that a reference leads to."""
    opened = pygit2.Repository(str(repository))
    found: set[bytes] = set()
    seen: set[Any] = set()
    todo: list[Any] = [
        opened[opened.references[name].resolve().target] for name in opened.references
    ]
    while todo:
        one = todo.pop()
        if one.id in seen:
            continue
        seen.add(one.id)
        if isinstance(one, pygit2.Commit):
            todo += [one.tree, *one.parents]
        elif isinstance(one, pygit2.Tree):
            todo += [item for item in one if item.type != ObjectType.COMMIT]
        elif isinstance(one, pygit2.Blob):
            found.add(one.data)
    opened.free()
    return found
