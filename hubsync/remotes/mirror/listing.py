"""Listing everything that lies under a mirror, several prefixes at a time where that is faster.

``.hubsync/`` is left out by not asking for it: the versions kept there may outnumber the files.
One request per top directory would be thousands where there are thousands of tiny ones, so
neighbours are asked for by the beginning that they share (``a``, ``b``, …), and a directory that
holds nearly everything is split once more.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final, Protocol, runtime_checkable

import msgspec
from blake3 import blake3
from msgspec import Struct

from hubsync.core.figures import counted
from hubsync.errors import HubsyncError, RemoteUnavailable, SafetyStop, StoreError
from hubsync.model import Tree
from hubsync.remotes.mirror import layout
from hubsync.stores.protocol import Level, ObjectInfo, Store, Vouched

_LISTERS: Final = 16
_SPLIT_ABOVE: Final = 20_000
"""A directory with more files than this, and more than a quarter of all, is listed by its parts."""
_GROUPS: Final = 16
"""How many requests at once are aimed at where nothing is known about the prefixes."""
_MANY: Final = 10_000
"""From so many known files on, a listing is a long one."""
_FEW: Final = 64
"""So many prefixes are asked for one by one, whatever they hold."""


@runtime_checkable
class ListsAround(Protocol):
    """A store that can leave a folder out of one listing of everything."""

    def list_around(self, hidden: str) -> Iterator[list[ObjectInfo]] | None:
        """As `Store.list` of everything but ``hidden`` (which ends in ``/``); None: it cannot."""


@runtime_checkable
class ListsMany(Protocol):
    """A store that has another way for listings so long that each object of them counts."""

    def list_many(
        self, prefix: str = "", vouched: Vouched | None = None
    ) -> Iterator[list[ObjectInfo]]:
        """As `Store.list`."""


class Shape(Struct, frozen=True, array_like=True):
    """How many known files lie below each directory of the first two levels (keys end in ``/``)."""

    below: dict[str, int]
    total: int


def shape_of(tree: Tree) -> Shape:
    """One pass over the paths; about 30 ms for 100,000."""
    tops: Counter[str] = Counter([path[: path.find("/") + 1] for path in tree])
    below: dict[str, int] = dict(tops)
    total = len(tree)
    for top, count in tops.items():
        if top and _is_big(count, total):
            start = len(top)
            inner = Counter(
                [path[: path.find("/", start) + 1] for path in tree if path.startswith(top)]
            )
            below.update({prefix: files for prefix, files in inner.items() if prefix})
    return Shape(below, total)


class Naming:
    """Names a whole listing: two of the same name showed the same objects, in the same order within
    each prefix. ``shape``: by which it was asked for. ``doubtful``: some of it has no name, such as
    an object of which the store asked what it is."""

    def __init__(self) -> None:
        self._parts: dict[str, Any] = {}
        self.shape = Shape({}, 0)
        self.doubtful = False

    def take(self, prefix: str, batch: list[ObjectInfo]) -> None:
        """The next objects below ``prefix``. From any thread, of each prefix by one at a time."""
        part = self._parts.get(prefix)
        if part is None:
            part = self._parts.setdefault(prefix, blake3())
        try:
            part.update(msgspec.msgpack.encode(batch))
        except UnicodeEncodeError:  # a name that is no text
            self.doubtful = True

    def vouching(self, vouched: Vouched | None) -> Vouched:
        def heard(info: ObjectInfo) -> bool:
            self.doubtful = True
            return vouched is not None and vouched(info)

        return heard

    def name(self) -> bytes:
        whole = blake3()
        for prefix, part in sorted(self._parts.items()):
            key = prefix.encode("utf-8", "surrogateescape")  # of any name that a folder may have
            whole.update(len(key).to_bytes(4, "big") + key + part.digest())
        return whole.digest()


def _is_big(count: int, total: int) -> bool:
    return count > _SPLIT_ABOVE and count * 4 > total


@contextlib.contextmanager
def list_files(
    store: Store,
    shape: Callable[[], Shape],
    vouched: Vouched | None = None,
    naming: Naming | None = None,
) -> Iterator[Iterator[list[ObjectInfo]]]:
    """Every object outside ``.hubsync/``, in batches; ``shape``: of what is known.

    The listing goes on in the background from the moment the context is entered. One that breaks
    off after it has begun raises SafetyStop (rule 9); before that, what the store raises.
    """
    arrived: SimpleQueue[list[ObjectInfo] | BaseException | None] = SimpleQueue()
    stop = threading.Event()

    def run() -> None:
        try:
            for batch in _batches(store, shape, vouched, naming or Naming()):
                if stop.is_set():
                    return
                arrived.put(batch)
        except BaseException as error:  # handed to the consumer, which raises it
            arrived.put(error)
        else:
            arrived.put(None)

    thread = threading.Thread(target=run, name="hubsync-listing", daemon=True)
    thread.start()
    try:
        yield _taken(arrived)
    finally:
        stop.set()
        thread.join()


def _taken(
    arrived: SimpleQueue[list[ObjectInfo] | BaseException | None],
) -> Iterator[list[ObjectInfo]]:
    begun, seen = False, 0
    while (batch := arrived.get()) is not None:
        if isinstance(batch, RemoteUnavailable | StoreError) and begun:
            raise _broke_off(seen, batch) from batch
        if isinstance(batch, BaseException):
            raise batch
        begun, seen = True, seen + len(batch)
        yield batch


def _broke_off(seen: int, error: HubsyncError) -> SafetyStop:
    return SafetyStop(
        f"The listing of the remote broke off after {counted(seen, 'object')}: {error.message}",
        "What was not listed would look deleted, so nothing is done with it. Run the command again;"
        f" no option goes past this. {error.hint}".rstrip(),
        "listing-incomplete",
    )


def _batches(
    store: Store, shaped: Callable[[], Shape], vouched: Vouched | None, naming: Naming
) -> Iterator[list[ObjectInfo]]:
    vouched = naming.vouching(vouched)
    with ThreadPoolExecutor(_LISTERS if store.capabilities.parallel_prefixes else 1) as pool:
        first = pool.submit(store.list_level, "", vouched)
        if not store.capabilities.parallel_prefixes:
            around = store.list_around(layout.METADATA) if isinstance(store, ListsAround) else None
            everything = _one_by_one(store, first.result(), vouched) if around is None else around
            for batch in everything:
                naming.take("", batch)
                yield batch
            return
        shape = naming.shape = shaped()
        objects, deeper = first.result()
        top = _outside(objects)
        naming.take("", top)
        yield top
        prefixes = [one for one in deeper if one != layout.METADATA]
        big = [one for one in prefixes if _is_big(shape.below.get(one, 0), shape.total)]
        asked = grouped([one for one in prefixes if one not in big], shape)
        levels = pool.map(lambda prefix: store.list_level(prefix, vouched), big)
        for prefix, (objects, deeper) in zip(big, levels, strict=True):
            naming.take(prefix, objects)
            yield objects
            asked += grouped(deeper, shape)
        listed = store.list
        if shape.total >= _MANY and isinstance(store, ListsMany):
            listed = store.list_many
        yield from _all_of(pool, asked, lambda prefix: listed(prefix, vouched), naming)


def _one_by_one(store: Store, top: Level, vouched: Vouched | None) -> Iterator[list[ObjectInfo]]:
    objects, deeper = top
    yield _outside(objects)
    for prefix in deeper:
        if prefix != layout.METADATA:
            yield from store.list(prefix, vouched)


def _outside(objects: list[ObjectInfo]) -> list[ObjectInfo]:
    return [one for one in objects if not one.key.startswith(layout.METADATA)]


def grouped(prefixes: list[str], shape: Shape) -> list[tuple[str, int]]:
    """Prefixes to list, each with the depth (number of ``/``) below which its keys count.

    Every given prefix is covered by exactly one of them. A shared beginning also meets the files
    beside the directories, which were seen already: the depth leaves these out.
    """
    depth = prefixes[0].count("/") if prefixes else 0
    if len(prefixes) <= _FEW:
        return [(one, depth) for one in prefixes]
    parent = prefixes[0][: prefixes[0].rstrip("/").rfind("/") + 1]
    if shape.total:
        sizes = {one: shape.below.get(one, 0) for one in prefixes}
    else:
        sizes = dict.fromkeys(prefixes, _GROUPS * _SPLIT_ABOVE // len(prefixes))
    return [(start, depth) for start in _covering(prefixes, parent, sizes)]


def _covering(members: list[str], start: str, sizes: dict[str, int]) -> Iterator[str]:
    """Beginnings that cover ``members``, which all begin with ``start``, and not ``.hubsync/``."""
    if len(members) == 1:
        yield members[0]
        return
    files = sum(sizes[one] for one in members)
    if files <= _SPLIT_ABOVE and not layout.METADATA.startswith(start):
        yield start
        return
    longer: dict[str, list[str]] = {}
    for one in members:
        longer.setdefault(one[: len(start) + 1], []).append(one)
    for beginning, some in longer.items():
        yield from _covering(some, beginning, sizes)


def _all_of(
    pool: ThreadPoolExecutor,
    asked: Iterable[tuple[str, int]],
    listed: Callable[[str], Iterator[list[ObjectInfo]]],
    naming: Naming,
) -> Iterator[list[ObjectInfo]]:
    """Batches as they come in from all listings at once."""
    arrived: SimpleQueue[list[ObjectInfo] | BaseException | None] = SimpleQueue()

    def run(prefix: str, depth: int) -> None:
        try:
            for batch in listed(prefix):
                if not prefix.endswith("/"):
                    batch = [one for one in batch if one.key.count("/") >= depth]
                naming.take(prefix, batch)
                arrived.put(batch)
        except BaseException as error:  # handed to the consumer, which raises it
            arrived.put(error)
        else:
            arrived.put(None)

    running: list[Future[None]] = [pool.submit(run, prefix, depth) for prefix, depth in asked]
    left = len(running)
    try:
        while left:
            batch = arrived.get()
            if isinstance(batch, BaseException):
                raise batch
            if batch is None:
                left -= 1
            else:
                yield batch
    finally:
        for future in running:
            future.cancel()
