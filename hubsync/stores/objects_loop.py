"""Many requests over a few connections in one thread, so that no thread waits for another.

What has no plain answer (see `objects_exchange`) goes back to the caller, who asks again by the
ordinary way: nothing is tried twice here, and no error is told.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from typing import Any, Final, Protocol

from msgspec import Struct

from hubsync.stores.objects_client import FAILURES, Client
from hubsync.stores.objects_exchange import Exchange, Fields, Refused, connect
from hubsync.stores.objects_sign import Method, Signer

_NEAR: Final = 8
"""Connections that keep a server busy which is near."""
_WIDE: Final = 64
_FAR: Final = 0.03
"""Seconds. A server that needs longer for an answer is asked over more connections."""
_WEIGHT: Final = 0.2
"""Of the latest answer in the mean of how long they take."""
_PATIENCE: Final = 120.0
_LOOK: Final = 5.0
_GIVE_UP: Final = 3
"""After so many failures in a row the server is not asked this way any more."""


class Request(Struct, eq=False):
    """``size``: of the answer's body, if it is known. ``about``: the caller's own."""

    method: Method
    key: str
    about: Any
    fields: str = ""
    body: bytes = b""
    size: int | None = None


class Caller(Protocol):
    """Whom a loop works for. All is called in the loop's thread, and raises nothing."""

    def waiting(self) -> int:
        """How many requests there are to come, at least."""

    def next_request(self) -> Request | None: ...

    def answered(self, request: Request, fields: Fields, body: Any) -> None: ...

    def unanswered(self, request: Request, sent: bool) -> None:
        """``sent``: the server may have carried the request out all the same."""

    def gone(self) -> None:
        """The server is not to be had this way: no request is taken any more."""


class Loop:
    """Carries out the requests of ``caller`` until it is closed or the server is gone."""

    def __init__(self, client: Client, caller: Caller) -> None:
        self._client = client
        self._caller = caller
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._opened: list[Exchange | None] = []
        self._opening = 0
        self._idle: list[Exchange] = []
        self._flying: dict[Exchange, tuple[Request, float]] = {}
        self._wide = _NEAR
        self._mean = 0.0
        self._failures = 0
        self._closed = False
        self._ended = False
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="hubsync-loop", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """There is something to do. From any thread."""
        try:
            self._rope.send(b"!")
        except OSError:  # it rings already, or nobody is there any more
            return

    def close(self) -> None:
        """End. Nothing is under way any more."""
        self._closed = True
        self.ring()
        self._thread.join()
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def _run(self) -> None:
        try:
            self._signer = Signer(self._client)
            self._rest = f" HTTP/1.1\r\nHost: {self._signer.where.netloc}\r\n"
            while not self._closed and self._failures < _GIVE_UP:
                self._give_out()
                for key, events in self._selector.select(_LOOK):
                    if key.data is None:
                        self._answer_bell()
                    else:
                        self._go_on(key.data, events)
                self._drop_dead()
        except FAILURES:  # nothing can be signed
            pass
        finally:
            self._ended = True
            for exchange in [*self._idle, *self._flying]:
                exchange.close()
            self._close_opened()
            for request, _ in self._flying.values():
                self._caller.unanswered(request, True)
            self._caller.gone()

    def _answer_bell(self) -> None:
        try:
            while self._bell.recv(4096):
                pass
        except BlockingIOError:
            pass
        while self._opened:
            exchange = self._opened.pop()
            self._opening -= 1
            if exchange is not None:
                self._selector.register(exchange.socket, selectors.EVENT_READ, exchange)
                self._idle.append(exchange)
                continue
            # A server may have a limit. With no connection at all, it is not there.
            self._wide = len(self._idle) + len(self._flying) + self._opening
            if not self._wide:
                self._failures = _GIVE_UP

    def _give_out(self) -> None:
        """A request for every connection that has none, and connections for those that wait."""
        while self._idle:
            request = self._caller.next_request()
            if request is None:
                return
            self._begin(self._idle.pop(), request)
        room = self._wide - len(self._flying) - self._opening
        for _ in range(min(room, self._caller.waiting() - self._opening)):
            self._opening += 1
            threading.Thread(target=self._open, name="hubsync-connect", daemon=True).start()

    def _open(self) -> None:
        """In a thread of its own: a handshake may take long."""
        try:
            self._opened.append(Exchange(connect(self._signer.where)))
        except OSError:
            self._opened.append(None)
        self.ring()
        if self._ended:
            self._close_opened()

    def _close_opened(self) -> None:
        """What was opened and nobody will use."""
        with suppress(IndexError):
            while True:
                exchange = self._opened.pop()
                if exchange is not None:
                    exchange.close()

    def _begin(self, exchange: Exchange, request: Request) -> None:
        self._flying[exchange] = (request, time.monotonic())
        target = self._signer.target(request.method, request.key)
        length = f"Content-Length: {len(request.body)}\r\n" if request.method == "PUT" else ""
        head = f"{request.method} {target}{self._rest}{length}{request.fields}\r\n"
        self._client.count(request.method.lower())
        try:
            whole = exchange.send(head.encode() + request.body, request.size)
        except OSError as error:
            self._fail(exchange, error)
            return
        if not whole:
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._selector.modify(exchange.socket, both, exchange)

    def _go_on(self, exchange: Exchange, events: int) -> None:
        if exchange.socket.fileno() < 0:
            return  # closed since this was heard
        if exchange not in self._flying:
            if not exchange.is_quiet():
                self._fail(exchange, OSError())
            return
        try:
            if events & selectors.EVENT_WRITE and exchange.send_more():
                self._selector.modify(exchange.socket, selectors.EVENT_READ, exchange)
            answer = exchange.receive()
        except (OSError, ValueError) as error:
            self._fail(exchange, error)
            return
        if answer is None:
            return
        request, began = self._flying.pop(exchange)
        fields, body = answer
        self._failures = 0
        self._mean += _WEIGHT * (time.monotonic() - began - self._mean)
        if self._mean > _FAR and self._wide == _NEAR:
            self._wide = _WIDE
        if fields.get(b"connection", b"").lower() == b"close":
            self._close(exchange)
        else:
            self._idle.append(exchange)
            self._give_out()  # first, so that the server works meanwhile
        self._caller.answered(request, fields, body)

    def _fail(self, exchange: Exchange, error: Exception) -> None:
        """Its connection is of no use any more. One that lay idle may have been closed by now."""
        self._close(exchange)
        if exchange in self._flying:
            self._failures += 1
            request, _ = self._flying.pop(exchange)
            self._caller.unanswered(request, not isinstance(error, Refused))
        else:
            self._idle.remove(exchange)

    def _close(self, exchange: Exchange) -> None:
        self._selector.unregister(exchange.socket)
        exchange.close()

    def _drop_dead(self) -> None:
        """Give up the connections that have been silent for too long."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        for exchange, (_, began) in list(self._flying.items()):
            if now - began > _PATIENCE:
                self._fail(exchange, TimeoutError())
