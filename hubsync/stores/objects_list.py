"""Listing a bucket."""

from __future__ import annotations

from collections.abc import Iterator

import obstore
from obstore.exceptions import BaseError

from hubsync.errors import HubsyncError, ObjectNotFound, Unreachable
from hubsync.stores.objects_client import Client, identity_of, info_of
from hubsync.stores.objects_errors import provider_error
from hubsync.stores.protocol import ObjectInfo

_FAILURES = (BaseError, OSError, ValueError)


def every(client: Client, prefix: str) -> Iterator[list[ObjectInfo]]:
    """Every object whose key begins with ``prefix``."""
    folder = prefix.rpartition("/")[0]
    try:
        for chunk in obstore.list(client.reader, folder or None, chunk_size=1000):
            client.requests["list"] += 1
            yield [
                ObjectInfo(
                    meta["path"],
                    meta["size"],
                    identity_of(meta["e_tag"]),
                    round(meta["last_modified"].timestamp() * 1_000_000) * 1000,
                )
                for meta in chunk
                if meta["path"].startswith(prefix)
            ]
    except _FAILURES as error:
        raise listing_failed(client, error) from error


def level(client: Client, prefix: str) -> tuple[list[ObjectInfo], list[str]]:
    """The objects directly under ``prefix`` and the common prefixes of the deeper ones."""
    client.requests["list"] += 1
    try:
        found = obstore.list_with_delimiter(client.reader, prefix.rstrip("/") or None)
    except _FAILURES as error:
        raise listing_failed(client, error) from error
    objects = [info_of(meta) for meta in found["objects"] if meta["path"].startswith(prefix)]
    return objects, [f"{name}/" for name in found["common_prefixes"]]


def listing_failed(client: Client, error: BaseException) -> HubsyncError:
    """A listing that fails says something about the whole remote."""
    problem = client.failed(error, "the listing")
    if isinstance(problem, ObjectNotFound):
        return provider_error("", client.settings.bucket, status=404, code="NoSuchBucket")
    if problem.code == "busy":
        return Unreachable("the storage is not able to serve requests now", hint="try again later")
    return problem
