"""Each exit status of the contract, met by running the command."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.running import Hub

ANONYMOUS = ("-o", "anonymous=true")


@contextmanager
def _answering(status: int) -> Iterator[str]:
    """The address of a server on loopback that answers every request with ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer
        do_PROPFIND = do_MKCOL = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_was_done_with_other_remotes_is_told_beside_the_error(
    hub_a: Hub, tmp_path: Path
) -> None:
    bulk = tmp_path / "bulk"
    hub_a.run("remote", "add", "bulk", bulk.as_uri(), "--include", "big/**").ok()
    hub_a.run("sync").ok()
    (bulk / ".hubsync" / "format.json").write_text("damaged")
    hub_a.write("one.txt", "1")
    ran = hub_a.run("sync")
    assert ran.status == 1
    assert ran.out.startswith("1 up\n")
    assert "The remote 'bulk'" in ran.err
    hub_a.write("two.txt", "2")
    document = hub_a.run("sync", "--json").json()
    assert document["error"]["code"] == "remote-damaged"
    assert [one["path"] for one in document["done"]["up"]] == ["two.txt"]


@pytest.mark.parametrize("status", [500, 503])
def test_5_for_a_bucket_that_fails_at_every_try(outside: Hub, status: int) -> None:
    with _answering(status) as address:
        options = ("-o", f"endpoint=http://{address}", *ANONYMOUS)
        ran = outside.run("init", "s3://bucket/me", *options)
    assert ran.status == 5, ran
    assert "hint: " in ran.err
    assert not (outside / ".hubsync").exists()


def test_5_for_a_webdav_server_that_fails_at_every_try(outside: Hub) -> None:
    with _answering(503) as address:
        ran = outside.run("init", f"webdav+http://{address}/me")
    assert ran.status == 5, ran
    assert not (outside / ".hubsync").exists()


def test_5_for_refused_credentials(outside: Hub) -> None:
    with _answering(403) as address:
        ran = outside.run("init", "s3://b/me", "-o", f"endpoint=http://{address}", *ANONYMOUS)
    assert ran.status == 5, ran


def test_5_for_a_dead_port(outside: Hub) -> None:
    ran = outside.run("init", "s3://b/me", "-o", "endpoint=http://127.0.0.1:1", *ANONYMOUS)
    assert ran.status == 5, ran


def test_4_for_a_safety_stop(hub_a: Hub) -> None:
    (hub_a / "notes.md").unlink()
    (hub_a / "data/table.csv").unlink()
    ran = hub_a.run("sync")
    assert ran.status == 4, ran
    assert "--confirm-deletes" in ran.err
    hub_a.run("sync", "--confirm-deletes").ok()


def test_3_where_this_run_met_a_conflict_and_0_once_the_copy_is_synced(
    conflict: Hub, hub_a: Hub
) -> None:
    for command in ("sync", "push", "pull", "conflicts"):
        conflict.run(command).ok()
    hub_a.run("sync").ok()
    assert conflict.run("status").status == 3
    assert hub_a.run("status").status == 3
    conflict.run("resolve", "notes.md", "--keep", "mine").ok()
    assert conflict.run("status").ok()


def test_3_for_a_problem_that_is_left(hub_a: Hub) -> None:
    (hub_a / "loop").symlink_to("/etc/hostname")
    assert hub_a.run("sync").status == 3
    assert hub_a.run("status").status == 3


def test_1_for_what_failed(hub_a: Hub) -> None:
    assert hub_a.run("restore", "nothing.txt").status == 1


def test_130_for_an_interruption(hub_a: Hub, remote: Path) -> None:
    for number in range(2000):
        hub_a.write(f"many/{number}", str(number))
    with hub_a.start("sync", "-v") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Uploading"):
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    hub_a.run("sync").ok()
