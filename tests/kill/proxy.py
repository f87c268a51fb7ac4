"""A proxy in front of an S3 server that sees every request, and may answer some itself.

It runs in a thread of the tests, speaks HTTP/1.1 with bodies of known length or in chunks, and
forwards requests and answers as they are, so that signatures stay valid.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

METADATA = ".hubsync/"
_CHUNK = 1 << 16


@dataclass
class Request:
    """``key``: below the prefix that the proxy was told, metadata included; ``""`` for the bucket.
    ``query``: its parameters. ``up`` and ``down``: bytes of the bodies. ``status``: of the answer,
    0 until it has passed completely."""

    method: str
    key: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    up: int = 0
    down: int = 0
    status: int = 0

    @property
    def of_user(self) -> bool:
        """Whether it is about a user's object, and not about hubsync's own or the bucket."""
        return self.key != "" and not self.key.startswith(METADATA)

    @property
    def is_copy(self) -> bool:
        return "x-amz-copy-source" in self.headers


Judge = Callable[[Request], int | None]
Watch = Callable[[Request], None]


@dataclass
class Proxy:
    """``judge``: the status with which the proxy itself answers, or None. ``watch``: told of every
    request whose answer has passed."""

    port: int = 0
    prefix: str = ""
    judge: Judge = lambda _: None
    watch: Watch = lambda _: None
    _seen: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Forget what was seen, and neither judge nor watch any more."""
        with self._lock:
            self._seen.clear()
        self.judge, self.watch = (lambda _: None), (lambda _: None)

    def seen(self, method: str | None = None) -> list[Request]:
        with self._lock:
            return [one for one in self._seen if method in (None, one.method)]

    def users(self, method: str) -> list[Request]:
        """Requests for users' objects that were granted."""
        return [one for one in self.seen(method) if one.of_user and 200 <= one.status < 300]

    def add(self, request: Request) -> None:
        with self._lock:
            self._seen.append(request)


@contextlib.contextmanager
def proxy_to(port: int, prefix: str) -> Iterator[Proxy]:
    """A proxy to the server at ``port``; ``prefix`` (``bucket/folder/``) is cut from the keys."""
    proxy = Proxy(prefix=prefix)
    ready = threading.Event()
    stops: list[Callable[[], object]] = []

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        # The loop itself holds them weakly.
        running: set[asyncio.Task[None] | None] = set()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            running.add(task)
            try:
                await _connection(proxy, port, (reader, writer))
            finally:
                running.discard(task)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1000)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="proxy", daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield proxy
    finally:
        stops[0]()
        thread.join(20)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connection(proxy: Proxy, port: int, client: Ends) -> None:
    try:
        upstream = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        client[1].close()
        return
    try:
        while await _exchange(proxy, client, upstream):
            pass
    except (OSError, EOFError, asyncio.IncompleteReadError, asyncio.CancelledError):
        return
    finally:
        client[1].close()
        upstream[1].close()


async def _exchange(proxy: Proxy, client: Ends, server: Ends) -> bool:
    """One request and its answer; whether another may follow on this connection."""
    head = await _head(client[0])
    if head is None:
        return False
    first, headers = _parsed(head)
    method, target, _ = first.split(" ", 2)
    request = _request(proxy, method, target, headers)
    if headers.get("expect", "").lower() == "100-continue":
        client[1].write(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = _without(head, b"expect")
    own = proxy.judge(request)
    if own is not None:
        request.up = await _body(client[0], None, headers)
        client[1].write(f"HTTP/1.1 {own} Judged\r\nContent-Length: 0\r\n\r\n".encode())
        await client[1].drain()
        request.status = own
        proxy.add(request)
        return True
    server[1].write(head)
    request.up = await _body(client[0], server[1], headers)
    answer = await _head(server[0])
    if answer is None:
        return False
    status_line, answered = _parsed(answer)
    status = int(status_line.split(" ", 2)[1])
    client[1].write(answer)
    if method != "HEAD" and status not in (204, 304):
        request.down = await _body(server[0], client[1], answered)
    await client[1].drain()
    request.status = status
    proxy.add(request)
    proxy.watch(request)
    return answered.get("connection", "").lower() != "close"


def _request(proxy: Proxy, method: str, target: str, headers: dict[str, str]) -> Request:
    parts = urlsplit(target)
    path = unquote(parts.path, errors="surrogateescape").lstrip("/")
    key = path.removeprefix(proxy.prefix) if path.startswith(proxy.prefix) else ""
    return Request(method, key, parse_qs(parts.query, keep_blank_values=True), headers)


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    """Everything up to the empty line; None if the other end has closed."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _without(head: bytes, name: bytes) -> bytes:
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(name + b":"))


async def _body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None, headers: dict[str, str]
) -> int:
    """Forward a body; its size."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader, writer)
    return await _counted(reader, writer, int(headers.get("content-length", "0")))


async def _counted(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None, size: int
) -> int:
    left = size
    while left:
        data = await reader.read(min(left, _CHUNK))
        if not data:
            raise EOFError
        left -= len(data)
        if writer is not None:
            writer.write(data)
            await writer.drain()
    return size


async def _chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None) -> int:
    total = 0
    while True:
        line = await reader.readuntil(b"\r\n")
        if writer is not None:
            writer.write(line)
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        total += size
        await _counted(reader, writer, size + 2)
    while True:
        line = await reader.readuntil(b"\r\n")
        if writer is not None:
            writer.write(line)
        if line == b"\r\n":
            return total
