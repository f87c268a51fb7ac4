"""What is said between a session and the process that does its cycles: one JSON document a line.

Lines are short (a few hundred kilobytes where thousands of files moved), so that decoding one never
keeps an event loop busy.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from hubsync.results import ConflictCopy
from hubsync.session.status import Outcome, Progress, Trouble


class Open(Struct, frozen=True, tag="open"):
    """The first line: whose workspace it is. ``env``: the variables that remotes may use."""

    root: str
    author: str
    hub: str
    env: dict[str, str]


class Look(Struct, frozen=True, tag="look"):
    """Is there anything new on the remote?"""


class Cycle(Struct, frozen=True, tag="cycle"):
    """Both directions, or only what goes out. ``known``: the conflicts that waited after the last
    one, None if that is not known."""

    push: bool = False
    known: tuple[ConflictCopy, ...] | None = None


class Stop(Struct, frozen=True, tag="stop"):
    """Stop between two files."""


Command = Open | Look | Cycle | Stop


class Looked(Struct, frozen=True, tag="looked"):
    news: bool


class Ended(Struct, frozen=True, tag="ended"):
    outcome: Outcome


class Failed(Struct, frozen=True, tag="failed"):
    """``partly``: other remotes than the one that failed may have answered; ``sent``: the first
    paths whose changes went to them."""

    trouble: Trouble
    partly: bool = False
    sent: tuple[str, ...] = ()


Answer = Looked | Ended | Failed
Report = Progress | Answer

LONGEST: Final = 1 << 23
"""Bytes of a line."""

_commands: Final[msgspec.json.Decoder[Command]] = msgspec.json.Decoder(Command)
_reports: Final[msgspec.json.Decoder[Report]] = msgspec.json.Decoder(Report)


def line(said: Command | Report) -> bytes:
    """As it goes through the pipe. What is not UTF-8 in a name is written as ``\\xNN``."""
    try:
        return msgspec.json.encode(said) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_speakable(msgspec.to_builtins(said))) + b"\n"


def command(data: bytes) -> Command:
    return _commands.decode(data)


def report(data: bytes) -> Report:
    return _reports.decode(data)


def _speakable(value: Any) -> Any:
    if isinstance(value, str):
        # What stands for a byte that was no UTF-8 is that byte; whatever else is amiss becomes "?".
        data = value.encode("utf-8", "replace" if _others(value) else "surrogateescape")
        return data.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {key: _speakable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_speakable(item) for item in value]
    return value


def _others(text: str) -> bool:
    """Whether there are surrogates that stand for no byte, as only a remote can name them."""
    return any("\ud800" <= one <= "\udc7f" or "\udd00" <= one <= "\udfff" for one in text)
