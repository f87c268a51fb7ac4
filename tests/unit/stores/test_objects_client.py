"""Single requests to servers that do less than they should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hubsync.errors import PreconditionFailed
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_settings import settings_for
from hubsync.stores.protocol import ABSENT

THERE = b"theirs"


class Handler(BaseHTTPRequestHandler):
    """One object with an entity tag that is no MD5. If-Match is ignored, creation refused."""

    def do_GET(self) -> None:
        self._answer(200, THERE)

    def do_HEAD(self) -> None:
        self._answer(200, THERE, body=False)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # The first answer is lost: what it said of the first try is not known.
        server = self.server
        assert isinstance(server, Server)
        server.puts += 1
        self._answer(503 if server.puts == 1 else 412, b"")

    def _answer(self, status: int, data: bytes, *, body: bool = True) -> None:
        self.send_response(status)
        self.send_header("ETag", '"a-tag"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


class Server(ThreadingHTTPServer):
    puts = 0


@pytest.fixture
def client() -> Iterator[Client]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        options = {"endpoint": endpoint, "anonymous": "true", "region": "here"}
        yield Client(settings_for("s3://bucket/me", options, {}))
        server.shutdown()
        thread.join()


def test_another_object_than_was_asked_for_is_refused_where_the_server_sends_it(
    client: Client,
) -> None:
    with pytest.raises(PreconditionFailed):
        client.get("f", identity='"other"')
    data, info = client.get("f", identity='"a-tag"')
    assert bytes(data) == THERE
    assert info.identity == '"a-tag"'


def test_an_object_of_the_same_size_is_not_taken_for_an_own_first_try(client: Client) -> None:
    with pytest.raises(PreconditionFailed):
        client.put("f", b"ours!!", ABSENT)


def test_an_own_first_try_is_recognised_by_its_bytes(client: Client) -> None:
    info = client.put("f", THERE, ABSENT)
    assert (info.identity, info.size) == ('"a-tag"', len(THERE))
