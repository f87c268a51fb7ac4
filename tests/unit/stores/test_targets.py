"""What is fetched gets its name only when it is complete, whoever else writes meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hubsync.stores.protocol import Download, ObjectInfo
from hubsync.stores.targets import write_target

_KILLED = """
import os, sys
from hubsync.stores.protocol import Download, ObjectInfo
from hubsync.stores.targets import write_target
os.rename = lambda *names: os._exit(0)  # killed just before it gives the name
write_target(Download("k", sys.argv[1]), b"of an older object", ObjectInfo("k", 18, "old", 0))
"""


def test_two_processes_never_write_into_the_same_part(tmp_path: Path) -> None:
    """A helper outlives its killed parent by a moment, and may be in the middle of writing."""
    target = tmp_path / "target"
    subprocess.run([sys.executable, "-c", _KILLED, str(target)], check=True)
    (part,) = tmp_path.iterdir()
    with part.open("r+b") as of_the_helper:
        write_target(Download("k", str(target)), b"content", ObjectInfo("k", 7, "new", 0))
        of_the_helper.write(b"and what it goes on to write")
    assert target.read_bytes() == b"content"
    assert set(tmp_path.iterdir()) == {target, part}
