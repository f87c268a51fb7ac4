"""What a helper process and its parent say to one another: msgpack in frames with a length.

To the helper: one `Hello`, then lists of `Task`; an empty list means: begin nothing more.
From the helper: one empty `Report` when it is ready, then one for whatever has ended meanwhile.
Paths travel as bytes, because a file name need not be UTF-8.
"""

from __future__ import annotations

import os
from typing import Final

import msgspec
from msgspec import Struct

from hubsync import errors
from hubsync.errors import HubsyncError, StoreError
from hubsync.stores.objects_environment import Config
from hubsync.stores.objects_settings import Settings
from hubsync.stores.protocol import Download, Transferred, Upload

HEADER: Final = 4


class Hello(Struct, frozen=True, array_like=True):
    """Everything that the helper needs to know. Goes through the pipe alone, never to argv or the
    environment, where other processes could see the credentials."""

    provider: str
    bucket: str
    prefix: str
    config: Config
    client: Config
    conditional: bool

    def settings(self) -> Settings:
        return Settings(
            provider=self.provider,
            bucket=self.bucket,
            prefix=self.prefix,
            config=self.config,
            client=self.client,
            conditional=self.conditional,
        )

    def __repr__(self) -> str:
        return "Hello()"


class Task(Struct, frozen=True, array_like=True):
    """One job. ``path`` is the source of an upload or the target of a download."""

    number: int
    up: bool
    key: str
    path: bytes
    size: int | None
    digest: bytes | None
    expected: str | None
    signature: tuple[int, int, int, int] | None
    data: bytes | None
    mtime: int | None = None
    announce: str = ""


class Ended(Struct, frozen=True, array_like=True):
    """How one job ended. ``error`` is class, message, hint, code; ``dropped``: it never began."""

    number: int
    identity: str = ""
    digest: bytes | None = None
    size: int = 0
    mtime: int = 0
    signature: tuple[int, int, int, int] | None = None
    error: tuple[str, str, str, str] | None = None
    dropped: bool = False


class Report(Struct, frozen=True, array_like=True):
    """Jobs that ended, and the requests made since the last report."""

    ended: list[Ended] = []
    requests: dict[str, int] = {}


def framed(message: object) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(HEADER, "big") + body


class Frames:
    """Cuts a byte stream into the frames' bodies."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        held = self._held
        held += data
        found: list[bytes] = []
        start = 0
        while len(held) - start >= HEADER:
            length = int.from_bytes(held[start : start + HEADER], "big")
            end = start + HEADER + length
            if len(held) < end:
                break
            found.append(bytes(held[start + HEADER : end]))
            start = end
        del held[:start]
        return found


def task_of(number: int, job: Upload | Download) -> Task:
    if isinstance(job, Upload):
        return Task(
            number,
            True,
            job.key,
            os.fsencode(job.source),
            job.size,
            job.digest,
            job.expected,
            job.signature,
            job.data,
            announce=job.announce,
        )
    path = os.fsencode(job.target)
    return Task(
        number, False, job.key, path, job.size, job.digest, job.identity, None, None, job.mtime
    )


def job_of(task: Task) -> Upload | Download:
    path = os.fsdecode(task.path)
    if task.up:
        return Upload(
            task.key,
            path,
            task.size or 0,
            task.expected,
            signature=task.signature,
            digest=task.digest,
            data=task.data,
            announce=task.announce,
        )
    return Download(task.key, path, task.size, task.digest, task.expected, task.mtime)


def ended_of(number: int, done: Transferred | None) -> Ended:
    if done is None:
        return Ended(number, dropped=True)
    if done.error is not None:
        problem = done.error
        said = (type(problem).__name__, problem.message, problem.hint, problem.code)
        return Ended(number, error=said)
    return Ended(number, done.identity, done.digest, done.size, done.mtime, done.signature)


def transferred_of(ended: Ended, key: str) -> Transferred:
    if ended.error is not None:
        return Transferred(key, _error(*ended.error))
    return Transferred(
        key,
        identity=ended.identity,
        digest=ended.digest,
        size=ended.size,
        mtime=ended.mtime,
        signature=ended.signature,
    )


def _error(name: str, message: str, hint: str, code: str) -> HubsyncError:
    kind = getattr(errors, name, StoreError)
    if not (isinstance(kind, type) and issubclass(kind, HubsyncError)):
        kind = StoreError
    return kind(message, hint, code)
