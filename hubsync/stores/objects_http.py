"""HTTP connections whose large bodies arrive in as few calls as possible.

With its usual connection, Python takes a body in pieces of what has just come, some 100 kB, and
between any two of them the threads of a large download wait for the interpreter and each other.
Here the system fills the whole buffer before it wakes the thread up (``MSG_WAITALL``, recv(2)).
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import struct
from typing import Any, Final

_WHOLE: Final = 64 << 10
"""Bytes. For less than this, what is there is taken: lines of a header, and the last few bytes."""


def connection(secure: bool, host: str, port: int | None, patience: int) -> Any:
    """An `http.client.HTTPConnection` that gives up after ``patience`` seconds without a byte."""
    if secure:
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=patience, context=context)
    return _Connection(host, port, timeout=patience)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(_Source(sock), *given, **named)  # type: ignore[arg-type]


class _Connection(http.client.HTTPConnection):
    response_class = _Response

    def connect(self) -> None:
        super().connect()
        # The system keeps the time: Python's own timeouts rest on calls that never wait.
        timeout = struct.pack("ll", int(self.timeout or 0), 0)
        self.sock.settimeout(None)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)


class _Source:
    """What a response asks its socket for."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Raw(self._socket))


class _Raw(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        flags = socket.MSG_WAITALL if len(buffer) >= _WHOLE else 0
        return self._socket.recv_into(buffer, 0, flags)
