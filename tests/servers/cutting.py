"""A wire that breaks: it forwards connections to a port of loopback, and cuts or holds them on
order."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

_CHUNK = 1 << 12


class Dam:
    """``after`` so many bytes, of all connections together, nothing more passes until it is
    opened."""

    def __init__(self, after: int) -> None:
        self.passed_so_far = 0
        self._left = after
        self._lock = threading.Lock()
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def shut(self) -> None:
        """From now on nothing more passes."""
        with self._lock:
            self._left = 0

    def passed(self, size: int) -> None:
        """Returns when so many more bytes may pass."""
        with self._lock:
            self._left -= size
            held = self._left < 0
            self.passed_so_far += 0 if held else size
        if held:
            self._opened.wait()


@dataclass
class Wire:
    """``cut_up`` and ``cut_down``: after how many bytes to, and from, the server each connection
    ends; None: never. ``dam``: what holds back the bytes from the server."""

    port: int
    cut_up: int | None = None
    cut_down: int | None = None
    dam: Dam | None = None


@contextlib.contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """A wire to the server at ``port`` until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listener, wire, port), name="wire")
        thread.start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)


def _serve(listener: socket.socket, wire: Wire, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_connection, args=(client, port, wire), daemon=True).start()


def _connection(client: socket.socket, port: int, wire: Wire) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        up = threading.Thread(target=_forward, args=(client, server, wire.cut_up), daemon=True)
        up.start()
        _forward(server, client, wire.cut_down, wire.dam)
        up.join()


def _forward(
    source: socket.socket, target: socket.socket, cut: int | None, dam: Dam | None = None
) -> None:
    """Until the source ends or ``cut`` bytes have passed; then both directions are over."""
    left = cut
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            if dam is not None:
                dam.passed(len(data))
            target.sendall(data if left is None else data[:left])
            if left is not None:
                left -= len(data)
                if left <= 0:
                    break
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
