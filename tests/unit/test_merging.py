"""Merging contents that are in no file, as a sync would."""

from __future__ import annotations

import json

import pytest

from hubsync import conflict_copy_paths, merge_contents

BASE = b"one\n\ntwo\n"


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        (BASE, b"theirs\n", b"theirs\n"),
        (b"mine\n", BASE, b"mine\n"),
        (b"same\n", b"same\n", b"same\n"),
        (b"One\n\ntwo\n", b"one\n\nTwo\n", b"One\n\nTwo\n"),
        (b"mine\n", b"theirs\n", None),
        (b"\0mine", b"\0theirs", None),
    ],
)
def test_texts_are_merged_by_lines_or_both_are_kept(
    mine: bytes, theirs: bytes, merged: bytes | None
) -> None:
    assert merge_contents("notes.md", BASE, mine, theirs) == merged


def test_notebooks_are_merged_by_cells() -> None:
    def notebook(*sources: str) -> bytes:
        cells = [
            {"id": f"c{n}", "cell_type": "raw", "metadata": {}, "source": source}
            for n, source in enumerate(sources)
        ]
        whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        return json.dumps(whole).encode()

    merged = merge_contents("a.ipynb", notebook("1", "2"), notebook("1!", "2"), notebook("1", "2?"))
    assert merged is not None
    assert ["".join(cell["source"]) for cell in json.loads(merged)["cells"]] == ["1!", "2?"]


def test_a_copy_lies_beside_and_is_named_after_its_content() -> None:
    first, second = (next(conflict_copy_paths("a/b.md", data)) for data in (b"1", b"2"))
    assert first.startswith("a/b.conflict-")
    assert first.endswith(".md")
    assert first != second
