"""Generated notebooks, edited on two sides: nothing that a person typed is missing (rule 4)."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from typing import Any, NamedTuple

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubsync.merge import merge_notebook

Json = dict[str, Any]

LINES = ["import numpy as np", "x = 1", "plot(x)", "", "# A title", "print(x)", "y = x + 1"]
OUTPUTS: list[list[Json]] = [
    [],
    [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}],
    [{"output_type": "display_data", "data": {"image/png": "x" * 100}, "metadata": {}}],
    [{"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}],
]
OPS = (
    *("insert", "delete", "move", "edit", "append", "rewrite", "split", "join", "double", "run"),
    *("tag", "type", "kernel", "widgets", "image", "newer", "ids", "number"),
)
NIGHTLY = 2000


class Author:
    """Edits one side by dice, and remembers every line typed."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.dice, self.count = name, random.Random(seed), 0
        self.typed: list[str] = []

    def edited(self, notebook: Json, ops: list[str]) -> Json:
        made = copy.deepcopy(notebook)
        for op in ops:
            self._apply(op, made)
        live = set(lines_of(made))
        self.typed = [line for line in self.typed if line in live]
        return made

    def _line(self) -> str:
        self.count += 1
        text = f"{self.name} typed {self.count}"
        self.typed.append(text)
        return text

    def _apply(self, op: str, notebook: Json) -> None:
        cells, dice, minor = notebook["cells"], self.dice, notebook["nbformat_minor"]
        if op == "insert":
            cell = make_cell(dice.choice(["code", "markdown", "raw"]), [self._line()], minor, dice)
            cells.insert(dice.randint(0, len(cells)), cell)
        elif op == "kernel":
            kernel = {"name": self.name, "display_name": self.name}
            notebook["metadata"]["kernelspec"] = kernel
        elif op == "widgets":
            state = notebook["metadata"].setdefault("widgets", {}).setdefault("state", {})
            state[f"{self.name}{self.count}"] = {"model_name": "SliderModel", "state": {"value": 1}}
        elif op == "newer" and minor < 5:
            notebook["nbformat_minor"] = 5
            _give_ids(cells, dice)
        elif op == "ids" and minor == 5:
            _give_ids(cells, dice)
        elif op == "number" and minor == 5:  # as some tools do
            for number, cell in enumerate(cells):
                cell["id"] = f"cell-{number}"
        elif cells:
            self._change(op, cells, dice.randrange(len(cells)), minor)

    def _change(self, op: str, cells: list[Json], at: int, minor: int) -> None:
        cell, dice = cells[at], self.dice
        lines = text_of(cell).split("\n")
        if op == "delete":
            del cells[at]
        elif op == "move":
            cells.insert(dice.randrange(len(cells)), cells.pop(at))
        elif op == "edit":
            lines[dice.randrange(len(lines))] = self._line()
            cell["source"] = in_lines(lines)
        elif op == "append":
            lines.insert(dice.randint(0, len(lines)), self._line())
            cell["source"] = in_lines(lines)
        elif op == "rewrite":
            cell["source"] = in_lines([self._line() for _ in range(3)])
        elif op == "split":
            half = copy.deepcopy(cell)
            cell["source"] = in_lines(lines[: len(lines) // 2])
            half["source"] = in_lines(lines[len(lines) // 2 :])
            if minor == 5:
                _give_ids([half], dice)
            cells.insert(at + 1, half)
        elif op == "join" and at + 1 < len(cells):
            cell["source"] = in_lines(lines + text_of(cells.pop(at + 1)).split("\n"))
        elif op == "double":  # its id too
            cells.insert(at + 1, copy.deepcopy(cell))
        elif op == "run" and cell["cell_type"] == "code":
            cell["outputs"] = copy.deepcopy(dice.choice(OUTPUTS))
            cell["execution_count"] = dice.randint(1, 99)
        elif op == "tag":
            cell["metadata"].setdefault("tags", []).append(f"{self.name}{dice.getrandbits(40)}")
        elif op == "image" and cell["cell_type"] == "markdown":
            images = cell.setdefault("attachments", {})
            images[dice.choice("ab")] = {"image/png": self._line()}
            self.typed.pop()
        elif op == "type":
            _retype(cell, dice.choice(["code", "markdown", "raw"]))


def _give_ids(cells: list[Json], dice: random.Random) -> None:
    for cell in cells:
        cell["id"] = f"{dice.getrandbits(32):08x}"


def _retype(cell: Json, kind: str) -> None:
    cell["cell_type"] = kind
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)
    if kind == "code":
        cell.pop("attachments", None)
        cell |= {"outputs": [], "execution_count": None}


def make_cell(kind: str, lines: list[str], minor: int, dice: random.Random) -> Json:
    cell: Json = {"cell_type": kind, "metadata": {}, "source": in_lines(lines)}
    if kind == "code":
        cell |= {"outputs": copy.deepcopy(dice.choice(OUTPUTS)), "execution_count": None}
    if minor >= 5:
        _give_ids([cell], dice)
    return cell


def in_lines(lines: list[str]) -> list[str]:
    return "\n".join(lines).splitlines(keepends=True)


def text_of(cell: Json) -> str:
    return "".join(cell["source"])


def lines_of(notebook: Json) -> list[str]:
    return [line for cell in notebook["cells"] for line in text_of(cell).split("\n")]


def written(notebook: Json) -> bytes:
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


class Case(NamedTuple):
    base: Json
    ours: Json
    theirs: Json
    typed: list[str]

    def merged(self) -> bytes:
        made = merge_notebook(written(self.base), written(self.ours), written(self.theirs))
        assert made is not None
        return made


@st.composite
def cases(draw: st.DrawFn) -> Case:
    minor = draw(st.sampled_from([0, 2, 4, 4, 5, 5, 5]))
    seed = draw(st.integers(0, 2**32))
    dice = random.Random(seed)
    cells = [
        make_cell(
            dice.choice(["code", "code", "markdown"]),
            dice.choices([*LINES, f"line {number}"], k=dice.randint(0, 5)),
            minor,
            dice,
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    base = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
    ada, bob = Author("ada", seed + 1), Author("bob", seed + 2)
    ops = st.lists(st.sampled_from(OPS), max_size=6)
    ours, theirs = ada.edited(base, draw(ops)), bob.edited(base, draw(ops))
    return Case(base, ours, theirs, [*ada.typed, *bob.typed])


def _is_complete_and_valid(case: Case) -> None:
    data = case.merged()
    made = json.loads(data)
    if data not in (written(case.ours), written(case.theirs)):  # a side that is taken stays as is
        nbformat.validate(nbformat.from_dict(made))
        ids = [cell["id"] for cell in made["cells"] if "id" in cell]
        assert len(ids) == len(set(ids))
    there = Counter(lines_of(made))
    sides = Counter(lines_of(case.ours)), Counter(lines_of(case.theirs))
    assert [line for line in case.typed if not there[line]] == []
    assert [line for line in case.typed if there[line] > sides[0][line] + sides[1][line]] == []
    for cell in case.base["cells"]:
        left = [
            sum(text_of(one) == text_of(cell) for one in notebook["cells"])
            for notebook in (case.base, case.ours, case.theirs, made)
        ]
        if left[0] == 1:  # else each side may have deleted another one
            assert left[3] >= min(left), text_of(cell)
    for side in (case.ours, case.theirs):
        for name in side["metadata"].get("widgets", {}).get("state", {}):
            assert name in made["metadata"]["widgets"]["state"]
    images = [
        image
        for notebook in (case.ours, case.theirs)
        for cell in notebook["cells"]
        for image in cell.get("attachments", {}).values()
    ]
    assert all(
        any(image in one.get("attachments", {}).values() for one in made["cells"])
        for image in images
    )


def _can_be_done_again(case: Case) -> None:
    """What a run that was killed after the merge finds: its own result on one side, or both."""
    data = case.merged()
    base, ours, theirs = (written(one) for one in case[:3])
    for sides in ((data, theirs), (data, ours), (ours, data), (theirs, data)):
        again = merge_notebook(base, *sides)
        assert again is not None
        there = set(lines_of(json.loads(again)))
        assert [line for line in case.typed if line not in there] == []


@given(cases())
def test_merged_notebooks_are_valid_and_nothing_typed_is_missing(case: Case) -> None:
    _is_complete_and_valid(case)


@given(cases())
def test_a_merge_that_is_done_again_loses_nothing(case: Case) -> None:
    _can_be_done_again(case)


@given(cases())
def test_what_one_side_changed_comes_through_byte_for_byte(case: Case) -> None:
    base, side = written(case.base), written(case.ours)
    assert merge_notebook(base, base, side) == side
    assert merge_notebook(base, side, base) == side
    assert merge_notebook(base, side, side) == side


@given(cases(), st.integers(0, 2**32))
def test_a_notebook_that_is_cut_off_is_kept_twice(case: Case, seed: int) -> None:
    base, ours, theirs = (written(one) for one in case[:3])
    torn = theirs[: random.Random(seed).randrange(len(theirs.rstrip()))]
    assert merge_notebook(base, ours + b" ", torn) is None
    assert merge_notebook(torn, ours + b" ", theirs + b"  ") is None


@pytest.mark.nightly
@settings(max_examples=NIGHTLY)
@given(cases())
def test_nothing_typed_is_missing_night_after_night(case: Case) -> None:
    _is_complete_and_valid(case)
    _can_be_done_again(case)
