"""Listing an fsspec file system completely, or failing: folder by folder, several at once.

Not by fsspec's ``walk`` and ``find``, which by default leave out what they could not list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from hubsync.errors import ObjectNotFound
from hubsync.stores.fsspec_dialects import Info

WORKERS: Final = 6
HIDDEN: Final = ".hubsync/tmp/"
"""Writes on their way are no objects yet."""

Rows = list[tuple[str, Info]]
"""Names relative to the listed folder, with what the file system says of them."""


def walk(prefix: str, level: Callable[[str], Rows]) -> Iterator[Rows]:
    """Every file whose key begins with ``prefix``, as (key, info), one batch per folder.

    ``level(folder)`` lists one folder (``""`` or ending in ``/``) or raises; `ObjectNotFound` means
    that it is gone, which ends nothing: its parent was read a moment before.
    """
    folder, _, start = prefix.rpartition("/")
    first = f"{folder}/" if folder else ""
    executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="hubsync-list")
    try:
        ahead: dict[Future[Rows], str] = {executor.submit(level, first): first}
        while ahead:
            done, _ = wait(ahead, return_when=FIRST_COMPLETED)
            for future in done:
                here = ahead.pop(future)
                try:
                    rows = future.result()
                except ObjectNotFound:
                    continue
                if here == first and start:
                    rows = [row for row in rows if row[0].startswith(start)]
                for name, info in rows:
                    deeper = f"{here}{name}/"
                    if info["type"] == "directory" and deeper != HIDDEN:
                        ahead[executor.submit(level, deeper)] = deeper
                yield [(here + name, info) for name, info in rows if info["type"] != "directory"]
    finally:
        executor.shutdown(cancel_futures=True)
