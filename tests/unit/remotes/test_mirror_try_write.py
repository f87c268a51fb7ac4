"""What `doctor` finds out by writing something small."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.errors import AccessDenied, RemoteFormatError
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import ObjectInfo, Store
from tests.unit.remotes.faulty import Unconditional, WrappedStore
from tests.unit.remotes.hubs import on


class ReadOnly(WrappedStore):
    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        raise AccessDenied("The credentials allow no writing.")


class Pretending(WrappedStore):
    """Takes conditions and does not heed them."""

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        return self.inner.write(key, data)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    made = MemoryStore()
    on(made)(tmp_path / "first").connect(create=True)
    return made


@pytest.mark.parametrize("wrap", [WrappedStore, Unconditional])
def test_a_remote_that_can_be_written_to_is_left_as_it_was(
    tmp_path: Path, wrap: type[WrappedStore]
) -> None:
    inner = MemoryStore()
    remote = on(wrap(inner))(tmp_path)
    remote.connect(create=True)
    before = dict(inner._objects)
    remote.try_write()
    assert inner._objects == before


def test_credentials_that_only_read_are_found_out(store: Store, tmp_path: Path) -> None:
    remote = on(ReadOnly(store))(tmp_path)
    remote.connect(create=False)
    with pytest.raises(AccessDenied):
        remote.try_write()


def test_a_server_that_heeds_no_conditions_any_more_is_found_out(
    store: Store, tmp_path: Path
) -> None:
    remote = on(Pretending(store))(tmp_path)
    remote.connect(create=False)
    with pytest.raises(RemoteFormatError):
        remote.try_write()
