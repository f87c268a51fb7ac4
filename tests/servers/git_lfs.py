"""A server for Git LFS, from its specification: the batch API with basic transfers, behind basic
auth (git-lfs/docs/api/batch.md, basic-transfers.md, authentication.md).

Objects are kept by their names, which are checked: an upload that has another SHA-256 or size is
refused, as is a name that nobody announced in a batch.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MEDIA = "application/vnd.git-lfs+json"


@dataclass
class LfsServer:
    """``url`` is for ``lfs.url``. ``objects``: contents by name; ``asked``: requests with and
    without a login."""

    user: str
    secret: str
    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/lfs"


@contextmanager
def git_lfs(user: str, secret: str) -> Iterator[LfsServer]:
    server = LfsServer(user, secret)
    right = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not self._may():
                return
            if self.path != "/lfs/objects/batch":
                self._answer(404, {"message": "no such resource"})  # such as locks
                return
            asked = json.loads(body)
            found = [self._object(asked["operation"], one) for one in asked["objects"]]
            self._answer(200, {"transfer": "basic", "objects": found})

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            name = self.path.rpartition("/")[2]
            if not self._may():
                return
            if hashlib.sha256(data).hexdigest() != name:
                self._answer(422, {"message": "another content"})
                return
            server.objects[name] = data
            self._answer(200, {})

        def do_GET(self) -> None:
            if not self._may():
                return
            data = server.objects.get(self.path.rpartition("/")[2])
            if data is None:
                self._answer(404, {"message": "no such object"})
                return
            self._send(200, data, "application/octet-stream")

        def _object(self, operation: str, one: dict[str, Any]) -> dict[str, Any]:
            name, known = one["oid"], one["oid"] in server.objects
            answer: dict[str, Any] = {"oid": name, "size": one["size"], "authenticated": False}
            if operation == "download" and not known:
                return answer | {"error": {"code": 404, "message": "no such object"}}
            if operation == "upload" and known:
                return answer
            return answer | {"actions": {operation: {"href": f"{server.url}/objects/{name}"}}}

        def _may(self) -> bool:
            given = self.headers.get("Authorization")
            server.asked.append((f"{self.command} {self.path}", given is not None))
            if given == right:
                return True
            self._answer(401, {"message": "who are you?"}, ("LFS-Authenticate", 'Basic realm="x"'))
            return False

        def _answer(self, status: int, said: object, *headers: tuple[str, str]) -> None:
            self._send(status, json.dumps(said).encode(), _MEDIA, *headers)

        def _send(self, status: int, data: bytes, kind: str, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(data))),
                *headers,
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
