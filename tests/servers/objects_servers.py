"""Object storage for the tests that is not Amazon's: and rclone's S3 as fast as it goes."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.processes import Server, program, serving

ACCESS_KEY = "access-key-of-tests"
SECRET_KEY = "secret-key-of-tests"


@contextlib.contextmanager
def plain_rclone_s3(bucket: str = "bucket") -> Iterator[Server]:
    """`rclone serve s3` without a cache on disk, which serialises what is written at once.

    It ignores conditions. Writes that meet in a folder that is only being made may be answered by
    500, as a busy server would.
    """
    with tempfile.TemporaryDirectory(prefix="hubsync-s3-") as folder:
        (Path(folder) / bucket).mkdir()

        def command(port: int) -> list[str]:
            return [
                program("rclone"),
                "serve",
                "s3",
                folder,
                "--config=",
                f"--addr=127.0.0.1:{port}",
                f"--auth-key={ACCESS_KEY},{SECRET_KEY}",
            ]

        with serving(command) as port:
            yield Server(
                f"s3://{bucket}",
                port,
                {"endpoint": f"http://127.0.0.1:{port}", "region": "us-east-1"},
                {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
                folder,
            )
