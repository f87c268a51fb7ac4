"""People and programs at work in a workspace, and what has to be so whenever it is called quiet:
a sync that looks at everything, and trusts nothing, finds nothing to do; and where it is known
where something may have changed, a scan of these paths finds what one of everything does."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from hubsync.errors import HubsyncError
from tests.quiet import finds_nothing, is_quiet, sees_as_much, settled

PATHS = (
    "a",
    "b.txt",
    "d/a",
    "d/e/a",
    "x.log",
    "build/o",
    "ä ö/[n]*",
    "d/.gitignore",
    ".gitignore",
    ".hubsyncignore",
)
RULES = ("*.log\n", "build/\n", "d/\n", "*\n!/b.txt\n", "")

paths = st.sampled_from(PATHS)


class People(RuleBasedStateMachine):
    """Every rule does one small thing, or nothing where it does not apply. Two hubs on one remote:
    ``hub`` is the one that is looked at."""

    hub: Any
    other: Any

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        folder = Path(tempfile.mkdtemp(prefix="hubsync-quiet-", dir=memory))
        self.stack.callback(shutil.rmtree, folder)
        self.counter = 0
        self.meet(folder, {"a": self.text(), "b.txt": self.text(), "d/a": self.text()})
        self.stack.callback(self.hub.workspace.close)
        self.stack.callback(self.other.workspace.close)
        self.root = self.hub.directory
        settled(self.hub)

    def meet(self, folder: Path, files: dict[str, str]) -> None:
        """Make both hubs, the one with these files."""
        raise NotImplementedError

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            try:
                self.look()
            finally:
                self.stack.close()

    def text(self) -> str:
        """Another one each time, always of the same size."""
        self.counter += 1
        return f"text {self.counter:06}\n"

    def file(self, path: str) -> Path | None:
        found = self.root / path
        return found if found.is_file() and not found.is_symlink() else None

    @rule()
    def look(self) -> None:
        quiet = is_quiet(self.hub.workspace)
        event(f"quiet: {quiet}")
        if quiet:
            assert finds_nothing(self.hub)
        as_much = sees_as_much(self.hub.workspace)
        event(f"looks at few paths: {as_much is not None}")
        assert as_much is not False

    @rule(path=paths)
    def write(self, path: str) -> None:
        with suppress(OSError):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            content = RULES[self.counter % len(RULES)] if path.endswith("ignore") else self.text()
            (self.root / path).write_text(content)

    @rule(path=paths)
    def edit_and_set_the_time_back(self, path: str) -> None:
        file = self.file(path)
        if file is not None and not path.endswith("ignore"):
            before = file.stat()
            file.write_text(self.text())
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(path=paths)
    def touch(self, path: str) -> None:
        file = self.file(path)
        if file is not None:
            file.touch()

    @rule(path=paths, same=st.booleans())
    def replace(self, path: str, same: bool) -> None:
        """By another inode with the same times, as tools do that copy."""
        file = self.file(path)
        if file is not None:
            aside = self.root.parent / "aside"
            shutil.copy2(file, aside)
            if not same:
                before = aside.stat()
                aside.write_text(self.text())
                os.utime(aside, ns=(before.st_atime_ns, before.st_mtime_ns))
            os.replace(aside, file)

    @rule(path=paths)
    def turn_mode(self, path: str) -> None:
        file = self.file(path)
        if file is not None:
            file.chmod(file.stat().st_mode ^ 0o100)

    @rule(path=paths)
    def delete(self, path: str) -> None:
        with suppress(OSError):
            (self.root / path).unlink()

    @rule(path=paths, to=paths)
    def rename(self, path: str, to: str) -> None:
        with suppress(OSError):
            (self.root / to).parent.mkdir(parents=True, exist_ok=True)
            os.rename(self.root / path, self.root / to)

    @rule(path=paths)
    def become_directory(self, path: str) -> None:
        with suppress(OSError):
            (self.root / path).unlink(missing_ok=True)
            (self.root / path).mkdir(parents=True)

    @rule(name=st.sampled_from(["__pycache__/m.pyc", ".ipynb_checkpoints/n", "c~", "build/p/q"]))
    def work_in_the_hidden(self, name: str) -> None:
        with suppress(OSError):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(self.text())

    @rule(path=paths)
    def work_elsewhere(self, path: str) -> None:
        with suppress(HubsyncError, OSError):
            (self.other.directory / path).parent.mkdir(parents=True, exist_ok=True)
            (self.other.directory / path).write_text(self.text())
            self.other.sync()

    @rule(verb=st.sampled_from(["sync", "sync", "sync", "push", "pull"]))
    def run(self, verb: str) -> None:
        with suppress(HubsyncError):
            getattr(self.hub, verb)()

    @rule()
    def come_to_rest(self) -> None:
        """Syncs until there is nothing left to do, if that is possible."""
        for _ in range(3):
            with suppress(HubsyncError):
                self.hub.sync()
            if is_quiet(self.hub.workspace):
                break
            time.sleep(0.03)
