"""The contract of remotes on mirrors: in memory, in a folder, and on S3 servers."""

from __future__ import annotations

import random
import time
import uuid
from pathlib import Path

import pytest

from hubsync.remotes.mirror import MirrorRemote
from hubsync.remotes.protocol import Remote
from hubsync.stores.folder import FolderStore
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import Store
from hubsync.stores.registry import open_store
from tests.contract.remote_contract import OpenRemote, RemoteContract
from tests.servers import Server


def on(store: Store, seed: int = 7) -> OpenRemote:
    """Hubs that share one store object, or open their own through it."""
    rng = random.Random(seed)

    def place(scratch: Path) -> Remote:
        return MirrorRemote(store, str(scratch), owner="hub", clock=time.time_ns, rng=rng)

    return place


class TestMemory(RemoteContract):
    @pytest.fixture
    def place(self) -> OpenRemote:
        return on(MemoryStore())


class TestFolder(RemoteContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> OpenRemote:
        return on(FolderStore(str(tmp_path / "remote")))


class TestS3WithConditions(RemoteContract):
    @pytest.fixture
    def place(self, s3_with_conditions: Server) -> OpenRemote:
        server = s3_with_conditions
        return on(open_store(f"{server.url}/{uuid.uuid4().hex}", server.options, server.env))


class TestS3WithoutConditions(RemoteContract):
    """The server takes the conditions and ignores them: the lease lock has to do."""

    @pytest.fixture
    def place(self, s3_for_throughput: Server) -> OpenRemote:
        server = s3_for_throughput
        return on(open_store(f"{server.url}/{uuid.uuid4().hex}", server.options, server.env))
