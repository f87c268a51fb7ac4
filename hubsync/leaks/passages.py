"""What of a file is looked at: its text, or the sources and text outputs of a notebook's cells.

A notebook's images, widget states and metadata are no text that a person reads; they are long,
random and full of false alarms.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

LARGEST: Final = 5_000_000
"""Larger files, in bytes, are data, which nobody types a password into."""

_HEAD: Final = 8192
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


class Passage(Struct, frozen=True):
    """One text; ``cell`` counts from 1 and is None outside of notebooks."""

    text: str
    cell: int | None = None
    output: bool = False


def passages(path: str, data: bytes) -> Iterator[Passage]:
    """The texts of a file; none if it is binary or too large."""
    if len(data) > LARGEST:
        return
    if path.lower().endswith(".ipynb"):
        cells = _cells(data)
        if cells is not None:
            yield from _of_cells(cells)
            return
    if data.startswith(_WIDE):
        yield Passage(data.decode("utf-16", "replace"))
    elif b"\0" not in data[:_HEAD]:
        yield Passage(data.decode("utf-8", "replace"))


def _cells(data: bytes) -> list[dict[str, Any]] | None:
    """The cells of a notebook of format 3 or 4; None if it is none, and is then read as text."""
    try:
        document = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return None
    if not isinstance(document, dict):
        return None
    sheets = document.get("worksheets")
    holders = sheets if isinstance(sheets, list) else [document]
    found: list[dict[str, Any]] = []
    for holder in holders:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(cells, list) or not all(isinstance(one, dict) for one in cells):
            return None
        found += cells
    return found


def _of_cells(cells: list[dict[str, Any]]) -> Iterator[Passage]:
    for number, cell in enumerate(cells, 1):
        source = _joined(cell.get("source", cell.get("input")))
        if source:
            yield Passage(source, number)
        text = "\n".join(_output_texts(cell.get("outputs")))
        if text:
            yield Passage(_COLOURS.sub("", text) if "\x1b" in text else text, number, True)


def _output_texts(outputs: Any) -> Iterator[str]:
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        yield _joined(output.get("text"))
        yield _joined(output.get("evalue"))
        yield "\n".join(map(_joined, output.get("traceback") or ()))
        data = output.get("data")
        for kind, value in data.items() if isinstance(data, dict) else ():
            if kind == "application/json":
                yield msgspec.json.encode(value).decode()
            elif kind.startswith("text/"):
                yield _joined(value)


def _joined(value: Any) -> str:
    """A multi-line string of a notebook, which is one string or a list of them."""
    if isinstance(value, list):
        return "".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else ""
