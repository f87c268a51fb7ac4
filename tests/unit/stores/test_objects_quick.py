"""Small objects over plain connections, and everything that sends them the ordinary way."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubsync.errors import ObjectNotFound, PreconditionFailed, Unreachable
from hubsync.stores import objects_exchange, objects_loop, objects_small
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_settings import settings_for
from hubsync.stores.objects_small import SmallObjects
from hubsync.stores.objects_threads import Result
from hubsync.stores.protocol import ABSENT, Download, Transferred, Upload

DATE = b"Thu, 01 Jan 2026 00:00:10 GMT"
TIME = 1767225610 * 10**9
PATIENCE = 20


class Asked:
    """One request that came in."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode().split("\r\n")
        self.method, self.target, _ = first.split(" ")
        self.key = self.target.partition("?")[0].removeprefix("/bucket/")
        self.fields = dict(line.lower().split(": ", 1) for line in lines)
        self.body = body
        self.quick = "X-Amz-Signature=" in self.target


Answer = Callable[[Asked], bytes | None]
"""What is sent for a request; None: the connection is closed instead."""


class Server:
    """Speaks just as much HTTP as the test wants. ``asked``: what came in, in order."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(came)
            threading.Thread(target=self._serve, args=(came,), daemon=True).start()

    def _serve(self, came: socket.socket) -> None:
        try:
            if self._context is not None:
                came = self._context.wrap_socket(came, server_side=True)
            self.connections += 1
            self._answer_all(came)
        except (OSError, ValueError):  # whoever asked has gone
            return
        finally:
            came.close()

    def _answer_all(self, came: socket.socket) -> None:
        held = b""
        while True:
            while b"\r\n\r\n" not in held:
                if not (more := came.recv(65536)):
                    return
                held += more
            head, _, held = held.partition(b"\r\n\r\n")
            length = int((re.search(rb"(?i)content-length: (\d+)", head) or [0, 0])[1])
            while len(held) < length:
                if not (more := came.recv(65536)):
                    return
                held += more
            asked = Asked(head, held[:length])
            held = held[length:]
            self.asked.append(asked)
            answer = self.answer(asked)
            if answer is None:
                return
            came.sendall(answer)
            if b"connection: close" in answer.partition(b"\r\n\r\n")[0].lower():
                return

    def hang_up(self) -> None:
        for came in self._open:
            came.close()

    def stop(self) -> None:
        with suppress(OSError):  # stopped already
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.hang_up()

    def ways(self) -> list[bool]:
        return [asked.quick for asked in self.asked]


def content(key: str) -> bytes:
    return f"<{key}>".encode() * 300


def tag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def reply(body: bytes, *fields: bytes, etag: str | None = None) -> bytes:
    lines = [
        b"HTTP/1.1 200 OK",
        b"ETag: " + (etag or tag(body)).encode(),
        b"Last-Modified: " + DATE,
        b"Content-Length: %d" % len(body),
        *fields,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def status(line: bytes) -> bytes:
    return b"HTTP/1.1 " + line + b"\r\nContent-Length: 0\r\n\r\n"


def plain(asked: Asked) -> bytes:
    if asked.method == "PUT":
        return reply(b"", etag=tag(asked.body))
    return reply(content(asked.key))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: Answer = plain, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(answer, context))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def client_of(server: Server, scheme: str = "http", **options: str) -> Client:
    options = {"endpoint": f"{scheme}://localhost:{server.port}", "region": "here", **options}
    env = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret"}
    return Client(settings_for("s3://bucket", options, env))


class Objects:
    """`SmallObjects` whose results can be waited for."""

    def __init__(self, client: Client) -> None:
        self._changed = threading.Condition()
        self._results: list[Result] = []
        self.small = SmallObjects(client, self._deliver)

    def _deliver(self, results: list[Result]) -> None:
        with self._changed:
            self._results += results
            self._changed.notify_all()

    def run(self, *jobs: Upload | Download) -> list[Transferred]:
        self.small.submit(enumerate(jobs))
        return [one for one in self.wait(len(jobs)) if isinstance(one, Transferred)]

    def wait(self, count: int) -> list[Transferred | BaseException | None]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._results) >= count, PATIENCE)
            results, self._results = sorted(self._results, key=lambda one: one[0]), []
        assert [number for number, _ in results] == list(range(count))
        return [outcome for _, outcome in results]


@pytest.fixture
def objects() -> Iterator[Callable[[Client], Objects]]:
    made: list[Objects] = []

    def make(client: Client) -> Objects:
        made.append(Objects(client))
        return made[-1]

    yield make
    for one in made:
        one.small.close()


Make = Callable[[Client], Objects]
Serve = Callable[..., Server]


def downloads(folder: Path, count: int) -> list[Download]:
    return [
        Download(f"k{number}", str(folder / f"k{number}"), len(content(f"k{number}")))
        for number in range(count)
    ]


def all_there(folder: Path, jobs: list[Download]) -> bool:
    return all((folder / job.key).read_bytes() == content(job.key) for job in jobs)


def test_small_objects_come_by_signed_urls_over_a_few_connections(
    serve: Serve, objects: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects_loop, "_FAR", 60.0)  # the server is near, however busy this machine
    server = serve()
    client = client_of(server)
    jobs = downloads(tmp_path, 200)
    done = objects(client).run(*jobs)
    assert [one.error for one in done] == [None] * 200
    assert {(one.identity, one.mtime) for one in done[:1]} == {(tag(content("k0")), TIME)}
    assert all_there(tmp_path, jobs)
    assert server.ways() == [True] * 200
    assert server.connections <= 8
    assert client.requests == {"get": 200}


def test_no_credential_and_no_token_is_in_a_request_but_by_its_signature(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve()
    objects(client_of(server)).run(*downloads(tmp_path, 3))
    assert all("a-secret" not in asked.target for asked in server.asked)


ODD_ANSWERS: dict[str, Answer] = {
    "chunked": lambda asked: (
        b'HTTP/1.1 200 OK\r\nETag: "a"\r\nLast-Modified: %b\r\nTransfer-Encoding: chunked\r\n\r\n'
        b"3\r\nabc\r\n0\r\n\r\n" % DATE
    ),
    "busy": lambda _: status(b"503 Slow Down"),
    "forbidden": lambda _: status(b"403 Forbidden"),
    "elsewhere": lambda _: status(b"307 Temporary Redirect"),
    "part": lambda asked: reply(content(asked.key)).replace(b"200 OK", b"206 Partial", 1),
    "broken off": lambda asked: reply(content(asked.key), b"Connection: close")[:-10],
    "another length": lambda asked: reply(content(asked.key) + b"more"),
    "no length": lambda asked: reply(content(asked.key)).replace(b"Content-Length", b"X-Length"),
    "two lengths": lambda asked: reply(content(asked.key), b"Content-Length: 5"),
    "no tag": lambda asked: reply(content(asked.key)).replace(b"ETag", b"X-Tag"),
    "no time": lambda asked: reply(content(asked.key)).replace(b"Last-Modified", b"X-Time"),
    "an odd time": lambda asked: reply(content(asked.key)).replace(DATE, b"yesterday"),
    "no date there is": lambda asked: reply(content(asked.key)).replace(b"01 Jan", b"31 Feb"),
    "an old protocol": lambda asked: reply(content(asked.key)).replace(b"1.1", b"1.0", 1),
    "no protocol": lambda _: b"what?\r\n\r\n",
    "a header without end": lambda _: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("odd", ODD_ANSWERS)
def test_what_is_no_plain_answer_is_asked_for_again_the_ordinary_way(
    serve: Serve, objects: Make, tmp_path: Path, odd: str
) -> None:
    server = serve(lambda asked: ODD_ANSWERS[odd](asked) if asked.quick else plain(asked))
    jobs = downloads(tmp_path, 40)
    done = objects(client_of(server)).run(*jobs)
    assert [one.error for one in done] == [None] * 40
    assert all_there(tmp_path, jobs)
    assert server.ways().count(False) == 40


def test_a_server_that_never_answers_plainly_is_soon_asked_the_ordinary_way_alone(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve(lambda asked: status(b"403 Forbidden") if asked.quick else plain(asked))
    objects(client_of(server)).run(*downloads(tmp_path, 300))
    assert server.ways().count(True) <= 11


def test_an_ordinary_answer_that_breaks_off_is_asked_for_again(
    serve: Serve, tmp_path: Path
) -> None:
    broken = iter([True, True, False, False])

    def answer(asked: Asked) -> bytes:
        whole = reply(content(asked.key), b"Connection: close")
        return whole[:-10] if next(broken) else whole

    server = serve(answer)
    data, info = client_of(server).get("k", size=len(content("k")))
    assert bytes(data) == content("k")
    assert info.size == len(content("k"))


def test_one_odd_answer_costs_one_request_more(serve: Serve, objects: Make, tmp_path: Path) -> None:
    server = serve(
        lambda asked: None if asked.quick and asked.key == "k7" else plain(asked),
    )
    jobs = downloads(tmp_path, 100)
    objects(client_of(server)).run(*jobs)
    assert all_there(tmp_path, jobs)
    assert server.ways().count(False) == 1


def test_a_server_that_closes_after_each_answer_is_asked_over_new_connections(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve(lambda asked: reply(content(asked.key), b"Connection: close"))
    jobs = downloads(tmp_path, 30)
    objects(client_of(server)).run(*jobs)
    assert all_there(tmp_path, jobs)
    assert server.ways() == [True] * 30
    assert server.connections == 30


def test_connections_that_were_closed_meanwhile_are_replaced(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve()
    fetching = objects(client_of(server))
    fetching.run(*downloads(tmp_path, 20))
    server.hang_up()
    time.sleep(0.1)
    (tmp_path / "again").mkdir()
    jobs = downloads(tmp_path / "again", 20)
    assert [one.error for one in fetching.run(*jobs)] == [None] * 20
    assert all_there(tmp_path / "again", jobs)


def test_a_body_that_comes_in_pieces_is_put_together(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    data = os.urandom(200_000)
    server = serve(lambda _: reply(data))
    (done,) = objects(client_of(server)).run(Download("k", str(tmp_path / "k"), len(data)))
    assert done.error is None
    assert (tmp_path / "k").read_bytes() == data
    assert server.ways() == [True]


def test_an_object_of_another_identity_is_refused(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve()
    job = Download("k", str(tmp_path / "k"), len(content("k")), identity='"another"')
    (done,) = objects(client_of(server)).run(job)
    assert isinstance(done.error, PreconditionFailed)
    assert not (tmp_path / "k").exists()


def test_an_object_that_is_gone_is_told_as_ever(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve(lambda _: status(b"404 Not Found"))
    (done,) = objects(client_of(server)).run(Download("k", str(tmp_path / "k"), 5))
    assert isinstance(done.error, ObjectNotFound)


def test_what_was_fetched_has_the_time_that_was_asked_for(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    job = Download("k", str(tmp_path / "k"), len(content("k")), mtime=1_234_567_890_123_456_789)
    objects(client_of(serve())).run(job)
    assert (tmp_path / "k").stat().st_mtime_ns == 1_234_567_890_123_456_789


def upload(folder: Path, key: str, expected: str | None) -> Upload:
    (folder / key).write_bytes(content(key))
    return Upload(key, str(folder / key), len(content(key)), expected)


@pytest.mark.parametrize(
    ("expected", "field"),
    [(None, None), (ABSENT, ("if-none-match", "*")), ('"old"', ("if-match", '"old"'))],
)
def test_an_upload_carries_its_condition_and_a_checksum(
    serve: Serve,
    objects: Make,
    tmp_path: Path,
    expected: str | None,
    field: tuple[str, str] | None,
) -> None:
    server = serve()
    (done,) = objects(client_of(server)).run(upload(tmp_path, "k", expected))
    (asked,) = server.asked
    assert done.error is None
    assert done.identity == tag(content("k"))
    assert asked.quick
    assert asked.body == content("k")
    md5 = base64.b64encode(hashlib.md5(content("k"), usedforsecurity=False).digest()).decode()
    assert asked.fields["content-md5"] == md5.lower()
    conditions = {name: one for name, one in asked.fields.items() if name.startswith("if-")}
    assert conditions == (dict([field]) if field else {})


def test_an_upload_whose_condition_is_refused_says_so(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve(
        lambda asked: (
            status(b"412 Precondition Failed") if asked.method == "PUT" else status(b"404 Not")
        )
    )
    (done,) = objects(client_of(server)).run(upload(tmp_path, "k", ABSENT))
    assert isinstance(done.error, PreconditionFailed)


def test_an_upload_whose_answer_was_lost_is_recognised_as_our_own(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    stored: dict[str, bytes] = {}

    def answer(asked: Asked) -> bytes | None:
        if asked.method == "PUT":
            if asked.key in stored:
                return status(b"412 Precondition Failed")
            stored[asked.key] = asked.body
            return None
        body = b"" if asked.method == "HEAD" else stored[asked.key]
        head = reply(stored[asked.key]).partition(b"\r\n\r\n")[0]
        return head + b"\r\n\r\n" + body

    server = serve(answer)
    (done,) = objects(client_of(server)).run(upload(tmp_path, "k", ABSENT))
    assert done.error is None
    assert done.identity == tag(content("k"))
    assert stored == {"k": content("k")}


def test_an_identity_from_a_hostile_index_puts_no_line_into_a_request(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve()
    objects(client_of(server)).run(upload(tmp_path, "k", '"a"\r\nx-evil: "1"'))
    assert not any("x-evil" in asked.fields for asked in server.asked)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_behind_a_proxy_objects_go_the_ordinary_way(
    serve: Serve, objects: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    server = serve()
    client = client_of(server)
    monkeypatch.setenv(name, "http://localhost:1")
    objects(client).run(*downloads(tmp_path, 1))
    assert True not in server.ways()


def test_what_a_signed_url_does_not_say_goes_the_ordinary_way(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve()
    objects(client_of(server, requester_pays="true")).run(*downloads(tmp_path, 2))
    assert server.ways() == [False, False]


def test_a_slow_disk_does_not_hold_up_the_requests(
    serve: Serve, objects: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, threads = objects_small.write_target, set()

    def slowly(*given: object) -> Transferred:
        threads.add(threading.current_thread().name)
        time.sleep(0.02)
        return write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(objects_small, "write_target", slowly)
    jobs = downloads(tmp_path, 60)
    done = objects(client_of(serve())).run(*jobs)
    assert [one.error for one in done] == [None] * 60
    assert all_there(tmp_path, jobs)
    assert threads > {"hubsync-loop"}


def test_what_has_not_begun_comes_back_and_nothing_is_heard_of_twice(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    going_on = threading.Event()

    def answer(asked: Asked) -> bytes:
        going_on.wait(PATIENCE)
        return plain(asked)

    server = serve(answer)
    fetching = objects(client_of(server))
    fetching.small.submit(enumerate(downloads(tmp_path, 100)))
    deadline = time.monotonic() + PATIENCE
    while not server.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    fetching.small.drop_pending()
    going_on.set()
    outcomes = fetching.wait(100)
    done = [one for one in outcomes if isinstance(one, Transferred)]
    assert 1 <= len(done) <= 8
    assert outcomes.count(None) == 100 - len(done)
    assert len(server.asked) == len(done)


def test_a_server_that_is_not_there_is_told_as_ever(
    serve: Serve, objects: Make, tmp_path: Path
) -> None:
    server = serve()
    client = client_of(server)
    server.stop()
    (done,) = objects(client).run(*downloads(tmp_path, 1))
    assert isinstance(done.error, Unreachable)


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context for ``localhost``, with its certificate in ``folder``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_it_is_the_same_over_tls(
    serve: Serve, objects: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(200_000)
    server = serve(
        lambda asked: reply(data) if asked.key == "large" else plain(asked), certificate(tmp_path)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.setattr(objects_exchange, "_context", None)
    fetching = objects(client_of(server, "https"))
    jobs = downloads(tmp_path, 100)
    done = fetching.run(*jobs, Download("large", str(tmp_path / "large"), len(data)))
    assert [one.error for one in done] == [None] * 101
    assert all_there(tmp_path, jobs)
    assert (tmp_path / "large").read_bytes() == data
    assert server.ways() == [True] * 101
    (tmp_path / "up").write_bytes(data)
    (sent,) = fetching.run(Upload("up", str(tmp_path / "up"), len(data), None))
    assert sent.error is None
    assert server.asked[-1].body == data
    assert server.asked[-1].quick


def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    serve: Serve, objects: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(plain, certificate(tmp_path))
    monkeypatch.setattr(objects_exchange, "_context", None)
    (done,) = objects(client_of(server, "https")).run(*downloads(tmp_path, 1))
    assert done.error is not None
    assert server.asked == []
