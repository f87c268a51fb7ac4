"""Run in a process of its own: scan a folder and plan, and say how long and how much memory.

``python -m bench.jobs.planning_child first|again FOLDER`` prints one JSON document.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time

from msgspec.structs import replace

from hubsync.core.ignore import IgnoreRules
from hubsync.core.policy import Policy
from hubsync.core.reconcile import reconcile
from hubsync.local.scan import scan
from hubsync.model import Entry, Kind, Tree


def main(kind: str, folder: str) -> None:
    gc.set_threshold(200_000, 50, 1000)  # as the command does
    rules = IgnoreRules.builtin()
    before = _peak()
    base = Tree()
    if kind == "again":
        base = Tree({path: _read(entry) for path, entry in scan(folder, base, rules).tree.items()})
    began = time.perf_counter()
    found = scan(folder, base, rules)
    plan = reconcile(base, found.tree, base, Policy())
    seconds = time.perf_counter() - began
    planned = len(plan.carries)
    print(
        json.dumps(
            {
                "files": found.files,
                "planned": planned,
                "seconds": seconds,
                "bytes": _peak() - before,
            }
        )
    )


def _read(entry: Entry) -> Entry:
    """As if the file had been read: every digest is its own object, as in a loaded state."""
    return replace(entry, digest=bytes(32)) if entry.kind is Kind.FILE else entry


def _peak() -> int:
    """The largest resident size so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
