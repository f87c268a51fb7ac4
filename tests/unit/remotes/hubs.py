"""Hubs on mirrors in memory, and what a hub does until it has what it wants."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path

from hubsync.model import Kind
from hubsync.remotes.mirror import MirrorRemote
from hubsync.remotes.protocol import Change, Record
from hubsync.stores.protocol import Store, Upload
from tests.contract.remote_contract import Hub, OpenRemote

NOW = 1_800_000_000_000_000_000


def on(store: Store, seed: int = 1) -> OpenRemote:
    rng = random.Random(seed)

    def place(scratch: Path) -> MirrorRemote:
        return MirrorRemote(store, str(scratch), owner="hub", clock=time.time_ns, rng=rng)

    return place


def other_tool(store: Store, path: str, data: bytes | None) -> None:
    """What somebody does to the bucket with another program."""
    if data is None:
        store.delete(path)
    else:
        job = Upload(path, "", len(data), None, data=data)
        assert all(one.error is None for one in store.upload([job], lambda _: None))


def contents(hub: Hub) -> dict[str, bytes]:
    """Every file that the hub sees, read."""
    return {path: hub.content(path) for path, entry in hub.tree.items() if entry.kind is Kind.FILE}


def converge(hub: Hub, wanted: Mapping[str, bytes], rounds: int = 20) -> int:
    """Sync until the remote holds exactly ``wanted``; how many uploads were asked for."""
    uploads = 0
    for _ in range(rounds):
        hub.look()
        changes: list[Change] = []
        for path, entry in hub.tree.items():
            if path not in wanted:
                changes.append(hub.remove(path))
            elif entry.digest is None:
                fetched = hub.fetch(path)[path]
                if not fetched.moved and Path(fetched.source).read_bytes() == wanted[path]:
                    changes.append(Record(path, fetched.entry))
                else:
                    changes.append(hub.put(path, wanted[path]))
            else:
                put = hub.put(path, wanted[path])
                if put.entry.digest != entry.digest:
                    changes.append(put)
        changes += [hub.put(path, data) for path, data in wanted.items() if path not in hub.tree]
        assert hub.seen is not None
        if not changes and not hub.seen.unrecorded:
            return uploads
        published = hub.publish_all(changes)
        uploads += published.transferred > 0
    raise AssertionError("does not come to rest")


__all__ = ["NOW", "Hub", "contents", "converge", "on", "other_tool"]
