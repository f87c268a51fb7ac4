"""Figures, times and names in the form that people read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

_SECOND: Final = 1_000_000_000

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What could move the cursor, reorder or hide text, or cannot be encoded at all."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # one byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}"


def name(path: str) -> str:
    """A path that is safe on a terminal; quoted, with escapes, if it is not so by itself."""
    if not (_UNSAFE.search(path) or path[:1] in (" ", '"') or path[-1:] == " "):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_UNSAFE.sub(_escape, escaped)}"'


def line(text: str) -> str:
    """Text from elsewhere in one line that is safe on a terminal."""
    return _UNSAFE.sub(_escape, text)


def text(message: str) -> str:
    """A message that is safe on a terminal; its further lines are indented."""
    return "\n  ".join(line(part) for part in message.split("\n"))


def unsurrogated(text: str) -> str:
    """Text in which what no encoding can carry is escaped, and nothing else."""
    return _SURROGATE.sub(_escape, text)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``count(2, "file")`` is ``"2 files"``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def alternatives(items: Sequence[str]) -> str:
    """``"a"``, ``"a or b"``, ``"a, b or c"``; nothing for nothing."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} or {items[-1]}"


def size(octets: float) -> str:
    """Bytes in decimal units: ``"3.4 MB"``."""
    if octets < 1000:
        return f"{int(octets)} B"
    for unit in ("kB", "MB", "GB", "TB"):
        octets /= 1000
        if octets < 999.5 or unit == "TB":
            break
    return f"{octets:.0f} {unit}" if octets >= 100 else f"{octets:.1f} {unit}"


def duration(seconds: float) -> str:
    """``"0.3 s"``, ``"42 s"``, ``"3:07 min"``, ``"2:05 h"``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"


def ago(then: int, now: int) -> str:
    """How long before ``now`` something was (both ns since the epoch)."""
    seconds = (now - then) // _SECOND
    if seconds < 0:
        return f"at {moment(then)}"
    if seconds < 10:
        return "just now"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return "just now"


def moment(then: int) -> str:
    """ns since the epoch as ``"2026-11-21 00:20:03 UTC"``."""
    return f"{_datetime(then // 1000):%Y-%m-%d %H:%M:%S} UTC"


def iso(then: int) -> str:
    """ns since the epoch as ISO 8601 in UTC, in microseconds.

    Rounded up, so that ``restore --at`` with the time of a version finds that very version.
    """
    return f"{_datetime(-(-then // 1000)):%Y-%m-%dT%H:%M:%S.%f}Z"


def _datetime(microseconds: int) -> datetime:
    # Times in a remote's history are other people's: absurd ones must not end the command.
    try:
        seconds, rest = divmod(microseconds, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    except (OverflowError, ValueError, OSError):
        edge = datetime.max if microseconds > 0 else datetime(1, 1, 1)
        return edge.replace(tzinfo=UTC)
