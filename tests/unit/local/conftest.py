from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.local.disk import Disk


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "work")


@pytest.fixture
def elsewhere(disk: Disk) -> Iterator[Disk]:
    """A workspace whose files are on another file system than its staging area and its trash, which
    are those of ``disk``. /dev/shm stands for a mount: the applier sees another device, whatever
    the path is."""
    if os.stat("/dev/shm").st_dev == os.stat(disk.root).st_dev:
        pytest.fail("this test needs /dev/shm on a file system of its own")
    mounted = Disk(Path("/dev/shm") / f"hubsync-test-{os.getpid()}")
    try:
        for name in ("stage", "trash"):
            shutil.rmtree(mounted.path / ".hubsync" / name)
            (mounted.path / ".hubsync" / name).symlink_to(disk.path / ".hubsync" / name)
        yield mounted
    finally:
        shutil.rmtree(mounted.path)
