"""Two hubs and a remote on which every kind of change is about to meet.

Hub B has synced its changes; hub A, which has made others, is about to run the command that will be
killed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.kill.hubs import FOLDER, Ended, Hub, Launcher, Seen, seen
from tests.kill.places import METADATA, Place, contents, everything, files

LINES = [f"line {number}\n" for number in range(12)]

FIRST = {
    "same.txt": "never changed",
    "edited-by-a.txt": "first a",
    "edited-by-b.txt": "first b",
    "deleted-by-a.txt": "going, by a",
    "deleted-by-b.txt": "going, by b",
    "edited-by-a-deleted-by-b.txt": "first, to survive",
    "old/name-a.bin": "renamed by a " * 40,
    "old/name-b.bin": "renamed by b " * 40,
    "merged.txt": "".join(LINES),
    "conflict.bin": "first\0",
    "mode-a.sh": "#!/bin/sh\necho a\n",
    "mode-b.sh": "#!/bin/sh\necho b\n",
    "becomes-folder-by-a": "a file at first, a",
    "becomes-folder-by-b": "a file at first, b",
    "becomes-file-by-b/inner.txt": "inside a folder",
    "deep/er/and/deeper.txt": "down there",
    "empty": "",
}


@dataclass
class Scene:
    """``clone``: where hub C will be, if that is the command. ``written``: every content that a
    person wrote."""

    base: Path
    place: Place
    a: Hub
    b: Hub
    c: Hub
    written: set[bytes]

    def hub(self, command: str) -> Hub:
        return self.c if command == "clone" else self.a

    def arguments(self, command: str) -> tuple[str, ...]:
        if command != "clone":
            return (command,)
        return ("clone", self.place.url, str(self.c.directory), *self.place.options)

    def remote(self) -> dict[str, bytes]:
        return files(self.place)

    def kept(self) -> set[bytes]:
        """Every content that is anywhere: in a tree, the trash, the staging area, the versions."""
        found = contents(self.place)
        for hub in (self.a, self.b, self.c):
            found |= everything(hub.directory)
        return found

    def lost(self) -> set[bytes]:
        return self.written - self.kept()

    def settle(self, command: str) -> tuple[Seen, list[Ended]]:
        """Sync until the hubs and the remote are equal; what they hold then."""
        hubs = [self.hub(command), self.b, self.a, self.b]
        runs = [run for hub in hubs for run in hub.until_quiet("sync")]
        trees = [hub.seen() for hub in hubs]
        assert all(tree == trees[0] for tree in trees)
        held = {path: one for path, one in trees[0].items() if one != FOLDER}
        assert self.remote() == {path: content for path, (_, content) in held.items()}
        return trees[0], runs

    def let_time_pass(self) -> None:
        """Everything in the workspaces' own folders is a day old."""
        yesterday = time.time() - 86_400
        for hub in (self.a, self.b, self.c):
            for path in (hub.directory / ".hubsync").rglob("*"):
                if path.is_file():
                    os.utime(path, (yesterday, yesterday))

    def leftovers(self) -> list[str]:
        """What killed writers left, after `gc`, and what is unfinished in the workspaces."""
        found = [key for key in self.place.objects() if key.startswith(_TRANSIENT)]
        for hub in (self.a, self.b, self.c):
            metadata = hub.directory / ".hubsync"
            for path in metadata.rglob("*"):
                inside = path.relative_to(metadata)
                if inside.parts[0] == "trash" or path.is_dir():
                    continue
                if inside.parts[0] in ("stage",) or _is_temporary(path.name):
                    found.append(str(path))
        return found


_TRANSIENT = (f"{METADATA}tmp/", f"{METADATA}live/")


def _is_temporary(name: str) -> bool:
    return name.startswith(("lock", "clock-", ".new-", ".hubsync-tmp-")) or name == "lease"


def build(
    base: Path, place: Place, launcher: Launcher, command: str, *, git: bool = False
) -> Scene:
    """``git``: the place is a Git repository."""
    a, b, c = (
        Hub(base / name, launcher, place.environ, git=git) for name in ("hub-a", "hub-b", "hub-c")
    )
    a.directory.mkdir(parents=True)
    for name, content in FIRST.items():
        a.write(name, content)
    os.symlink("same.txt", a.directory / "link")
    (a.directory / "empty folder").mkdir()
    a.ok("init", place.url, *place.options)
    a.ok("sync")
    b.ok("clone", place.url, str(b.directory), *place.options)
    written = {content.encode() for content in FIRST.values()}
    scene = Scene(base, place, a, b, c, written)
    _change_b(scene)
    b.ok("sync")
    _change_a(scene)
    if command == "clone":
        a.ok("sync")
    return scene


def _change_b(scene: Scene) -> None:
    there = scene.b.directory
    _edit(scene, scene.b, "edited-by-b.txt", "second b")
    _edit(scene, scene.b, "created-by-b.txt", "new from b")
    _edit(scene, scene.b, "new/folder/of/b.txt", "new from b, deep")
    _edit(scene, scene.b, "merged.txt", "".join(["B changed this\n", *LINES[1:]]))
    _edit(scene, scene.b, "conflict.bin", "second, of b\0")
    (there / "deleted-by-b.txt").unlink()
    (there / "edited-by-a-deleted-by-b.txt").unlink()
    (there / "old/name-b.bin").rename(there / "name-b-new.bin")
    (there / "mode-b.sh").chmod(0o755)
    (there / "becomes-folder-by-b").unlink()
    _edit(scene, scene.b, "becomes-folder-by-b/inner.txt", "inside, by b")
    (there / "becomes-file-by-b/inner.txt").unlink()
    (there / "becomes-file-by-b").rmdir()
    _edit(scene, scene.b, "becomes-file-by-b", "a file now")
    (there / "link").unlink()
    os.symlink("merged.txt", there / "link")


def _change_a(scene: Scene) -> None:
    there = scene.a.directory
    _edit(scene, scene.a, "edited-by-a.txt", "second a")
    _edit(scene, scene.a, "created-by-a.txt", "new from a")
    _edit(scene, scene.a, "edited-by-a-deleted-by-b.txt", "second, survives")
    _edit(scene, scene.a, "merged.txt", "".join([*LINES[:-1], "A changed this\n"]))
    _edit(scene, scene.a, "conflict.bin", "second, of a\0")
    (there / "deleted-by-a.txt").unlink()
    (there / "old/name-a.bin").rename(there / "name-a-new.bin")
    (there / "mode-a.sh").chmod(0o755)
    (there / "becomes-folder-by-a").unlink()
    _edit(scene, scene.a, "becomes-folder-by-a/inner.txt", "inside, by a")
    os.symlink("deep/er", there / "new-link")


def _edit(scene: Scene, hub: Hub, name: str, content: str) -> None:
    hub.write(name, content)
    scene.written.add(content.encode())


def differing(now: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """What two looks do not have in common: path to what is there and what should be."""
    return {
        path: (now.get(path), wanted.get(path))
        for path in now.keys() | wanted.keys()
        if now.get(path) != wanted.get(path)
    }


def old_or_new(now: Seen, before: Seen, after: Seen) -> list[str]:
    """Paths that are neither as before nor as after (rule 13).

    A folder that is being filled or emptied is empty for a moment.
    """
    return [
        path
        for path in now.keys() | before.keys() | after.keys()
        if now.get(path) not in (before.get(path), after.get(path), FOLDER)
    ]


__all__ = ["Scene", "build", "differing", "old_or_new", "seen"]
