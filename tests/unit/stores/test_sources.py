"""A source that changes while it is read is not sent (rule 10)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hubsync.errors import SourceChanged
from hubsync.stores.protocol import Upload
from hubsync.stores.sources import read_source, stream_source
from tests.unit.local.faults import meanwhile


def whole(job: Upload) -> bytes:
    return read_source(job).data


def streamed(job: Upload) -> bytes:
    with stream_source(job, chunk=4) as stream:
        return b"".join(stream)


READ = pytest.mark.parametrize("read", [whole, streamed])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"old content")
    time.sleep(0.03)  # some kernels' file times move in steps of 10 ms
    return path


def rewrite(path: Path) -> None:
    """In place, with the same size and the same mtime: only the ctime tells."""
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"new content")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@READ
def test_a_source_at_rest_is_read_whole(source: Path, read: Callable[[Upload], bytes]) -> None:
    assert read(Upload("key", str(source), 11, None)) == b"old content"


@READ
def test_a_source_that_was_rewritten_while_it_was_read_is_not_sent(
    source: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Upload], bytes]
) -> None:
    meanwhile(monkeypatch, "read", lambda: rewrite(source), after=True)
    with pytest.raises(SourceChanged):
        read(Upload("key", str(source), 11, None))


@READ
@pytest.mark.parametrize("size", [3, 30])
def test_a_source_that_shrinks_or_grows_while_it_is_read_is_not_sent(
    source: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Upload], bytes], size: int
) -> None:
    meanwhile(monkeypatch, "read", lambda: os.truncate(source, size), after=True)
    with pytest.raises(SourceChanged):
        read(Upload("key", str(source), 11, None))
