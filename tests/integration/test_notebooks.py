"""Notebooks that two hubs edit between syncs (rule 4), through the whole of a sync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hubsync.merge import LARGEST
from tests.unit.engine.hubs import Hub, Site, paths

NAME = "analysis.ipynb"
Cell = dict[str, Any]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, tmp_path.name)
    yield site
    site.close()


def code(source: str, name: str, *outputs: Cell) -> Cell:
    made = {"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True)}
    return {**made, "id": name, "outputs": list(outputs), "execution_count": None}


def printed(text: str) -> Cell:
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def notebook(*cells: Cell) -> str:
    top = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(top, indent=1, sort_keys=True) + "\n"


def cells_of(hub: Hub, name: str = NAME) -> list[tuple[str, str | None]]:
    """Sources and marks, after the notebook was found to be a valid one."""
    found = nbformat.reads((hub / name).read_text(), as_version=nbformat.NO_CONVERT)
    nbformat.validate(found)
    return [(cell.source, cell.metadata.get("hubsync", {}).get("conflict")) for cell in found.cells]


LOAD, FIT, PLOT = code("load()", "load"), code("fit()", "fit"), code("plot()", "plot")


def test_edits_of_different_cells_arrive_on_both_hubs(site: Site) -> None:
    one, two = site.pair({NAME: notebook(LOAD, FIT, PLOT)})
    one.write({NAME: notebook(code("load('a.csv')", "load", printed("1")), FIT, PLOT)})
    two.write({NAME: notebook(LOAD, FIT, code("plot(grid=True)", "plot"), code("save()", "s"))})
    one.sync()
    result = two.sync()
    assert result.merged == (NAME,)
    assert result.exit_status() == 0
    one.sync()
    expected = ["load('a.csv')", "fit()", "plot(grid=True)", "save()"]
    for hub in (one, two):
        assert cells_of(hub) == [(source, None) for source in expected]
        assert hub.sync().nothing_done()
    assert one.files() == two.files()


def test_a_line_that_both_edited_keeps_both_cells_in_one_notebook(site: Site) -> None:
    one, two = site.pair({NAME: notebook(LOAD, FIT)})
    one.write({NAME: notebook(LOAD, code("fit(degree=2)", "fit"))})
    two.write({NAME: notebook(LOAD, code("fit(degree=3)", "fit"))})
    one.sync()
    two.sync()
    one.sync()
    both = [("load()", None), ("fit(degree=3)", "local"), ("fit(degree=2)", "remote")]
    for hub in (one, two):
        assert list(hub.files()) == [NAME]
        assert cells_of(hub) == both
        assert hub.sync().nothing_done()


def test_whoever_goes_on_with_a_cell_that_was_kept_twice_edits_that_one(site: Site) -> None:
    one, two = site.pair({NAME: notebook(LOAD, FIT)})
    one.write({NAME: notebook(LOAD, code("fit(degree=2)", "fit"))})
    two.write({NAME: notebook(LOAD, code("fit(degree=3)", "fit"))})
    one.sync()
    two.sync()
    one.write({NAME: notebook(LOAD, code("fit(degree=2, seed=0)", "fit"))})
    one.sync()
    two.sync()
    assert one.files() == two.files()
    assert [source for source, _ in cells_of(one)] == [
        "load()",
        "fit(degree=3)",
        "fit(degree=2, seed=0)",
    ]


@pytest.mark.parametrize(
    "broken", [notebook(LOAD)[:-20], notebook(code("x" * LARGEST, "load"))], ids=["torn", "large"]
)
def test_what_cannot_be_merged_by_cells_is_kept_as_two_files(site: Site, broken: str) -> None:
    one, two = site.pair({NAME: notebook(LOAD, FIT)})
    one.write({NAME: notebook(LOAD, code("fit(degree=2)", "fit"))})
    two.write({NAME: broken})
    one.sync()
    result = two.sync()
    assert [conflict.path for conflict in result.conflicts] == [NAME]
    assert result.exit_status() == 3
    copy = result.conflicts[0].copy
    assert two.files() == {NAME: one.files()[NAME], copy: broken}
    assert paths(one.sync().down) == [copy]
