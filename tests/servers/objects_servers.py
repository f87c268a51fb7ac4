"""Object storage for the tests beside moto: Google's, Azure's, and rclone's S3 at full speed."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.processes import Server, program, serving

ACCESS_KEY = "access-key-of-tests"
SECRET_KEY = "secret-key-of-tests"
TOKEN = "bearer-token-of-tests"
# Azurite's well-known account, the same on every machine.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


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


@contextlib.contextmanager
def strict_gcs(bucket: str = "bucket") -> Iterator[Server]:
    """Google Cloud Storage as `gcs_server` has it: every condition is enforced."""
    server = Path(__file__).with_name("gcs_server.py")

    def command(port: int) -> list[str]:
        return [sys.executable, str(server), str(port), bucket, TOKEN]

    with serving(command) as port:
        endpoint = f"http://127.0.0.1:{port}"
        yield Server(f"gs://{bucket}", port, {"endpoint": endpoint, "bearer_token": TOKEN}, {})


@contextlib.contextmanager
def azurite(container: str = "container") -> Iterator[Server]:
    """Azure Blob Storage as Azurite has it, with one container."""
    script = azurite_script()
    node = program("node")

    def command(port: int) -> list[str]:
        return [
            node,
            str(script),
            "--inMemoryPersistence",
            "--silent",
            "--disableTelemetry",
            "--skipApiVersionCheck",
            "--blobHost=127.0.0.1",
            f"--blobPort={port}",
        ]

    with serving(command) as port:
        env = {
            "AZURE_STORAGE_CONNECTION_STRING": (
                f"AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};"
                f"BlobEndpoint=http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
            )
        }
        _make_container(env["AZURE_STORAGE_CONNECTION_STRING"], container)
        yield Server(f"az://{container}", port, {}, env)


def _make_container(connection: str, container: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(connection) as service:
        service.create_container(container)


def azurite_script() -> Path:
    """Azurite's blob server, which the set-up of this environment installed from npm."""
    home = Path(sys.prefix) / "emulators" / "node_modules" / "azurite"
    script = home / "dist" / "src" / "blob" / "main.js"
    if not script.exists():
        raise FileNotFoundError(f"the tests need {script}; `make test` installs it")
    return script
