"""What is said between the server and a process: lines of JSON there, frames back.

A frame is a letter, the size in four bytes, and a JSON document. An answer is passed on to the
browser as it is, so that the server never decodes what may be megabytes.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Any, Final

from msgspec import Struct, json

HEAD: Final = struct.Struct(">cI")
LARGEST: Final = 1 << 28
"""Bytes of a document."""


class Said(Enum):
    """What a frame holds."""

    PROGRESS = b"P"
    NOTE = b"N"
    """Something to know before the answer."""
    RESULT = b"R"
    ERROR = b"E"


class Open(Struct, frozen=True, tag="open"):
    """The first line: whose workspace it is. ``env``: the variables that remotes may use."""

    root: str
    author: str
    hub: str
    data_home: str
    env: dict[str, str]


class Call(Struct, frozen=True, tag="call"):
    """One of `calls.CALLS` with its arguments."""

    name: str
    arguments: dict[str, Any]


class Stop(Struct, frozen=True, tag="stop"):
    """Stop between two files."""


class Trouble(Struct, frozen=True):
    """Why a call failed. ``kind``: the class of the error, as far as it makes a difference."""

    kind: str
    code: str
    message: str
    hint: str = ""


Command = Open | Call | Stop
_commands: Final[json.Decoder[Command]] = json.Decoder(Command)


def line(command: Command) -> bytes:
    return json.encode(command) + b"\n"


def command(data: bytes) -> Command:
    return _commands.decode(data)


def frame(said: Said, document: bytes) -> bytes:
    return HEAD.pack(said.value, len(document)) + document
