"""Where the remotes of these tests lie, and a look at them that hubsync has no part in."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tests.kill.hubs import everything
from tests.servers import Server
from tests.servers.moto import ACCESS_KEY, SECRET_KEY

METADATA = ".hubsync/"


class Place(Protocol):
    """An empty place for one remote."""

    @property
    def url(self) -> str: ...

    @property
    def options(self) -> list[str]:
        """What `init` and `clone` have to be told about it."""

    @property
    def environ(self) -> dict[str, str]: ...

    def objects(self) -> dict[str, bytes]:
        """Key to content of everything there, metadata included."""


def files(place: Place) -> dict[str, bytes]:
    """Key to content of what is not hubsync's own."""
    return {key: data for key, data in place.objects().items() if not key.startswith(METADATA)}


def contents(place: Place) -> set[bytes]:
    return set(place.objects().values())


@dataclass(frozen=True)
class Folder:
    """Written under the lease lock."""

    path: Path

    @property
    def options(self) -> list[str]:
        return []

    @property
    def url(self) -> str:
        return self.path.as_uri()

    @property
    def environ(self) -> dict[str, str]:
        return {}

    def objects(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes()
            for path in self.path.rglob("*")
            if path.is_file()
        }


@dataclass(frozen=True)
class Bucket:
    """A prefix of an S3 bucket. ``port``: through a proxy, if it is not the server's own."""

    server: Server
    prefix: str
    port: int = 0

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.prefix}"

    @property
    def options(self) -> list[str]:
        options = dict(self.server.options)
        if self.port:
            options["endpoint"] = f"http://127.0.0.1:{self.port}"
        return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]

    @property
    def environ(self) -> dict[str, str]:
        return dict(self.server.env)

    @property
    def bucket(self) -> str:
        return self.server.url.partition("://")[2]

    def client(self) -> Any:
        """Another tool's access to the same bucket."""
        return _client(self.server.options["endpoint"])

    def listed(self) -> Iterator[str]:
        for key, _ in self._tagged():
            yield key

    def objects(self) -> dict[str, bytes]:
        return {key: self._content(key, etag) for key, etag in self._tagged()}

    def _tagged(self) -> Iterator[tuple[str, str]]:
        """Keys and etags."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.prefix}/"
        )
        for page in pages:
            for found in page.get("Contents", []):
                yield found["Key"].removeprefix(f"{self.prefix}/"), found["ETag"].strip('"')

    def _content(self, key: str, etag: str) -> bytes:
        """What has the MD5 of a content that was read before is that content; the etag of an object
        in one part is its MD5, of others it is not."""
        if etag not in _read_before:
            content = self._read(key)
            if hashlib.md5(content).hexdigest() != etag:
                return content
            _read_before[etag] = content
        return _read_before[etag]

    def _read(self, key: str) -> bytes:
        """rclone's server answers 500 for a while for objects that were written side by side."""
        client = self.client()
        for _ in range(30):
            try:
                found = client.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{key}")
                return bytes(found["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] != "InternalError":
                    raise
                time.sleep(0.2)
        raise AssertionError(f"{key} cannot be read from the server")


_read_before: dict[str, bytes] = {}


@functools.cache
def _client(endpoint: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


__all__ = ["METADATA", "Bucket", "Folder", "Place", "contents", "everything", "files"]
