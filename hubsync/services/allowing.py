"""Letting through what looks like a secret in one file, as a person decided."""

from __future__ import annotations

import os

from hubsync.errors import LocalError, UsageError
from hubsync.leaks import allowed
from hubsync.leaks.passages import LARGEST
from hubsync.leaks.search import search
from hubsync.local.layout import Layout
from hubsync.results import AllowedFinding


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


def allow(layout: Layout, path: str) -> list[AllowedFinding]:
    """Let through what is found in the file now; what comes to it later is held back again.

    Raises UsageError (no such file), ConfigError, LocalError.
    """
    full = os.path.join(layout.root, path)
    if os.path.islink(full) or not os.path.isfile(full):
        raise UsageError(
            f"{path} is no file of this workspace.",
            "Name the file that was held back; 'hubsync status' tells its path.",
            "no-such-file",
        )
    try:
        with open(full, "rb") as file:
            found = search(path, file.read(LARGEST + 1))
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
