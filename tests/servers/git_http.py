"""Git over HTTP: a small threaded server in front of `git http-backend`, with faults to order.

It runs in threads of the tests, so that a test may count requests, change the faults between two
calls and act in the middle of one. What Git itself does is done by Git's own program; see
git-http-backend(1) and RFC 3875 (CGI). A request's body goes through a file, and an answer is
passed on as it comes: neither is held in memory.
"""

from __future__ import annotations

import base64
import contextlib
import io
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.git_bare import bare, environment
from tests.servers.processes import program

_CHUNK = 1 << 16
_FETCH, _PUSH = "git-upload-pack", "git-receive-pack"


@dataclass(frozen=True)
class Request:
    """One request as it came. ``service``: the program of Git that is asked for; ``""`` for
    anything else. ``announces``: it asks which references there are, before a fetch or a push."""

    method: str
    path: str
    service: str
    headers: Mapping[str, str]

    @property
    def announces(self) -> bool:
        return self.path.endswith("/info/refs")

    @property
    def fetches(self) -> bool:
        return self.service == _FETCH and not self.announces

    @property
    def pushes(self) -> bool:
        return self.service == _PUSH and not self.announces


@dataclass
class Faults:
    """What the server does instead of answering well; a test may change it between two calls.

    ``refuse_pushes``: every push is answered by 403, as to somebody who may only read.
    ``missing``: every path is answered by 404, as forges do to those who may not even know of it.
    ``moved_to``: the path to which every other one is redirected, as forges do after a renaming.
    ``drop_fetch`` and ``drop_push``: the connection is cut after so many bytes of the answer to a
    fetch, and of the body of a push. ``lose_answer``: a push is carried out, and the connection cut
    instead of an answer. ``before``: is called with every request that is granted, before Git sees
    it.
    """

    refuse_pushes: bool = False
    missing: bool = False
    moved_to: str = ""
    drop_fetch: int | None = None
    drop_push: int | None = None
    lose_answer: bool = False
    before: Callable[[Request], None] = lambda _: None


@dataclass
class GitHttp:
    """A running server of the bare repositories in ``folder``.

    ``user`` and ``token`` empty: everybody may do everything.
    """

    folder: Path
    user: str = ""
    token: str = ""
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    _seen: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, name: str) -> str:
        """Where the repository ``name`` is, for hubsync."""
        return f"git+http://127.0.0.1:{self.port}/{name}"

    def repository(self, name: str) -> Path:
        """A new bare repository, into which may be pushed."""
        return bare(self.folder / name)

    def add(self, request: Request) -> None:
        with self._lock:
            self._seen.append(request)

    def seen(self) -> list[Request]:
        """All requests so far, also those that were refused."""
        with self._lock:
            return list(self._seen)

    def clear(self) -> None:
        """Forget what was seen, and have no faults any more."""
        with self._lock:
            self._seen.clear()
        self.faults = Faults()


@contextlib.contextmanager
def git_http(folder: Path, *, user: str = "", token: str = "", port: int = 0) -> Iterator[GitHttp]:
    """Serve the repositories of ``folder`` until the block ends. ``port`` 0: any that is free."""
    program("git")
    served = GitHttp(folder, user, token)
    server = _Server(("127.0.0.1", port), _Handler)
    server.served = served
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="git-http")
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()


