"""The contract of stores on object storage: S3 on moto and rclone, Google Cloud Storage, Azure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import ClassVar

import pytest

from hubsync.errors import NameRefused
from hubsync.stores.objects import ObjectsStore, open_objects
from tests.contract.store_contract import StoreContract
from tests.servers import Server
from tests.servers.objects_servers import azurite, plain_rclone_s3, strict_gcs


def opened(server: Server, **options: str) -> ObjectsStore:
    return open_objects(
        f"{server.url}/{uuid.uuid4().hex}", {**server.options, **options}, server.env
    )


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


@pytest.fixture(scope="module")
def gcs() -> Iterator[Server]:
    with strict_gcs() as server:
        yield server


class TestGoogle(StoreContract):
    @pytest.fixture
    def store(self, gcs: Server) -> Iterator[ObjectsStore]:
        store = opened(gcs)
        yield store
        store.close()


@pytest.fixture(scope="module")
def azure() -> Iterator[Server]:
    with azurite() as server:
        yield server


class TestAzure(StoreContract):
    # Azure takes a backslash for a slash, so that the store has to refuse it.
    ODD_NAMES: ClassVar = tuple(name for name in StoreContract.ODD_NAMES if "\\" not in name)

    def test_a_backslash_is_refused(self, store: ObjectsStore) -> None:
        with pytest.raises(NameRefused):
            store.write("back\\slash", b"x")
        assert list(store.list()) == []

    @pytest.fixture
    def store(self, azure: Server) -> Iterator[ObjectsStore]:
        store = opened(azure)
        yield store
        store.close()
