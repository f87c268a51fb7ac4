"""What somebody does to a workspace on another hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hubsync import Identity, Workspace

BOB: Final = Identity("bob", "hub-b")


class Elsewhere:
    """The same workspace on another hub."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        Workspace.clone(url, str(root), identity=BOB)[0].close()

    def writes(self, name: str, text: str, time: float | None = None) -> None:
        with Workspace.open(str(self.root)) as workspace:
            workspace.pull(identity=BOB)
            (self.root / name).write_text(text)
            if time is not None:
                os.utime(self.root / name, (time, time))
            workspace.sync(identity=BOB)

    def deletes(self, *names: str) -> None:
        with Workspace.open(str(self.root)) as workspace:
            workspace.pull(identity=BOB)
            for name in names:
                (self.root / name).unlink()
            workspace.sync(identity=BOB)
