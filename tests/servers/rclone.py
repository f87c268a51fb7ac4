"""`rclone serve` over a temporary folder: S3 (conditions are not enforced), WebDAV and SFTP."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.processes import Server, program, serving

USER = "someone"
PASSWORD = "correct-horse-battery"
ACCESS_KEY = "access-key-of-tests"
SECRET_KEY = "secret-key-of-tests"


@contextlib.contextmanager
def _rclone(kind: str, *arguments: str) -> Iterator[tuple[int, str]]:
    with tempfile.TemporaryDirectory(prefix=f"hubsync-{kind}-") as folder:

        def command(port: int) -> list[str]:
            return [
                program("rclone"),
                "serve",
                kind,
                folder,
                "--config=",
                f"--addr=127.0.0.1:{port}",
                # Everything is on disk when a request is answered.
                f"--vfs-cache-mode={'full' if kind == 's3' else 'off'}",
                "--vfs-write-back=0s",
                *arguments,
            ]

        with serving(command) as port:
            yield port, folder


@contextlib.contextmanager
def rclone_s3(bucket: str = "bucket") -> Iterator[Server]:
    """An S3 server with one bucket; If-Match and If-None-Match are ignored by it."""
    with _rclone("s3", f"--auth-key={ACCESS_KEY},{SECRET_KEY}") as (port, folder):
        (Path(folder) / bucket).mkdir()
        endpoint = f"http://127.0.0.1:{port}"
        yield Server(
            f"s3://{bucket}",
            port,
            {"endpoint": endpoint, "region": "us-east-1"},
            {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
            folder,
        )


@contextlib.contextmanager
def rclone_webdav() -> Iterator[Server]:
    with _rclone("webdav", f"--user={USER}", f"--pass={PASSWORD}") as (port, folder):
        yield Server(
            f"webdav+http://127.0.0.1:{port}/",
            port,
            {"user": USER},
            {"HUBSYNC_PASSWORD": PASSWORD},
            folder,
        )


@contextlib.contextmanager
def rclone_sftp() -> Iterator[Server]:
    with _rclone("sftp", f"--user={USER}", f"--pass={PASSWORD}") as (port, folder):
        yield Server(
            f"sftp://{USER}@127.0.0.1:{port}/",
            port,
            {},
            {"HUBSYNC_PASSWORD": PASSWORD},
            folder,
        )