class _Dropped(Exception):
    """The connection is to be cut here."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    served: GitHttp

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    _unread = False

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        served, faults = self.server.served, self.server.served.faults
        request = self._request()
        served.add(request)
        self._unread = self._has_body()
        try:
            refused = self._refusal(request, faults)
            if refused is not None:
                self._refuse(*refused)
                return
            faults.before(request)
            self._hand_over(request, faults)
        except (_Dropped, OSError):
            self.close_connection = True

    do_POST = do_GET

    def _request(self) -> Request:
        url = urlsplit(self.path)
        asked = parse_qs(url.query).get("service", [""])[0]
        service = asked if url.path.endswith("/info/refs") else url.path.rpartition("/")[2]
        known = service if service in (_FETCH, _PUSH) else ""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, url.path, known, headers)

    def _has_body(self) -> bool:
        return "Transfer-Encoding" in self.headers or self.headers.get("Content-Length", "0") != "0"

    def _refusal(
        self, request: Request, faults: Faults
    ) -> tuple[int, str, Mapping[str, str]] | None:
        served = self.server.served
        given = f"{served.user}:{served.token}".encode()
        wanted = f"Basic {base64.b64encode(given).decode()}"
        if served.token and self.headers.get("Authorization") != wanted:
            return 401, "Bad credentials", {"WWW-Authenticate": 'Basic realm="Git of the tests"'}
        if faults.missing:
            return 404, "Repository not found.", {}
        if faults.moved_to and not request.path.startswith(faults.moved_to + "/"):
            _, _, rest = request.path[1:].partition("/")
            query = urlsplit(self.path).query
            return 301, "", {"Location": f"{faults.moved_to}/{rest}{'?' * bool(query)}{query}"}
        if faults.refuse_pushes and request.service == _PUSH:
            return 403, "Permission to the repository denied.", {}
        return None

    def _refuse(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        # Nobody waits here for a body that is not wanted; the connection ends instead.
        self.close_connection = self._unread
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _hand_over(self, request: Request, faults: Faults) -> None:
        """Let Git answer."""
        with tempfile.TemporaryFile() as body:
            cut = faults.drop_push if request.pushes else None
            whole = self._receive(body, cut)
            body.seek(0)
            process = subprocess.Popen(
                [program("git"), "http-backend"],
                stdin=body,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._cgi(request),
            )
        assert isinstance(process.stdout, io.BufferedReader)
        try:
            if not whole or (request.pushes and faults.lose_answer):
                while process.stdout.read(_CHUNK):
                    pass  # Git is done with it before the connection ends
                raise _Dropped
            self._pass_on(process.stdout, faults.drop_fetch if request.fetches else None)
        finally:
            process.stdout.close()
            process.wait()

    def _cgi(self, request: Request) -> dict[str, str]:
        served = self.server.served
        found = {
            **environment(served.folder),
            "GIT_PROJECT_ROOT": str(served.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": request.method,
            "PATH_INFO": request.path,
            "QUERY_STRING": urlsplit(self.path).query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REMOTE_USER": served.user or "anybody",
            "REMOTE_ADDR": "127.0.0.1",
        }
        for name in ("Content-Encoding", "Git-Protocol"):
            if name in self.headers:
                found[f"HTTP_{name.upper().replace('-', '_')}"] = self.headers[name]
        return found

    def _receive(self, body: IO[bytes], cut: int | None) -> bool:
        """Take in the request's body; False if it was cut off after ``cut`` bytes."""
        left = cut
        for data in self._chunks() if self._is_chunked() else self._counted(self._length()):
            if left is not None and len(data) >= left:
                body.write(data[:left])
                return False
            body.write(data)
            left = None if left is None else left - len(data)
        self._unread = False
        return True

    def _is_chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    def _length(self) -> int:
        return int(self.headers.get("Content-Length") or 0)

    def _counted(self, size: int) -> Iterator[bytes]:
        while size:
            data = self.rfile.read(min(size, _CHUNK))
            if not data:
                raise _Dropped
            size -= len(data)
            yield data

    def _chunks(self) -> Iterator[bytes]:
        while line := self.rfile.readline():
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            yield from self._counted(size)
            self.rfile.readline()
        else:
            raise _Dropped
        while self.rfile.readline() not in (b"\r\n", b""):
            pass

    def _pass_on(self, answer: io.BufferedReader, cut: int | None) -> None:
        """The answer of the CGI program, in chunks; cut off after ``cut`` bytes of its body."""
        headers: list[tuple[str, str]] = []
        while (line := answer.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        status = next((value for name, value in headers if name == "Status"), "200 OK")
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name not in ("Status", "Content-Length"):
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while data := answer.read1(_CHUNK):
            if cut is not None and len(data) >= cut:
                self.wfile.write(b"%x\r\n" % len(data) + data[:cut])
                raise _Dropped
            cut = None if cut is None else cut - len(data)
            self.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")
