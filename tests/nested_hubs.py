"""Hubs with Git repositories inside their workspaces, and the places these were cloned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hubsync import Identity, SyncRequest, Workspace
from hubsync.results import NestedRepository, SyncResult
from tests.git_hubs import git, write


@dataclass
class Site:
    """Where all hubs are, what they sync with, and the repositories that people clone."""

    folder: Path
    url: str
    options: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

    def hub(self, name: str) -> Hub:
        directory = self.folder / name
        directory.mkdir(parents=True)
        workspace = Workspace.init(str(directory), self.url, options=self.options, env=self.env)
        return Hub(directory, workspace)

    def clone(self, name: str) -> Hub:
        """Raises what a clone raises."""
        directory = self.folder / name
        workspace, result = Workspace.clone(
            self.url,
            str(directory),
            identity=Identity("ada", name),
            options=self.options,
            env=self.env,
        )
        return Hub(directory, workspace, result)

    def upstream(self, name: str, files: Mapping[str, str | None] | None = None) -> Path:
        """A bare repository with one commit on main."""
        bare = self.folder / "upstream" / f"{name}.git"
        bare.mkdir(parents=True)
        git(bare, "init", "-q", "--bare", "-b", "main")
        seed = self.folder / "seeds" / name
        seed.mkdir(parents=True)
        git(seed, "clone", "-q", str(bare), ".")
        write(seed, files or {"a.txt": "one\n"})
        git(seed, "add", ".")
        git(seed, "commit", "-qm", "first")
        git(seed, "push", "-q", "origin", "HEAD:main")
        return bare


@dataclass
class Hub:
    directory: Path
    workspace: Workspace
    cloned: SyncResult | None = None

    @property
    def _who(self) -> Identity:
        return Identity("ada", self.directory.name)

    def sync(self, **asked: bool) -> SyncResult:
        return self.workspace.sync(SyncRequest(**asked), identity=self._who)

    def push(self) -> SyncResult:
        return self.workspace.push(identity=self._who)

    def pull(self) -> SyncResult:
        return self.workspace.pull(identity=self._who)

    def repository(self, path: str) -> Repository:
        return Repository(self.directory / path)

    def clone_of(self, upstream: Path, path: str) -> Repository:
        folder = self.directory / path
        folder.mkdir(parents=True)
        git(folder, "clone", "-q", str(upstream), ".")
        return Repository(folder)

    def new(self, path: str, files: Mapping[str, str | None] | None = None) -> Repository:
        """A repository of its own, that nobody else has."""
        folder = self.directory / path
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        made = Repository(folder)
        if files:
            made.commit("first", files)
        return made

    def captures(self) -> list[str]:
        """The files in which repositories travel."""
        folder = self.directory / ".hubsync-nested"
        return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())

    def states(self) -> dict[str, str]:
        return {one.path: one.state for one in self.repositories()}

    def repositories(self) -> tuple[NestedRepository, ...]:
        return self.workspace.status().repositories


@dataclass
class Repository:
    folder: Path

    def git(self, *arguments: str, check: bool = True) -> str:
        return git(self.folder, *arguments, check=check)

    def write(self, files: Mapping[str, str | None]) -> None:
        write(self.folder, files)

    def commit(self, message: str, files: Mapping[str, str | None]) -> str:
        self.write(files)
        self.git("add", "--", *files)
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def heads(self) -> dict[str, str]:
        """Branches and what they name."""
        told = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        return dict(line.split(" ") for line in told.splitlines())

    def status(self) -> list[str]:
        return self.git("status", "--porcelain").splitlines()

    def is_sound(self) -> bool:
        self.git("fsck", "--strict")
        return True

    def seen(self) -> tuple[object, ...]:
        """Everything that a person would miss."""
        return (
            self.git("symbolic-ref", "-q", "HEAD", check=False) or self.git("rev-parse", "HEAD"),
            self.heads(),
            self.git("status", "--porcelain"),
            self.git("diff", check=False),
            self.git("diff", "--cached", check=False),
            self.git("stash", "list"),
            {
                str(one.relative_to(self.folder)): one.read_bytes()
                for one in sorted(self.folder.rglob("*"))
                if one.is_file() and ".git" not in one.relative_to(self.folder).parts
            },
        )
