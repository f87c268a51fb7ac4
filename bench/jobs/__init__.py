"""The jobs, by the name that ``--only`` takes."""

from __future__ import annotations

from collections.abc import Callable

from bench.jobs import git, jupyter, notebooks, planning, requests, starting, transfer, unchanged
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
    "git-first-10k": git.first_sync,
    "git-clone-10k": git.clone,
    "git-noop-100k": git.nothing,
    "git-edit-100k": git.one_edit,
    "notebooks": notebooks.notebooks,
    "plan": planning.planning,
    "start": starting.starting,
    "lab-save-git": jupyter.save_to_git,
    "lab-save-s3": jupyter.save_to_s3,
    "lab-idle-100k": jupyter.idle,
    "lab-start": jupyter.starting,
}
