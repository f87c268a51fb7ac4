"""Standard output for results, standard error for messages; names made safe on both."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

from hubsync.errors import LocalError
from hubsync_cli import environment, words

UNWRITTEN: Final = "output-failed"
"""The code of the error for a result that standard output does not take."""

_STYLES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Output:
    """The two streams of one run. Colour only on a terminal that wants it."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            # What the locale cannot write is escaped; a name must not end the command.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        colour = environment.colour_wanted()
        self._colour_out = colour and is_terminal(sys.stdout)
        self._colour_err = colour and is_terminal(sys.stderr)

    def paint(self, text: str, style: str) -> str:
        """``text`` in a style, if standard output shows styles."""
        return _painted(text, style) if self._colour_out else text

    def lines(self, lines: Iterable[str]) -> None:
        """Part of the result, for people."""
        text = "".join(f"{line}\n" for line in lines)
        if text:
            with _taken():
                sys.stdout.write(text)
                sys.stdout.flush()

    def document(self, value: Any) -> None:
        """The result as one JSON document, always in UTF-8."""
        import msgspec

        self._write(msgspec.json.format(msgspec.json.encode(encodable(value)), indent=2) + b"\n")

    def document_line(self, value: Any) -> None:
        """One of several results, as a JSON document in one line."""
        import msgspec

        self._write(msgspec.json.encode(encodable(value)) + b"\n")

    def _write(self, data: bytes) -> None:
        buffer = getattr(sys.stdout, "buffer", None)
        with _taken():
            if buffer is None:
                sys.stdout.write(data.decode())
            else:
                sys.stdout.flush()
                buffer.write(data)
            sys.stdout.flush()

    def message(self, text: str) -> None:
        """Something to know beside the result."""
        sys.stderr.write(f"{words.text(text)}\n")
        sys.stderr.flush()

    def failure(self, message: str, hint: str) -> None:
        """What went wrong, and what to do next."""
        lines = [f"{self._label('error:', 'red')} {words.text(message)}\n"]
        if hint:
            lines.append(f"{self._label('hint:', 'cyan')} {words.text(hint)}\n")
        sys.stderr.write("".join(lines))

    def _label(self, text: str, style: str) -> str:
        return _painted(text, style) if self._colour_err else text


@contextmanager
def _taken() -> Iterator[None]:
    """A full disk under standard output is an error in words; a reader that left is none."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LocalError(
            f"The result cannot be written to standard output: {error.strerror}.",
            "What the command does is done; send its result elsewhere.",
            UNWRITTEN,
        ) from error


def is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def encodable(value: Any) -> Any:
    """``value`` with strings that JSON can carry.

    A byte of a file name that is not UTF-8 is written as ``\\xNN`` (a backslash, an x and two
    hex digits): JSON has no way to say it, and a name with such a byte is a problem anyway.
    """
    if isinstance(value, str):
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            return words.unsurrogated(value)
        return value
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(item) for item in value]
    return value


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
