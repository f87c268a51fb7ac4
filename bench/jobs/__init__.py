"""The jobs, by the name that ``--only`` takes."""

from __future__ import annotations

from collections.abc import Callable

from bench.jobs import notebooks, planning, requests, starting, transfer, unchanged
from bench.place import Place
from bench.results import Finding

Job = Callable[[Place, int], Finding]

JOBS: dict[str, Job] = {
    "push-10k": transfer.push_small,
    "clone-10k": transfer.clone_small,
    "noop-100k": unchanged.nothing_s3,
    "noop-100k-exclusive": unchanged.nothing_s3_exclusive,
    "edit-100k": unchanged.one_edit,
    "folder-100k": unchanged.nothing_folder,
    "requests": requests.counted,
    "up-1g": transfer.push_large,
    "down-1g": transfer.clone_large,
    "notebooks": notebooks.notebooks,
    "plan": planning.planning,
    "start": starting.starting,
}
