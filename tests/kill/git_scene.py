"""The scene of `scene` on a Git repository, and what has to be true of the repositories there."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pygit2

from tests.git_hubs import git
from tests.kill.hubs import FOLDER, Hub, Launcher, Seen
from tests.kill.scene import Scene, build
from tests.servers import GitHttp
from tests.servers.git_bare import bare


@dataclass(frozen=True)
class Repository:
    """A bare repository; ``server``: through which it is reached, else as a folder."""

    path: Path
    server: GitHttp | None = None

    @property
    def url(self) -> str:
        if self.server is None:
            return f"git+file://{self.path}"
        return self.server.url(self.path.relative_to(self.server.folder).as_posix())

    @property
    def options(self) -> list[str]:
        return []

    @property
    def environ(self) -> dict[str, str]:
        return {}

    def objects(self) -> dict[str, bytes]:
        """What the branch holds; for a link, where it points to."""
        opened = pygit2.Repository(str(self.path))
        tip = opened.references.get("refs/heads/main")
        if tip is None:
            return {}
        index = pygit2.Index()
        index.read_tree(tip.peel(pygit2.Tree))
        return {item.path: opened[item.id].data for item in index}


def build_git(base: Path, launcher: Launcher, command: str, server: GitHttp | None = None) -> Scene:
    base.mkdir(parents=True)
    home = base if server is None else server.folder / base.name
    home.mkdir(parents=True, exist_ok=True)
    place = Repository(bare(home / "remote.git"), server)
    return build(base, place, launcher, command, git=True)


def repositories(scene: Scene) -> list[Path]:
    """The bare one and the clones, as far as they are there."""
    assert isinstance(scene.place, Repository)
    clones = [hub.directory for hub in (scene.a, scene.b, scene.c)]
    return [scene.place.path, *(one for one in clones if (one / ".git").is_dir())]


def check_sound(scene: Scene) -> None:
    for one in repositories(scene):
        done = subprocess.run(
            ["git", "fsck", "--full", "--strict"], cwd=one, capture_output=True, text=True
        )
        assert done.returncode == 0, (one, done.stdout, done.stderr)


def lost(scene: Scene) -> set[bytes]:
    """What a person wrote and nobody would find again."""
    missing = scene.written - scene.kept()
    for one in repositories(scene) if missing else ():
        missing -= reachable(one)
    return missing


def reachable(repository: Path) -> set[bytes]:
    """Every content that a reference leads to."""
    opened = pygit2.Repository(str(repository))
    names = git(repository, "rev-list", "--objects", "--all").splitlines()
    found = (opened[name.partition(" ")[0]] for name in names)
    return {one.data for one in found if isinstance(one, pygit2.Blob)}


def check_at_rest(scene: Scene, *hubs: Hub) -> None:
    """Clones that git finds clean and level with the remote, and nothing left over in them."""
    assert isinstance(scene.place, Repository)
    tip = git(scene.place.path, "rev-parse", "main")
    for hub in hubs:
        assert git(hub.directory, "status", "--porcelain") == "", hub.directory
        assert git(hub.directory, "rev-parse", "HEAD") == tip
    for one in repositories(scene):
        inside = one / ".git" if (one / ".git").is_dir() else one
        locks = [*inside.glob("*.lock"), *(inside / "refs").rglob("*.lock")]
        assert [str(path) for path in locks] == []
        assert [str(path) for path in inside.glob("hubsync/*")] == []


def without_folders(found: Seen) -> Seen:
    """Git has no empty ones."""
    return {path: one for path, one in found.items() if one != FOLDER}
