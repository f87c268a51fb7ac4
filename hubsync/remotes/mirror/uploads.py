"""Which uploads in parts this workspace has begun: what a killed one leaves in the storage costs
its owner money and shows in no listing, and only its token tells it from another hub's.

An append-only file in the workspace's private state, a line of JSON for each. Losing it loses
nothing but time: the sweep by age finds the same uploads later.
"""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Final

import msgspec

_record: Final = msgspec.json.Decoder(tuple[str, str, str])


class UploadNotes:
    """The notes in the directory ``scratch``, for the mirror ``remote_id``."""

    def __init__(self, scratch: str, remote_id: str) -> None:
        self._path = os.path.join(scratch, "uploads")
        self._remote_id = remote_id
        self._lock = threading.Lock()

    def add(self, key: str, token: str) -> None:
        """From any thread."""
        line = msgspec.json.encode((self._remote_id, key, token)) + b"\n"
        with self._lock:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def all(self) -> list[tuple[str, str]]:
        """Keys and tokens, each once; those of other mirrors and torn lines are left out."""
        try:
            with open(self._path, "rb") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        found: dict[tuple[str, str], None] = {}
        for line in lines:
            with contextlib.suppress(msgspec.DecodeError):
                remote_id, key, token = _record.decode(line)
                if remote_id == self._remote_id:
                    found[(key, token)] = None
        return list(found)

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
