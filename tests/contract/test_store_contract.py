"""The contract of stores on memory, a folder, and fsspec's memory, SFTP and WebDAV."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hubsync.stores.folder import FolderStore
from hubsync.stores.fsspec_places import open_fsspec
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import Store
from hubsync.stores.registry import open_store
from tests.contract.store_contract import StoreContract
from tests.servers import Server


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestFolder(StoreContract):
    ODD_NAMES: ClassVar = (*StoreContract.ODD_NAMES, "new\nline", "tab\t", "\udcff not utf-8")

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return FolderStore(str(tmp_path / "remote" / "folder"))


class TestFsspecMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return open_fsspec(f"memory://{uuid.uuid4().hex}", {}, {}, "for the test")


class TestSftp(StoreContract):
    MANY: ClassVar = 600  # one server process writes each of them to disk

    @pytest.fixture
    def store(self, sftp: Server) -> Iterator[Store]:
        store = open_store(f"{sftp.url}{uuid.uuid4().hex}", sftp.options, sftp.env)
        yield store
        store.close()


class TestWebdav(StoreContract):
    MANY: ClassVar = 600

    @pytest.fixture
    def store(self, webdav: Server) -> Iterator[Store]:
        store = open_store(f"{webdav.url}{uuid.uuid4().hex}", webdav.options, webdav.env)
        yield store
        store.close()


class TestS3fs(StoreContract):
    """An option that obstore lacks brings s3fs in."""

    MANY: ClassVar = 120  # this server takes milliseconds for each request

    @pytest.fixture
    def store(self, s3_with_conditions: Server) -> Iterator[Store]:
        url = f"{s3_with_conditions.url}/{uuid.uuid4().hex}"
        options = {**s3_with_conditions.options, "default_fill_cache": "false"}
        store = open_store(url, options, s3_with_conditions.env)
        assert "s3fs" in store.description
        yield store
        store.close()
