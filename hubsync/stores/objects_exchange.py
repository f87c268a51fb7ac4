"""One request and its plain answer on a socket that never waits (RFC 9112).

Only the plainest answer is understood: status 200, a stated length, no transfer coding. Everything
else is a `ValueError`, after which the connection is of no use any more.
"""

from __future__ import annotations

import re
import socket
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult

if TYPE_CHECKING:
    import ssl

_BUFFER: Final = 64 << 10
_CONNECTING: Final = 5.0

_COUNTS: Final = re.compile(
    rb"\r\n(content-length|transfer-encoding|connection|etag|last-modified):[ \t]*([^\r\n]*)", re.I
)

Fields = dict[bytes, bytes]
"""Of a header the fields that count here; names in lower case."""


class Refused(ValueError):
    """The server has said no (status 4xx): it has not carried the request out."""


class Exchange:
    """A connection with at most one request under way. Raises OSError and ValueError."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self.socket = connected
        self._not_now = _not_now(connected)
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._unsent = memoryview(b"")
        self._have = 0
        self._size: int | None = None
        self._fields: Fields = {}
        self._body: bytearray | None = None
        self._rest = memoryview(b"")

    def send(self, request: bytes, size: int | None = None) -> bool:
        """Begin a request, header and body; whether all of it is on its way. The answer's body must
        have ``size`` bytes, if that is given."""
        self._unsent = memoryview(request)
        self._size = size
        self._have = 0
        self._body = None
        return self.send_more()

    def send_more(self) -> bool:
        while self._unsent:
            try:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
            except self._not_now:
                return False
        return True

    def is_quiet(self) -> bool:
        """Whether nothing has come that nobody asked for. With TLS, messages of its own may."""
        try:
            self.socket.recv_into(self._view[:1])
        except self._not_now:
            return True
        return False

    def receive(self) -> tuple[Fields, Any] | None:
        """The answer's header and body, or None as long as it is not there."""
        while True:
            target = self._view[self._have :] if self._body is None else self._rest
            try:
                count = self.socket.recv_into(target)
            except self._not_now:
                return None
            if not count:
                raise ValueError("the answer broke off")
            if self._body is not None:
                self._rest = self._rest[count:]
            else:
                self._have += count
                end = self._buffer.find(b"\r\n\r\n", 0, self._have)
                if end < 0:
                    continue
                body = self._begin_body(end)
                if body is not None:
                    return self._answer(body)
            if self._body is not None and not self._rest:
                return self._answer(self._body)

    def _answer(self, body: Any) -> tuple[Fields, Any]:
        if self._unsent:
            raise ValueError("an answer to half a request")
        return self._fields, body

    def _begin_body(self, end: int) -> bytes | None:
        """The body, if it came with the header; otherwise there is now room for it."""
        self._fields = _plain(bytes(self._view[:end]))
        length = int(self._fields[b"content-length"])
        if self._size is not None and length != self._size:
            raise ValueError("another size")
        here = self._view[end + 4 : self._have]
        if len(here) > length:
            raise ValueError("more than was stated")
        if len(here) == length:
            return bytes(here)
        self._body = bytearray(length)
        self._rest = memoryview(self._body)
        self._rest[: len(here)] = here
        self._rest = self._rest[len(here) :]
        return None

    def close(self) -> None:
        self.socket.close()


def _not_now(connected: socket.socket) -> tuple[type[OSError], ...]:
    """How a socket that never waits says that it would have to."""
    if type(connected) is socket.socket:
        return (BlockingIOError,)
    import ssl

    return (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _plain(head: bytes) -> Fields:
    """What counts in the header of a plain answer; ValueError for any other (RFC 9112, 6.3)."""
    if not head.startswith(b"HTTP/1.1 200"):
        raise (Refused if head.startswith(b"HTTP/1.1 4") else ValueError)("another status")
    found = [(name.lower(), value) for name, value in _COUNTS.findall(head)]
    fields = dict(found)
    if len(fields) != len(found):
        raise ValueError("a field twice")
    if b"transfer-encoding" in fields or not fields.get(b"content-length", b"").isdigit():
        raise ValueError("no length")
    return fields


_context: ssl.SSLContext | None = None
_making = threading.Lock()


def connect(where: SplitResult) -> socket.socket:
    """A connection to the server of a URL. Raises OSError."""
    secure, host = where.scheme == "https", where.hostname or ""
    connected = socket.create_connection((host, where.port or (443 if secure else 80)), _CONNECTING)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not secure:
        return connected
    try:
        return _tls().wrap_socket(connected, server_hostname=host)
    except OSError:
        connected.close()
        raise


def _tls() -> ssl.SSLContext:
    """One for the process: reading the certificates takes 20 ms, and loading the library 10."""
    import ssl

    global _context
    with _making:
        if _context is None:
            _context = ssl.create_default_context()
        return _context
