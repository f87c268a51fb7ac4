"""moto's S3 server, which enforces If-Match and If-None-Match; in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator, Mapping

from tests.servers.processes import Server, program, serving

ACCESS_KEY = "access-key-of-tests"
SECRET_KEY = "secret-key-of-tests"


@contextlib.contextmanager
def moto_s3(bucket: str = "bucket") -> Iterator[Server]:
    """An S3 server with one bucket."""
    with serving(
        lambda port: [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        env={"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
    ) as port:
        _make_bucket(port, bucket)
        yield Server(
            f"s3://{bucket}",
            port,
            {"endpoint": f"http://127.0.0.1:{port}", "region": "us-east-1"},
            {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
        )


def empty(server: Server) -> None:
    """All is forgotten but that there is the bucket."""
    _ask(server.port, "POST", "/moto-api/reset")
    _make_bucket(server.port, server.url.partition("://")[2])


def _make_bucket(port: int, bucket: str) -> None:
    _ask(port, "PUT", f"/{bucket}", {"Authorization": "AWS test:test"})


def _ask(port: int, method: str, path: str, headers: Mapping[str, str] | None = None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"moto answers {method} {path} with {answer.status}")
    finally:
        connection.close()
