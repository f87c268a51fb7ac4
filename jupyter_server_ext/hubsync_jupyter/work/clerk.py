"""One process of `desk`, as the event loop sees it; one call at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from msgspec import json

from hubsync.session.process import Piped
from hubsync_jupyter.work import frames
from hubsync_jupyter.work.frames import Call, Open, Said, Stop, Trouble

Hear = Callable[[Said, dict[str, Any]], None]
"""What a call says before its answer: progress, and notes."""

_LONGEST: Final = 64 << 10
"""Bytes that are read ahead: a frame may be longer."""


class CallFailed(Exception):
    """A call's error, for people. ``trouble`` is what the browser is told."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


def failure(kind: str, code: str, message: str, hint: str = "") -> CallFailed:
    return CallFailed(Trouble(kind, code, message, hint))


class Clerk:
    """A running process."""

    def __init__(self, process: Piped) -> None:
        self._process = process
        self.kill = process.kill
        self.close = process.close

    @classmethod
    async def start(cls, opening: Open) -> Clerk:
        """Raises CallFailed."""
        try:
            process = await Piped.start("hubsync_jupyter.work.desk", longest=_LONGEST)
        except OSError as error:
            raise failure(
                "local", "no-process", f"No process can be started: {error.strerror}."
            ) from error
        await process.say(frames.line(opening))
        return cls(process)

    @property
    def running(self) -> bool:
        return self._process.running

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, call: Call, hear: Hear) -> bytes:
        """The answer, a JSON document. Raises CallFailed."""
        await self._process.say(frames.line(call))
        output = self._process.output
        while True:
            try:
                letter, size = frames.HEAD.unpack(await output.readexactly(frames.HEAD.size))
                document = await output.readexactly(size)
            except asyncio.IncompleteReadError:
                how = await self._process.ended()
                raise failure(
                    "internal",
                    "worker-ended",
                    f"The process that does the work was ended {how} before it was done.",
                    "Try again; the log of the server may say why it ended.",
                ) from None
            said = Said(letter)
            if said is Said.RESULT:
                return document
            if said is Said.ERROR:
                raise CallFailed(json.decode(document, type=Trouble))
            hear(said, json.decode(document))

    async def stop_between_files(self) -> None:
        await self._process.say(frames.line(Stop()))
