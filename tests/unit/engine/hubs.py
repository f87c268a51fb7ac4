"""Hubs on one remote in memory: real directories, the real façade, and people who interfere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hubsync import Identity, SyncRequest, Workspace
from hubsync.report import Reporter
from hubsync.results import SyncResult
from hubsync.stores.memory import MemoryStore, shared_memory
from hubsync.stores.protocol import Upload

Content = str | bytes


@dataclass
class Hub:
    """One workspace. ``directory`` is its root."""

    directory: Path
    workspace: Workspace

    def __truediv__(self, path: str) -> Path:
        return self.directory / path

    def write(self, files: Mapping[str, Content | None]) -> None:
        """Write files; None removes what is there."""
        for name, content in files.items():
            path = self.directory / name
            if content is None:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def files(self) -> dict[str, str]:
        """Everything a person sees: texts, ``-> target`` of links, ``/`` for empty directories."""
        found: dict[str, str] = {}
        for folder, folders, names in os.walk(self.directory):
            if ".hubsync" in folders:
                folders.remove(".hubsync")
            here = Path(folder)
            for name in [*names, *(one for one in folders if (here / one).is_symlink())]:
                path = here / name
                link = path.is_symlink()
                text = f"-> {os.readlink(path)}" if link else path.read_text(errors="replace")
                found[path.relative_to(self.directory).as_posix()] = text
            if not names and not folders and here != self.directory:
                found[here.relative_to(self.directory).as_posix()] = "/"
        return found

    def executable(self, path: str) -> bool:
        return bool((self.directory / path).stat().st_mode & 0o100)

    def sync(self, reporter: Reporter | None = None, **asked: bool) -> SyncResult:
        return self._asked("sync", reporter, asked)

    def push(self, reporter: Reporter | None = None, **asked: bool) -> SyncResult:
        return self._asked("push", reporter, asked)

    def pull(self, reporter: Reporter | None = None, **asked: bool) -> SyncResult:
        return self._asked("pull", reporter, asked)

    def _asked(self, name: str, reporter: Reporter | None, asked: dict[str, bool]) -> SyncResult:
        identity = Identity("ada", self.directory.name)
        run: Callable[..., SyncResult] = getattr(self.workspace, name)
        return run(SyncRequest(**asked), identity=identity, reporter=reporter)  # type: ignore[arg-type]

    def forget(self) -> None:
        """Lose the memory of every remote."""
        shutil.rmtree(self.directory / ".hubsync" / "state")

    def trash(self) -> set[str]:
        """The contents in the trash."""
        folder = self.directory / ".hubsync" / "trash"
        return {one.read_text() for one in folder.rglob("*") if one.is_file()}


@dataclass
class Site:
    """A remote in memory, and the hubs that are linked to it."""

    place: Path
    name: str
    hubs: list[Hub] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"memory://{self.name}"

    @property
    def store(self) -> MemoryStore:
        return shared_memory(self.name)

    def hub(self, name: str, files: Mapping[str, Content] | None = None) -> Hub:
        """One more hub, with files of its own; not yet synced."""
        directory = self.place / name
        directory.mkdir()
        hub = Hub(directory, Workspace.init(str(directory), self.url))
        hub.write(files or {})
        self.hubs.append(hub)
        return hub

    def pair(self, files: Mapping[str, Content]) -> tuple[Hub, Hub]:
        """Two hubs that agree on some files."""
        one, two = self.hub("one", files), self.hub("two")
        one.sync()
        two.sync()
        return one, two

    def objects(self) -> dict[str, str]:
        """What any other tool sees on the remote."""
        infos = [info for batch in self.store.list() for info in batch]
        found = {}
        for info in infos:
            if not info.key.startswith(".hubsync/"):
                read = self.store.read(info.key)
                assert read is not None
                found[info.key] = read[0].decode(errors="replace")
        return found

    def identities(self) -> dict[str, str]:
        """Every object, hubsync's own included, by what changes whenever it is written."""
        return {info.key: info.identity for batch in self.store.list() for info in batch}

    def other_tool(self, path: str, text: str | None) -> None:
        """Somebody writes or removes an object with another program."""
        if text is None:
            self.store.delete(path)
            return
        job = Upload(path, "", len(text), None, data=text.encode())
        assert all(one.error is None for one in self.store.upload([job], lambda _: None))

    def close(self) -> None:
        for hub in self.hubs:
            hub.workspace.close()


class During:
    """A reporter that does something when a phase begins, once."""

    def __init__(self, phase: str, act: Callable[[], object]) -> None:
        self._phase, self._act, self.phases = phase, act, list[str]()

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        first = name == self._phase and name not in self.phases
        self.phases.append(name)
        if first:
            self._act()

    def advance(self, files: int = 0, size: int = 0) -> None:
        return

    def stopping(self) -> bool:
        return False


class StopIn:
    """A reporter that asks to stop after the n-th file of a phase."""

    def __init__(self, phase: str, after: int = 0) -> None:
        self._wanted, self._after, self._now, self._done = phase, after, "", 0
        self._stopped = False

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        self._now = name
        self._look()

    def advance(self, files: int = 0, size: int = 0) -> None:
        if self._now == self._wanted:
            self._done += files
        self._look()

    def stopping(self) -> bool:
        return self._stopped

    def _look(self) -> None:
        self._stopped |= self._now == self._wanted and self._done >= self._after


def paths(changes: tuple[object, ...]) -> list[str]:
    """The paths of changes."""
    return [one.path for one in changes]  # type: ignore[attr-defined]
