"""What is called quiet in a workspace on a mirror is so, whatever happens to either of them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from hubsync import Workspace
from tests.property.quiet_people import People, paths
from tests.unit.engine.hubs import Hub


class Colleagues(People):
    """Other programs write to the mirror."""

    def meet(self, folder: Path, files: dict[str, str]) -> None:
        self.mirror = folder / "mirror"
        self.mirror.mkdir()
        self.hub, self.other = (self._linked(folder / name) for name in ("hub", "other"))
        self.hub.write(files)

    def _linked(self, directory: Path) -> Hub:
        directory.mkdir()
        return Hub(directory, Workspace.init(str(directory), self.mirror.as_uri()))

    @rule(path=paths)
    def write_there(self, path: str) -> None:
        with suppress(OSError):
            (self.mirror / path).parent.mkdir(parents=True, exist_ok=True)
            (self.mirror / path).write_text(self.text())

    @rule(path=paths)
    def rewrite_there(self, path: str) -> None:
        """Of the same size, with the same time."""
        file = self.mirror / path
        if file.is_file():
            before = file.stat()
            file.write_text(self.text())
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(path=paths)
    def delete_there(self, path: str) -> None:
        with suppress(OSError):
            (self.mirror / path).unlink()

    @rule(path=paths, to=paths)
    def copy_there(self, path: str, to: str) -> None:
        with suppress(OSError):
            shutil.copy2(self.mirror / path, self.mirror / to)

    @rule(name=st.sampled_from(["empty", "d/empty", "build"]), there=st.booleans())
    def make_directory(self, name: str, there: bool) -> None:
        with suppress(OSError):
            ((self.mirror if there else self.root) / name).mkdir(parents=True)

    @rule()
    def lose_memory(self) -> None:
        shutil.rmtree(self.root / ".hubsync/state", ignore_errors=True)


def test_what_is_called_quiet_is_quiet() -> None:
    run_state_machine_as_test(Colleagues, settings=settings(settings(), max_examples=12))


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))
def test_what_is_called_quiet_is_quiet_at_length(part: int) -> None:
    run_state_machine_as_test(Colleagues)
