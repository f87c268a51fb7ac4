"""How each kind of fsspec file system is best spoken to, so that writes are all or nothing.

fsspec gives one interface, but not one meaning: ``mv`` is atomic here and copy-and-delete there,
``rmdir`` is recursive in WebDAV, a file that is closed by an exception is uploaded all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final, Protocol, cast

from hubsync.stores.protocol import Passed
from hubsync.stores.sources import SourceStream

Info = dict[str, Any]
_BLOCK: Final = 1 << 20


class Reader(Protocol):
    """A remote file, open for reading."""

    def read(self, size: int, /) -> bytes: ...


class Dialect:
    """Any fsspec file system; its subclasses know better."""

    flat = False
    """Keys are names in one bucket: `find` lists them all."""
    atomic_put = False
    """A reader sees the old object or the whole new one, so that no temporary name is needed."""
    shared = True
    """One instance serves several threads."""
    server_copy = True
    coarse_times = False
    """Times are whole seconds and can be set: `dress` has to tell two writes apart by them."""
    prunes = False
    """Removing a directory fails if something is in it, so that pruning is safe."""

    def info(self, fs: Any, path: str) -> Info:
        fs.invalidate_cache()
        return cast(Info, fs.info(path))

    def ls(self, fs: Any, path: str) -> list[Info]:
        fs.invalidate_cache()
        return [info for info in fs.ls(path, detail=True) if info["name"].rstrip("/") != path]

    def find(self, fs: Any, path: str) -> list[Info]:
        fs.invalidate_cache()
        return list(fs.find(path, detail=True).values())

    def put(self, fs: Any, path: str, data: bytes) -> None:
        fs.pipe_file(path, data)

    def put_stream(self, fs: Any, path: str, stream: SourceStream, passed: Passed) -> None:
        with fs.open(path, "wb") as target:
            for data in stream:
                target.write(data)
                passed(len(data))

    def get(self, fs: Any, path: str) -> bytes:
        return cast(bytes, fs.cat_file(path))

    @contextlib.contextmanager
    def reading(self, fs: Any, path: str, offset: int, size: int) -> Iterator[Reader]:
        """The file from ``offset`` on; ``size`` is the whole file's."""
        with fs.open(path, "rb") as source:
            if offset:
                source.seek(offset)
            yield source

    def replace(self, fs: Any, path: str, target: str) -> None:
        """Give ``path`` the name ``target``, whatever is there.

        Where a server renames only onto a free name, the old file has to go first: a kill in
        between loses the name, not the versions.
        """
        try:
            fs.mv(path, target)
        except OSError:
            if not fs.exists(target):
                raise
            fs.rm_file(target)
            fs.mv(path, target)

    def copy(self, fs: Any, path: str, target: str) -> None:
        fs.cp_file(path, target)

    def remove(self, fs: Any, path: str) -> None:
        fs.rm_file(path)

    def make_folder(self, fs: Any, path: str) -> None:
        fs.makedirs(path, exist_ok=True)

    def remove_folder(self, fs: Any, path: str) -> None:
        fs.rmdir(path)

    def dress(self, fs: Any, path: str, mtime: int, executable: bool) -> None:
        """Set what plain files carry besides their bytes, where the storage has it."""

    def close(self, fs: Any) -> None:
        """End what the instance holds open."""


class Buckets(Dialect):
    """s3fs, gcsfs, adlfs: a put is atomic, a rename is a copy."""

    flat = True
    atomic_put = True

    def make_folder(self, fs: Any, path: str) -> None:
        """A bucket has none."""

    def replace(self, fs: Any, path: str, target: str) -> None:
        fs.cp_file(path, target)
        fs.rm_file(path)


class Memory(Dialect):
    """fsspec's own memory: like a bucket, but listed like a folder."""

    atomic_put = True

    def make_folder(self, fs: Any, path: str) -> None:
        """Made by what is put there, and gone with it."""

    def replace(self, fs: Any, path: str, target: str) -> None:
        fs.cp_file(path, target)
        fs.rm_file(path)


class Sftp(Dialect):
    """paramiko: one connection per thread; a POSIX rename replaces in one step; no copy."""

    shared = False
    server_copy = False
    coarse_times = True
    prunes = True

    def info(self, fs: Any, path: str) -> Info:
        # Not fs.info, which follows links.
        return {**fs._decode_stat(fs.ftp.lstat(path)), "name": path}

    def put(self, fs: Any, path: str, data: bytes) -> None:
        with fs.ftp.open(path, "wb") as target:
            target.set_pipelined(True)
            target.write(data)

    def put_stream(self, fs: Any, path: str, stream: SourceStream, passed: Passed) -> None:
        with fs.ftp.open(path, "wb") as target:
            target.set_pipelined(True)
            for data in stream:
                for start in range(0, len(data), _BLOCK):
                    block = data[start : start + _BLOCK]
                    target.write(block)
                    passed(len(block))

    def get(self, fs: Any, path: str) -> bytes:
        with fs.ftp.open(path, "rb") as source:
            return cast(bytes, source.read())

    @contextlib.contextmanager
    def reading(self, fs: Any, path: str, offset: int, size: int) -> Iterator[Reader]:
        with fs.ftp.open(path, "rb") as source:
            if offset:
                source.seek(offset)
            else:
                source.prefetch(size, max_concurrent_requests=64)
            yield source

    def copy(self, fs: Any, path: str, target: str) -> None:
        with (
            self.reading(fs, path, 0, fs.ftp.stat(path).st_size) as source,
            fs.ftp.open(target, "wb") as copied,
        ):
            copied.set_pipelined(True)
            while data := source.read(_BLOCK):
                copied.write(data)

    def remove(self, fs: Any, path: str) -> None:
        fs.ftp.remove(path)

    def dress(self, fs: Any, path: str, mtime: int, executable: bool) -> None:
        if mtime:
            seconds = mtime // 1_000_000_000
            fs.ftp.utime(path, (seconds, seconds))
        if executable:
            mode = fs.ftp.stat(path).st_mode & 0o777
            fs.ftp.chmod(path, mode | (mode & 0o444) >> 2)

    def close(self, fs: Any) -> None:
        fs.ftp.close()
        fs.client.close()


def dialect_of(protocol: str) -> Dialect:
    """How to speak to the file system of this protocol."""
    if protocol in ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss"):
        return Buckets()
    if protocol in ("sftp", "ssh"):
        return Sftp()
    return Memory() if protocol == "memory" else Dialect()
