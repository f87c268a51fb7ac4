"""Large objects from a server that answers for a range with status 200, and breaks off."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hubsync.errors import Unreachable
from hubsync.stores import objects_ranges
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_ranges import download_large
from hubsync.stores.objects_settings import settings_for
from hubsync.stores.protocol import Download
from hubsync.stores.targets import PART

CONTENT = os.urandom(60 << 20)
LARGE = 1 << 20


class Server(ThreadingHTTPServer):
    """``breaks``: which answers (counted from 1) end in the middle; ``gone``: from which on all."""

    daemon_threads = True
    answers = 0
    whole = 0
    breaks: frozenset[int] = frozenset()
    gone = 1 << 30


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.answers += 1
        number = server.answers
        if number >= server.gone:
            self.close_connection = True
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        first, last = (int(asked[1]), int(asked[2])) if asked else (0, len(CONTENT) - 1)
        server.whole += asked is None
        body = CONTENT[first : last + 1]
        self.send_response(200)
        self.send_header("ETag", '"a-tag"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(CONTENT)}")
        self.end_headers()
        try:
            self.wfile.write(body[: len(body) // 2] if number in server.breaks else body)
        except OSError:  # who asked has seen enough
            self.close_connection = True
        if number in server.breaks:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(autouse=True)
def _however_busy_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server is asked for ranges if it answers the first one soon: here any time is soon."""
    monkeypatch.setattr(objects_ranges, "_CHEAP", 1e9)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(server: Server, target: Path) -> None:
    options = {"endpoint": f"http://127.0.0.1:{server.server_port}", "region": "here"}
    env = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    client = Client(settings_for("s3://bucket/me", options, env))
    job = Download("f", str(target), len(CONTENT), identity='"a-tag"')
    download_large(client, job, lambda _: None, LARGE)


def test_it_comes_in_ranges(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.whole == 0


def test_a_server_that_takes_long_for_a_range_is_asked_for_the_whole(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects_ranges, "_CHEAP", 0.0)
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.whole == 1


def test_a_connection_that_breaks_costs_no_more_than_its_range(
    server: Server, tmp_path: Path
) -> None:
    server.breaks = frozenset({3, 6, 7})
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.whole == 0


def test_what_arrived_before_the_storage_went_away_is_gone_on_with(
    server: Server, tmp_path: Path
) -> None:
    server.gone = 7
    with pytest.raises(Unreachable):
        fetch(server, tmp_path / "f")
    left = (tmp_path / f"f{PART}").read_bytes()
    assert len(left) >= 8 << 20
    assert left == CONTENT[: len(left)]
    server.gone, server.answers = 1 << 30, 0
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert server.answers <= 2 + (len(CONTENT) - len(left)) // (8 << 20) + 1
