"""The commits that a nested repository's own remotes have, brought here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubsync.errors import HubsyncError
from hubsync.nested import findings
from hubsync.nested.addresses import for_libgit2, is_safe
from hubsync.nested.bundle import File, missing
from hubsync.nested.findings import Untold
from hubsync.nested.state import State
from hubsync.remotes.git.credentials import Finder
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Transport


def fetch_all(repository: Any, state: State, env: Mapping[str, str]) -> str:
    """Every branch of every remote; why one of them could not be fetched, or ``""``."""
    why = ""
    for remote in repository.remotes:
        if remote.name not in state.remotes or not is_safe(remote.url):
            continue
        place = GitPlace(for_libgit2(remote.url))
        transport = Transport(repository, place, Finder(place.host, env))
        try:
            transport.fetch("*", f"refs/remotes/{remote.name}/*")
        except HubsyncError as error:
            why = error.message
    return why


def complete(path: str, repository: Any, file: File, env: Mapping[str, str]) -> None:
    """Fetch if the capture needs commits that are not here. Raises Untold if they stay away."""
    if missing(repository, file):
        why = fetch_all(repository, file.capture.state, env)
        refuse_incomplete(path, repository, file, why)


def refuse_incomplete(path: str, repository: Any, file: File, why: str) -> None:
    """Raises Untold if commits that the capture needs are not here; ``why``: what was said."""
    if missing(repository, file):
        urls = list(file.capture.state.remotes.values())
        raise Untold(findings.missing_commits(path, urls, why))
