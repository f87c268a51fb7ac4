"""The listing: everything once, nothing of ``.hubsync/``, in few requests."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.errors import SafetyStop, Unreachable
from hubsync.model import Entry, Kind, Tree
from hubsync.remotes.mirror.listing import grouped, list_files, shape_of
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import StoreCapabilities
from tests.unit.remotes.faulty import WrappedStore


class Listed(WrappedStore):
    def __init__(self, keys: set[str], *, parallel: bool = True) -> None:
        store = MemoryStore()
        for key in keys:
            store.write(key, b"")
        super().__init__(store)
        self.asked: list[str] = []
        self._parallel = parallel

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(conditional=True, parallel_prefixes=self._parallel)

    def before(self, call: str, key: str) -> None:
        self.asked.append(key)


def tree_of(keys: set[str]) -> Tree:
    return Tree({key: Entry(Kind.FILE) for key in keys if not key.startswith(".hubsync/")})


def listed(store: WrappedStore, known: Tree) -> Counter[str]:
    with list_files(store, lambda: shape_of(known)) as batches:
        return Counter(info.key for batch in batches for info in batch)


names = st.text(st.sampled_from("ab.h/é"), min_size=1, max_size=6).filter(
    lambda name: all(part not in ("", ".", "..") for part in name.split("/"))
)


@given(st.sets(names, max_size=60), st.sets(names, max_size=60), st.booleans(), st.booleans())
def test_every_object_is_listed_once(
    keys: set[str], remembered: set[str], known: bool, parallel: bool
) -> None:
    own = {".hubsync/index/head", ".hubsync/versions/1"}
    beside = {".hub", ".hubsync2/a", ".hubs/b"}
    store = Listed(keys | own | beside, parallel=parallel)
    found = listed(store, tree_of(remembered if known else set()))
    assert found == Counter(keys | beside)


@pytest.mark.parametrize("known", [True, False])
def test_thousands_of_tiny_folders_are_few_requests(known: bool) -> None:
    keys = {f"{chr(97 + number % 26)}{number}/f" for number in range(3000)}
    keys |= {f".hubsync/versions/{number}" for number in range(50)} | {".config/x", "top"}
    store = Listed(keys)
    found = listed(store, tree_of(keys if known else set()))
    assert found == Counter(key for key in keys if not key.startswith(".hubsync/"))
    assert len(store.asked) <= 60
    assert not any(key.startswith(".hubsync") for key in store.asked)


def test_one_folder_that_holds_nearly_everything_is_listed_by_its_parts() -> None:
    keys = {f"data/{number % 10}/f{number}" for number in range(24_000)} | {"data/x", "a/b"}
    store = Listed(keys)
    assert listed(store, tree_of(keys)) == Counter(keys)
    assert {f"data/{number}/" for number in range(10)} <= set(store.asked)
    assert len(store.asked) == 13


def test_a_group_that_grew_unevenly_is_split_where_the_files_are() -> None:
    keys = {f"run{number:03}/{file}" for number in range(100) for file in range(500)}
    asked = grouped(sorted({key.split("/")[0] + "/" for key in keys}), shape_of(tree_of(keys)))
    assert 3 <= len(asked) <= 20


def failing(call: str, key: str, parallel: bool = True) -> Listed:
    class Failing(Listed):
        def before(self, asked: str, about: str) -> None:
            if (asked, about) == (call, key):
                raise Unreachable("The storage could not be reached.", "Check the network.")

    return Failing({f"{name}/f" for name in "abcdef"}, parallel=parallel)


@pytest.mark.parametrize("parallel", [True, False])
def test_a_listing_that_breaks_off_is_a_safety_stop(parallel: bool) -> None:
    with pytest.raises(SafetyStop, match="could not be reached") as caught:
        listed(failing("list", "c/", parallel), Tree())
    assert caught.value.code == "listing-incomplete"
    assert caught.value.hint.endswith("Check the network.")


@pytest.mark.parametrize("parallel", [True, False])
def test_a_listing_that_cannot_begin_is_a_remote_that_cannot_be_reached(parallel: bool) -> None:
    with pytest.raises(Unreachable):
        listed(failing("list_level", "", parallel), Tree())
