"""Notebooks as values: parsed, checked for what a merge relies on, and written as they were.

The format is nbformat 4 (https://nbformat.readthedocs.io/en/latest/format_description.html).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from blake3 import blake3
from msgspec import Struct

Cell = dict[str, Any]
"""A cell as its JSON object; ``metadata`` is always there, for code cells ``outputs`` too."""

_MINOR_WITH_IDS: Final = 5
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS: Final = frozenset({"code", "markdown", "raw"})


class Style(Struct, frozen=True):
    """How a file was written: by Jupyter with one blank and sorted keys, by other tools not.
    ``order``: of the keys at the top."""

    indent: int | str | None = 1
    sorted_keys: bool = True
    ascii_only: bool = False
    final_newline: bool = True
    order: tuple[str, ...] = ()


class Notebook(Struct, frozen=True):
    """``rest``: the top-level object without its cells."""

    cells: tuple[Cell, ...]
    metadata: dict[str, Any]
    rest: dict[str, Any]
    minor: int
    style: Style = Style()


def source_of(cell: Cell) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def with_source(cell: Cell, source: str) -> Cell:
    """``cell`` with another source, in lines if it had lines."""
    if isinstance(cell["source"], str):
        return {**cell, "source": source}
    return {**cell, "source": source.splitlines(keepends=True)}


def parse(data: bytes) -> Notebook | None:
    """The notebook in ``data``; None if it is none that a merge can be sure of."""
    sorted_keys = True

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal sorted_keys
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key twice in one object: one of the values would be lost")
        sorted_keys = sorted_keys and list(found) == sorted(found)
        return found

    try:
        text = data.decode("utf-8")
        top = json.loads(text, object_pairs_hook=made)
    except (ValueError, RecursionError):
        return None
    if not isinstance(top, dict) or top.get("nbformat") != 4:
        return None
    cells, metadata, minor = top.get("cells"), top.get("metadata"), top.get("nbformat_minor")
    if not (isinstance(cells, list) and isinstance(metadata, dict) and isinstance(minor, int)):
        return None
    checked = [_checked(cell) for cell in cells]
    if any(cell is None for cell in checked):
        return None
    rest = {key: value for key, value in top.items() if key not in {"cells", "metadata"}}
    return Notebook(
        tuple(cell for cell in checked if cell is not None),
        metadata,
        rest,
        minor,
        _style(text, tuple(top), sorted_keys),
    )


def write(notebook: Notebook) -> bytes | None:
    """The notebook as bytes, with ids where its version wants them and without where it has none.

    None if a number in it is none of JSON's: no browser would open what Python writes for it.
    """
    top = {
        **notebook.rest,
        "metadata": notebook.metadata,
        "nbformat_minor": notebook.minor,
        "cells": _identified(notebook.cells, notebook.minor >= _MINOR_WITH_IDS),
    }
    style = notebook.style
    top = {key: top[key] for key in (*style.order, *top) if key in top}
    try:
        return _encoded(top, style, style.ascii_only)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can only hold escaped
        return _encoded(top, style, True)
    except ValueError:
        return None


def _encoded(top: Mapping[str, Any], style: Style, ascii_only: bool) -> bytes:
    text = json.dumps(
        top,
        ensure_ascii=ascii_only,
        allow_nan=False,
        indent=style.indent,
        sort_keys=style.sorted_keys,
    )
    return f"{text}\n".encode() if style.final_newline else text.encode()


def _checked(cell: Any) -> Cell | None:
    """``cell`` with what nbformat requires of it, or None if it is no cell."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in _KINDS:
        return None
    source = cell.get("source")
    if not isinstance(source, str) and not (
        isinstance(source, list) and all(isinstance(line, str) for line in source)
    ):
        return None
    if not isinstance(cell.setdefault("metadata", {}), dict):
        return None
    if not isinstance(cell.get("id", ""), str):
        return None
    if not isinstance(cell.get("attachments", {}), dict):
        return None
    if cell["cell_type"] == "code":
        cell.setdefault("execution_count", None)
        if not isinstance(cell.setdefault("outputs", []), list):
            return None
    return cell


def _style(text: str, order: tuple[str, ...], sorted_keys: bool) -> Style:
    found = re.match(r"\s*\{\r?\n( *|\t+)\"", text)
    return Style(
        indent=_indent(found[1]) if found is not None else (1 if "\n" in text.strip() else None),
        sorted_keys=sorted_keys,
        ascii_only=text.isascii() and "\\u" in text,
        final_newline=text.endswith("\n"),
        order=order,
    )


def _indent(blanks: str) -> int | str:
    return blanks if "\t" in blanks else len(blanks)


def _identified(cells: Sequence[Cell], wanted: bool) -> list[Cell]:
    """Every cell with an id of its own, or none with one. New ids come from the contents, so that
    two hubs that do the same merge arrive at the same bytes."""
    if not wanted:
        return [{key: cell[key] for key in cell if key != "id"} for cell in cells]
    given = {cell.get("id") for cell in cells}
    taken: set[str] = set()
    made: list[Cell] = []
    for place, cell in enumerate(cells):
        name = cell.get("id", "")
        if name in taken or not _ID.fullmatch(name):
            seed = f"{place}\0{cell['cell_type']}\0{source_of(cell)}".encode(errors="replace")
            digest = blake3(seed).hexdigest()
            parts = (digest[at : at + 8] for at in range(56))
            name = next(part for part in parts if part not in taken | given)
        taken.add(name)
        made.append({**cell, "id": name})
    return made
