"""WebDAV through webdav4, by its client rather than by its fsspec layer.

That layer strips blanks off names, quotes nothing, and asks twice before each transfer.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import quote

from hubsync.stores.fsspec_dialects import Dialect, Info, Reader
from hubsync.stores.protocol import Passed
from hubsync.stores.sources import SourceStream

_BLOCK: Final = 1 << 20
_PLAIN: Final = {"Accept-Encoding": "identity"}


class Webdav(Dialect):
    """Paths are quoted on the way in; what the server says comes back unquoted."""

    def _quoted(self, path: str) -> str:
        return quote(path)

    def info(self, fs: Any, path: str) -> Info:
        return self._translated(fs.client.info(self._quoted(path)))

    def ls(self, fs: Any, path: str) -> list[Info]:
        found = fs.client.ls(self._quoted(path), detail=True, allow_listing_resource=False)
        return [self._translated(one) for one in found]

    def _translated(self, found: Info) -> Info:
        return {**found, "name": found["name"], "size": found.get("content_length")}

    def put(self, fs: Any, path: str, data: bytes) -> None:
        fs.client.upload_fileobj(
            io.BytesIO(data), self._quoted(path), overwrite=True, size=len(data)
        )

    def put_stream(self, fs: Any, path: str, stream: SourceStream, passed: Passed) -> None:
        fs.client.upload_fileobj(
            _Pulled(stream, passed),
            self._quoted(path),
            overwrite=True,
            size=stream.size,
            chunk_size=_BLOCK,
        )

    def get(self, fs: Any, path: str) -> bytes:
        return cast(bytes, fs.client.request("GET", self._quoted(path), headers=_PLAIN).content)

    @contextlib.contextmanager
    def reading(self, fs: Any, path: str, offset: int, size: int) -> Iterator[Reader]:
        from webdav4.client import HTTPError

        url = fs.client.join_url(self._quoted(path))
        headers = {**_PLAIN, "Range": f"bytes={offset}-"} if offset else _PLAIN
        with fs.client.http.stream("GET", url, headers=headers) as answer:
            if answer.status_code not in (200, 206):
                raise HTTPError(answer)
            blocks = _Blocks(answer.iter_bytes(_BLOCK))
            if offset and answer.status_code == 200:  # a server without ranges sends it all
                blocks.skip(offset)
            yield blocks

    def replace(self, fs: Any, path: str, target: str) -> None:
        fs.client.move(self._quoted(path), self._quoted(target), overwrite=True)

    def copy(self, fs: Any, path: str, target: str) -> None:
        fs.client.copy(self._quoted(path), self._quoted(target), overwrite=True)

    def remove(self, fs: Any, path: str) -> None:
        # DELETE of a collection takes all that is in it.
        if self.info(fs, path)["type"] != "directory":
            fs.client.remove(self._quoted(path))

    def make_folder(self, fs: Any, path: str) -> None:
        from webdav4.client import ResourceAlreadyExists, ResourceConflict

        # From the deepest up: many servers forbid to touch the collections above one's own.
        with contextlib.suppress(ResourceAlreadyExists):
            try:
                fs.client.mkdir(self._quoted(path))
            except ResourceConflict:
                parent = path.rpartition("/")[0]
                if not parent:
                    raise
                self.make_folder(fs, parent)
                fs.client.mkdir(self._quoted(path))

    def close(self, fs: Any) -> None:
        fs.client.http.close()


class _Blocks:
    """An answer's body as a `Reader`, which may give less than was asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = b""

    def read(self, size: int, /) -> bytes:
        data = self._left or next(self._blocks, b"")
        self._left = data[size:]
        return data[:size]

    def skip(self, count: int) -> None:
        while count and (data := self.read(min(count, _BLOCK))):
            count -= len(data)


class _Pulled(io.RawIOBase):
    """A source stream as the file object that webdav4 reads from."""

    def __init__(self, stream: SourceStream, passed: Passed) -> None:
        self._stream = stream
        self._passed = passed
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            self._left = memoryview(next(self._stream, b""))
        data = bytes(self._left[:size] if size >= 0 else self._left)
        self._left = self._left[len(data) :]
        self._passed(len(data))
        return data
