"""The contract of stores on object storage: S3 on moto and rclone, Google Cloud Storage, Azure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from hubsync.stores.objects import ObjectsStore, open_objects
from tests.contract.store_contract import StoreContract
from tests.servers import Server
from tests.servers.objects_servers import plain_rclone_s3


def opened(server: Server, **options: str) -> ObjectsStore:
    return open_objects(f"{server.url}/{uuid.uuid4().hex}", {**server.options, **options}, server.env)


class TestS3WithConditions(StoreContract):
    @pytest.fixture
    def store(self, s3_with_conditions: Server) -> Iterator[ObjectsStore]:
        store = opened(s3_with_conditions)
        yield store
        store.close()


@pytest.fixture(scope="module")
def s3_without_conditions() -> Iterator[Server]:
    with plain_rclone_s3() as server:
        yield server


class TestS3WithoutConditions(StoreContract):
    @pytest.fixture
    def store(self, s3_without_conditions: Server) -> Iterator[ObjectsStore]:
        store = opened(s3_without_conditions, conditional="false")
        yield store
        store.close()
