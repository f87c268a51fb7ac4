"""Hubs on one Git repository: real clones, the real façade, and people who use git in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel

from hubsync import GitChoice, Identity, SyncRequest, Workspace
from hubsync.results import SyncResult

_LEVELS = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL)


@contextmanager
def no_ones_settings(folder: Path) -> Iterator[None]:
    """What the machine's own Git configuration says is not asked."""
    before = {level: pygit2.settings.search_path[level] for level in _LEVELS}
    for level in _LEVELS:
        pygit2.settings.search_path[level] = str(folder)
    try:
        yield
    finally:
        for level, path in before.items():
            pygit2.settings.search_path[level] = path


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """What the git command says there."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=env,
        check=check,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )
    return done.stdout.rstrip("\n")


@dataclass
class GitSite:
    """The bare repository that all push to, and the folder in which the hubs are."""

    folder: Path
    served: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        git(self.folder, "init", "-q", "--bare", "-b", "main", "remote.git")

    @property
    def repository(self) -> Path:
        return self.folder / "remote.git"

    @property
    def url(self) -> str:
        return self.served or f"git+file://{self.repository}"

    def hub(self, name: str, files: Mapping[str, str | None] | None = None) -> Hub:
        """A plain folder with those files, linked to the repository."""
        directory = self.folder / name
        directory.mkdir(exist_ok=True)
        write(directory, files or {})
        return Hub(directory, Workspace.init(str(directory), self.url))

    def clone(self, name: str, mode: str | None = None) -> Hub:
        directory = self.folder / name
        workspace, _ = Workspace.clone(
            self.url, str(directory), git=GitChoice(mode), identity=Identity("ada", name)
        )
        return Hub(directory, workspace)

    def begin(self, files: Mapping[str, str | None]) -> None:
        """Somebody commits those files with git, and pushes them."""
        directory = self.folder / "begin"
        git(self.folder, "clone", "-q", str(self.repository), directory.name)
        write(directory, files)
        git(directory, "add", "-A")
        git(directory, "commit", "-qm", "begin")
        git(directory, "push", "-q", "origin", "HEAD:main")
        shutil.rmtree(directory)

    def person(self, name: str) -> Hub:
        """A clone that a person made with git, and then a workspace: in shadow mode."""
        directory = self.folder / name
        git(self.folder, "clone", "-q", self.url.removeprefix("git+").removeprefix("file://"), name)
        return Hub(directory, self.link(directory))

    def link(self, directory: Path, **asked: str) -> Workspace:
        who = Identity("ada", directory.name)
        return Workspace.init(str(directory), self.url, identity=who, git=GitChoice(**asked))

    def files(self) -> dict[str, str]:
        """What the branch holds."""
        names = git(self.repository, "ls-tree", "-rz", "--name-only", "main").split("\0")
        return {name: git(self.repository, "show", f"main:{name}") for name in names if name}

    def subjects(self) -> list[str]:
        """What the commits say, newest first."""
        return git(self.repository, "log", "--format=%s", "main").splitlines()


@dataclass
class Hub:
    """One workspace."""

    directory: Path
    workspace: Workspace

    def write(self, files: Mapping[str, str | None]) -> None:
        write(self.directory, files)

    def sync(self, **asked: bool) -> SyncResult:
        return self.workspace.sync(SyncRequest(**asked), identity=self._who)

    def push(self) -> SyncResult:
        return self.workspace.push(identity=self._who)

    def pull(self) -> SyncResult:
        return self.workspace.pull(identity=self._who)

    @property
    def _who(self) -> Identity:
        return Identity("ada", self.directory.name)

    def git(self, *arguments: str, check: bool = True) -> str:
        return git(self.directory, *arguments, check=check)

    def files(self) -> dict[str, str]:
        return {
            path.relative_to(self.directory).as_posix(): path.read_text().rstrip("\n")
            for path in sorted(self.directory.rglob("*"))
            if path.is_file() and path.relative_to(self.directory).parts[0] not in META
        }

    def is_clean(self) -> bool:
        return self.git("status", "--porcelain") == ""

    def is_sound(self) -> bool:
        self.git("fsck", "--strict")
        return True


META = (".git", ".hubsync")


def write(directory: Path, files: Mapping[str, str | None]) -> None:
    """Write files; None removes what is there."""
    for name, content in files.items():
        path = directory / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
