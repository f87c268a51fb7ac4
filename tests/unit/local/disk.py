"""A workspace on a real disk, and short words for what the tests do with it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from blake3 import blake3

from hubsync.core.ignore import IgnoreRules
from hubsync.local.apply import Applier
from hubsync.local.digest import digest_many
from hubsync.local.layout import Layout
from hubsync.local.renames import Renames
from hubsync.local.scan import scan
from hubsync.local.scanned import Scan
from hubsync.local.stage import Stage
from hubsync.local.steps import Applied, Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind, Tree
from hubsync.report import Silent

LONG_AGO = 1_600_000_000_123_456_789


class Disk:
    """The workspace at ``path``."""

    def __init__(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.root = str(path)
        Layout(self.root).create()
        self.stage = Stage(self.root)

    def write(self, path: str, content: str = "x", *, mtime: int | None = LONG_AGO) -> Path:
        place = self.path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        if mtime is not None:
            os.utime(place, ns=(mtime, mtime))
        return place

    def read(self, path: str) -> str:
        return (self.path / path).read_text()

    def scan(self, known: Tree | None = None, **options: object) -> Scan:
        return scan(self.root, known or Tree(), IgnoreRules.builtin(), **options)  # type: ignore[arg-type]

    def tree(self) -> Tree:
        """Everything, read, at rest for long enough that its evidence counts."""
        time.sleep(0.03)
        tree = self.scan().tree
        files = {p: e for p, e in tree.items() if e.kind is Kind.FILE}
        read = digest_many(self.root, files, Silent())
        assert all(isinstance(one, Entry) for one in read.values())
        return Tree(tree.with_changes(read).flat())  # type: ignore[arg-type]

    def staged(self, content: str, **fields: object) -> tuple[Entry, str]:
        data = content.encode()
        digest = blake3(data).digest()
        slot = self.stage.slot(digest.hex())
        Path(slot).write_bytes(data)
        entry = Entry(Kind.FILE, len(data), digest, mtime=LONG_AGO)
        for name, value in fields.items():
            entry = _with(entry, name, value)
        return entry, slot

    def create(self, path: str, content: str, **fields: object) -> Step:
        entry, slot = self.staged(content, **fields)
        return Step(path, entry, None, slot)

    def replace(self, path: str, expect: Entry, content: str, **fields: object) -> Step:
        entry, slot = self.staged(content, **fields)
        return Step(path, entry, expect, slot)

    def apply(self, *steps: Step, renames: Renames | None = None) -> dict[str, Applied]:
        with Applier(self.root, Trash(self.root), renames=renames) as applier:
            return {one.path: one for one in applier.apply(steps)}

    def trashed(self) -> dict[str, str]:
        """What lies in the trash, by path."""
        found = {}
        for room in (self.path / ".hubsync" / "trash").iterdir():
            for place in room.rglob("*"):
                if place.is_file() and not place.is_symlink():
                    found[str(place.relative_to(room))] = place.read_text()
        return found

    def staging(self) -> list[str]:
        return sorted(os.listdir(self.stage.directory))

    def names(self) -> set[str]:
        """Every path below the root but hubsync's own."""
        found = set()
        for directory, folders, files in os.walk(self.root):
            if ".hubsync" in folders:
                folders.remove(".hubsync")
            for name in (*folders, *files):
                found.add(os.path.relpath(os.path.join(directory, name), self.root))
        return found


def _with(entry: Entry, name: str, value: object) -> Entry:
    import msgspec

    return msgspec.structs.replace(entry, **{name: value})
