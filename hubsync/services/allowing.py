"""Letting through what looks like a secret in one file, as a person decided."""

from __future__ import annotations

import os

from hubsync.errors import LocalError, UsageError
from hubsync.leaks import allowed
from hubsync.leaks.leak import Leak
from hubsync.leaks.passages import LARGEST
from hubsync.leaks.search import search
from hubsync.links import Links
from hubsync.local.layout import Layout
from hubsync.remotes.protocol import TakesCommits
from hubsync.remotes.urls import names_git
from hubsync.results import AllowedFinding

_Finding = tuple[Leak, bytes]
"""With the digest by which it is known again."""


def place(layout: Layout) -> str:
    """The file that remembers it."""
    return os.path.join(layout.metadata, allowed.FILE_NAME)


def refuse_in_message(message: str) -> None:
    """What is said of a sync stands in the history for good. Raises UsageError."""
    found = search("message", message.encode()) if message else []
    if found:
        raise UsageError(
            f"The message holds what looks like a secret: {found[0][0].kind}.",
            "Everybody who reads the history would see it: leave it out.",
            "secret-in-message",
        )


def allow(links: Links, path: str) -> list[AllowedFinding]:
    """Let through what is found in the file now, and in commits of it that are yet to be pushed;
    what comes to it later is held back again.

    Raises UsageError (no such file), ConfigError, LocalError.
    """
    layout = links.layout
    full = os.path.join(layout.root, path)
    committed = _committed(links, path)
    is_file = os.path.isfile(full) and not os.path.islink(full)
    if not (is_file or committed):
        raise UsageError(
            f"{path} is no file of this workspace.",
            "Name the file that was held back; 'hubsync status' tells its path.",
            "no-such-file",
        )
    try:
        found = _searched(full, path) if is_file else []
        seen = {(leak.kind, digest) for leak, digest in found}
        found += [one for one in committed if (one[0].kind, one[1]) not in seen]
        if found:
            known = allowed.load(place(layout))
            allowed.save(place(layout), known.with_all(found))
    except OSError as error:
        raise LocalError(
            f"{path} cannot be let through: {error.strerror}.",
            "Check that the file can be read and that the disk can be written to.",
        ) from error
    return [
        AllowedFinding(leak.path, leak.line, leak.kind, leak.cell, leak.output) for leak, _ in found
    ]


def _searched(full: str, path: str) -> list[_Finding]:
    with open(full, "rb") as file:
        return search(path, file.read(LARGEST + 1))


def _committed(links: Links, path: str) -> list[_Finding]:
    """What a person's own commits would publish with the next sync, each once: it may be gone from
    the file, and the file from the disk."""
    found: dict[tuple[str, bytes], _Finding] = {}
    git = [one.name for one in links.settings.remote if names_git(one.url)]
    for remote in map(links.remote, git):
        if isinstance(remote, TakesCommits):
            for data, before in remote.outgoing(path):
                for leak, digest in search(path, data, *before):
                    found.setdefault((leak.kind, digest), (leak, digest))
    return list(found.values())
