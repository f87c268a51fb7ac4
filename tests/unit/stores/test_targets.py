"""What is fetched gets its name only when it is complete, whoever else writes meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from hubsync.errors import DiskFull, LocalError
from hubsync.stores.protocol import Download, ObjectInfo
from hubsync.stores.targets import PART, TargetWriter, write_target

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


@pytest.mark.parametrize("failing", [1, 3, 40, 100])
def test_what_was_written_before_a_failure_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The next block is on its way already when a write fails, and must not come after a gap."""
    content = os.urandom(5_000_000)
    job = Download("k", str(tmp_path / "target"), len(content))
    info = ObjectInfo("k", len(content), "identity", 0)
    write, calls = os.write, 0

    def broken(descriptor: int, data: bytes) -> int:
        nonlocal calls
        calls += len(data) > 100  # not the note beside it
        if calls == failing:
            raise OSError(5, "Input/output error")
        return write(descriptor, data)

    def fetch() -> int:
        with TargetWriter(job, lambda _: None, info.identity) as writer:
            begun = writer.offset
            for start in range(begun, len(content), 1_000_000):
                writer.write(content[start : start + 1_000_000])
            writer.finish(info)
        return begun

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", broken)
        with pytest.raises(LocalError):
            fetch()
    left = (tmp_path / f"target{PART}").read_bytes()
    assert left == content[: len(left)]
    assert fetch() == len(left)
    assert (tmp_path / "target").read_bytes() == content


def known(target: Path, data: bytes) -> Download:
    return Download("k", str(target), len(data), blake3(data).digest(), mtime=1_700_000_000 * 10**9)


def test_a_content_of_known_digest_is_written_with_its_time(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write_target(known(target, b"content"), b"content", ObjectInfo("k", 7, "new", 0))
    assert target.read_bytes() == b"content"
    assert target.stat().st_mtime == 1_700_000_000
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_another_process_may_be_writing_is_replaced_not_written_into(
    tmp_path: Path,
) -> None:
    """A helper that outlives its killed parent by a moment, in the middle of the same content."""
    target = tmp_path / "target"
    with target.open("wb") as of_the_helper:
        of_the_helper.write(b"con")
        of_the_helper.flush()
        write_target(known(target, b"content"), b"content", ObjectInfo("k", 7, "new", 0))
        of_the_helper.write(b"and what it goes on to write")
    assert target.read_bytes() == b"content"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_left_of_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFull):
        write_target(known(tmp_path / "t", b"content"), b"content", ObjectInfo("k", 7, "new", 0))
    assert list(tmp_path.iterdir()) == []
