"""Rule 4: notebooks are merged cell by cell, and nothing that a person added is missing."""

from __future__ import annotations

import json
from time import perf_counter
from typing import Any

import pytest

from hubsync.merge import merge_notebook

Cell = dict[str, Any]
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["1\n"]}
OTHER = {"output_type": "stream", "name": "stdout", "text": ["2\n"]}


def code(source: str, *outputs: Any, count: int | None = None, **more: Any) -> Cell:
    made = {"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True)}
    return {**made, "outputs": list(outputs), "execution_count": count, **more}


def prose(source: str, **more: Any) -> Cell:
    return {
        "cell_type": "markdown",
        "metadata": {},
        "source": source.splitlines(keepends=True),
        **more,
    }


def notebook(*cells: Cell, minor: int = 4, **metadata: Any) -> bytes:
    top = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}
    return (json.dumps(top, indent=1, sort_keys=True) + "\n").encode()


def merged(base: bytes, ours: bytes, theirs: bytes) -> dict[str, Any]:
    made = merge_notebook(base, ours, theirs)
    assert made is not None
    found: dict[str, Any] = json.loads(made)
    return found


def sources(made: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in made["cells"]]


A, B, C = code("a = 1"), code("b = 2"), code("c = 3")


def test_edits_to_different_cells_both_arrive() -> None:
    made = merged(notebook(A, B, C), notebook(code("a = 10"), B, C), notebook(A, B, code("c = 30")))
    assert sources(made) == ["a = 10", "b = 2", "c = 30"]


def test_two_edits_of_one_cell_are_merged_by_lines() -> None:
    base = code("first\nsecond\nthird")
    made = merged(
        notebook(base),
        notebook(code("FIRST\nsecond\nthird")),
        notebook(code("first\nsecond\nTHIRD")),
    )
    assert sources(made) == ["FIRST\nsecond\nTHIRD"]


def test_a_line_added_behind_the_last_one_leaves_that_one_unchanged() -> None:
    base, ours = code("first\nsecond\nthird"), code("first\nsecond\nthird\nfourth")
    made = merged(notebook(base), notebook(ours), notebook(code("FIRST\nsecond\nthird")))
    assert sources(made) == ["FIRST\nsecond\nthird\nfourth"]


def test_where_lines_do_not_merge_both_cells_stay_and_are_marked() -> None:
    made = merged(notebook(A, B), notebook(code("a = 10"), B), notebook(code("a = 20"), B))
    assert sources(made) == ["a = 10", "a = 20", "b = 2"]
    marks = [cell["metadata"].get("hubsync") for cell in made["cells"]]
    assert marks == [{"conflict": "local"}, {"conflict": "remote"}, None]


@pytest.mark.parametrize("mine", [False, True])
def test_outputs_belong_to_the_source_that_is_kept(mine: bool) -> None:
    base = notebook(code("x", OUTPUT, count=1))
    edited, run = notebook(code("y", OTHER, count=2)), notebook(code("x", OUTPUT, count=7))
    made = merged(base, *((edited, run) if mine else (run, edited)))
    (cell,) = made["cells"]
    assert (cell["outputs"], cell["execution_count"]) == ([OTHER], 2)


def test_a_source_that_was_merged_has_not_been_run() -> None:
    base = code("first\nsecond\nthird", OUTPUT, count=1)
    ours, theirs = (
        code("FIRST\nsecond\nthird", OTHER, count=2),
        code("first\nsecond\nTHIRD", OTHER, count=3),
    )
    (cell,) = merged(notebook(base), notebook(ours), notebook(theirs))["cells"]
    assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_running_a_cell_on_both_sides_is_no_conflict() -> None:
    base, ours, theirs = code("x"), code("x", OUTPUT, count=1), code("x", OTHER, count=2)
    (cell,) = merged(notebook(base), notebook(ours), notebook(theirs))["cells"]
    assert (cell["outputs"], cell["execution_count"]) == ([OUTPUT], 1)


def test_the_local_kernel_and_the_newer_format_win() -> None:
    base = notebook(A, kernelspec={"name": "base"})
    ours = notebook(A, kernelspec={"name": "ours"}, minor=2)
    theirs = notebook({**A, "id": "abc"}, kernelspec={"name": "theirs"}, minor=5)
    made = merged(base, ours, theirs)
    assert made["metadata"]["kernelspec"] == {"name": "ours"}
    assert made["nbformat_minor"] == 5
    assert [cell["id"] for cell in made["cells"]] == ["abc"]


def test_a_cell_that_one_side_deletes_and_the_other_edits_survives() -> None:
    made = merged(notebook(A, B), notebook(B), notebook(code("a = 10"), B))
    assert sources(made) == ["a = 10", "b = 2"]


def test_a_cell_that_one_side_deletes_and_the_other_only_runs_is_gone() -> None:
    made = merged(notebook(A, B), notebook(B), notebook(code("a = 1", OUTPUT, count=3), B))
    assert sources(made) == ["b = 2"]


def test_insertions_at_one_place_both_stay_in_order() -> None:
    mine, others = [code("m1"), code("m2")], [code("o1"), code("o2")]
    made = merged(notebook(A, B), notebook(A, *mine, B), notebook(A, *others, B))
    assert sources(made) == ["a = 1", "m1", "m2", "o1", "o2", "b = 2"]


def test_the_same_insertion_on_both_sides_is_there_once() -> None:
    new = code("new")
    made = merged(notebook(A, B), notebook(A, new, B), notebook(A, new, code("more"), B))
    assert sources(made) == ["a = 1", "new", "more", "b = 2"]


@pytest.mark.parametrize("mine", [False, True])
def test_a_moved_cell_takes_the_edit_of_the_other_side_along(mine: bool) -> None:
    moved = notebook(C, A, B)
    edited = notebook(A, B, code("c = 3\nmore = 1"))
    made = merged(notebook(A, B, C), *((moved, edited) if mine else (edited, moved)))
    assert sources(made) == ["c = 3\nmore = 1", "a = 1", "b = 2"]


def test_cells_are_matched_by_id_whatever_became_of_their_content() -> None:
    base = code("something", id="one")
    ours, theirs = (
        code("quite another thing", id="one"),
        code("something", OUTPUT, count=1, id="one"),
    )
    made = merged(notebook(base, minor=5), notebook(ours, minor=5), notebook(theirs, minor=5))
    assert sources(made) == ["quite another thing"]


def test_ids_that_count_the_cells_are_not_trusted() -> None:
    """Some tools number cells from one; inserting one shifts the ids of all that follow."""

    def numbered(*cells: Cell) -> bytes:
        named = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
        return notebook(*named, minor=5)

    new = code("new = 0")
    made = merged(numbered(A, B, C), numbered(new, A, B, C), numbered(A, B, code("c = 3 + 1")))
    assert sources(made) == ["new = 0", "a = 1", "b = 2", "c = 3 + 1"]
    assert len({cell["id"] for cell in made["cells"]}) == 4


def test_ids_that_stand_twice_are_made_different() -> None:
    twin = code("x", id="one")
    made = merged(
        notebook(twin, minor=5),
        notebook(twin, code("y", id="one"), minor=5),
        notebook(code("z", id="two"), twin, minor=5),
    )
    assert sorted(sources(made)) == ["x", "y", "z"]
    assert len({cell["id"] for cell in made["cells"]}) == 3


def test_tags_of_both_sides_are_united() -> None:
    def tagged(*tags: str) -> bytes:
        return notebook({**A, "metadata": {"tags": list(tags)}})

    (cell,) = merged(tagged("x"), tagged("x", "mine"), tagged("x", "other"))["cells"]
    assert cell["metadata"]["tags"] == ["x", "mine", "other"]


def test_a_tag_that_one_side_removes_is_gone() -> None:
    def tagged(*tags: str) -> bytes:
        return notebook({**A, "metadata": {"tags": list(tags)}})

    (cell,) = merged(tagged("x"), tagged(), tagged("x", "other"))["cells"]
    assert cell["metadata"]["tags"] == ["other"]


def test_kernel_and_language_are_those_of_one_side() -> None:
    def with_kernel(name: str, version: str) -> bytes:
        return notebook(
            A,
            kernelspec={"name": name, "display_name": name},
            language_info={"name": name, "version": version},
        )

    base, ours, theirs = with_kernel("py", "1"), with_kernel("py", "2"), with_kernel("ir", "4")
    for one, other in ((ours, theirs), (theirs, ours)):
        metadata = merged(base, one, other)["metadata"]
        assert metadata["kernelspec"]["name"] == metadata["language_info"]["name"] == "ir"
    metadata = merged(base, with_kernel("jl", "9"), theirs)["metadata"]
    assert metadata["kernelspec"]["name"] == metadata["language_info"]["name"] == "jl"


def test_widgets_of_both_sides_are_there() -> None:
    def with_widgets(*models: str) -> bytes:
        state = {name: {"model_name": "SliderModel", "state": {}} for name in models}
        kind = "application/vnd.jupyter.widget-state+json"
        return notebook(A, widgets={kind: {"state": state, "version_major": 2}})

    made = merged(with_widgets("old"), with_widgets("mine"), with_widgets("old", "other"))
    (widgets,) = made["metadata"]["widgets"].values()
    assert list(widgets["state"]) == ["mine", "other"]


def test_an_image_added_to_a_cell_that_becomes_code_keeps_both_cells() -> None:
    """A code cell with an image would be no valid one, and without it the image would be lost."""
    image = {"a.png": {"image/png": "x"}}
    base, ours = prose("text", id="x"), prose("text", id="x", attachments=image)
    made = merged(*(notebook(one, minor=5) for one in (base, ours, code("text", id="x"))))
    assert [cell["cell_type"] for cell in made["cells"]] == ["markdown", "code"]
    assert made["cells"][0]["attachments"] == image


def test_the_remote_cell_keeps_the_id_of_one_kept_twice() -> None:
    base, ours, theirs = (code(text, id="one") for text in ("x", "mine", "other"))
    both = merge_notebook(*(notebook(cell, minor=5) for cell in (base, ours, theirs)))
    assert both is not None
    assert [cell["id"] == "one" for cell in json.loads(both)["cells"]] == [False, True]
    later = merged(
        notebook(theirs, minor=5), notebook(code("other, later", id="one"), minor=5), both
    )
    assert sources(later) == ["mine", "other, later"]


@pytest.mark.parametrize("minor", [4, 5])
def test_a_cell_kept_twice_is_not_kept_twice_again_after_a_kill(minor: int) -> None:
    """Before the base was saved, the result may be here, or on the remote, or both."""
    named = {"id": "one"} if minor == 5 else {}
    base, ours, theirs = (
        notebook(code(text, **named), B, minor=minor)
        for text in ("value = 1", "value = 2", "value = 3")
    )
    both = merge_notebook(base, ours, theirs)
    assert both is not None
    for local, remote in ((both, theirs), (ours, both)):
        assert sources(merged(base, local, remote)) == ["value = 2", "value = 3", "b = 2"]


def test_an_insertion_beside_a_deletion_is_not_made_twice_after_a_kill() -> None:
    base, ours, theirs = notebook(A), notebook(A, code("show(total)")), notebook()
    both = merge_notebook(base, ours, theirs)
    assert both is not None
    for made in (json.loads(both), merged(base, ours, both), merged(base, both, theirs)):
        assert sources(made) == ["show(total)"]


def test_both_typed_into_the_last_empty_cell_and_both_cells_stay() -> None:
    """JupyterLab adds an empty cell behind the one that is run; no cell was edited by both."""
    empty = code("", id="last")

    def typed(text: str, name: str) -> bytes:
        return notebook(A, code(text, id="last"), code("", id=name), minor=5)

    made = merged(notebook(A, empty, minor=5), typed("mine", "m"), typed("other", "o"))
    assert sources(made) == ["a = 1", "mine", "other", ""]
    assert all("hubsync" not in cell["metadata"] for cell in made["cells"])


def test_ids_that_count_are_not_trusted_for_the_few_cells_behind_an_insertion() -> None:
    def numbered(*cells: Cell) -> bytes:
        named = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
        return notebook(*named, minor=5)

    many = [code(f"v{n} = {n}") for n in range(9)]
    made = merged(
        numbered(*many),
        numbered(*many[:7], code("new = 0"), *many[7:]),
        numbered(*many[:8], code("v8 = 8 + 1")),
    )
    assert sources(made) == [*(f"v{n} = {n}" for n in range(7)), "new = 0", "v7 = 7", "v8 = 8 + 1"]


def test_a_cell_split_here_and_edited_there_loses_no_line() -> None:
    base = code("one\ntwo\nthree\nfour", id="x")
    split = notebook(code("one\ntwo", id="x"), code("three\nfour", id="y"), minor=5)
    edited = notebook(code("ONE\ntwo\nthree\nfour", id="x"), minor=5)
    made = merged(notebook(base, minor=5), split, edited)
    assert sources(made) == ["ONE\ntwo", "three\nfour"]
    edited = notebook(code("one\ntwo\nthree\nFOUR", id="x"), minor=5)
    made = merged(notebook(base, minor=5), split, edited)
    assert sources(made) == ["one\ntwo", "one\ntwo\nthree\nFOUR", "three\nfour"]


@pytest.mark.parametrize("mine", [False, True])
def test_a_cell_that_becomes_code_takes_the_edit_of_the_other_side_along(mine: bool) -> None:
    base, edited = prose("a\n\nb", id="x"), prose("a\n\nB", id="x")
    sides = edited, code("a\n\nb", id="x")
    ours, theirs = reversed(sides) if mine else sides
    (cell,) = merged(*(notebook(one, minor=5) for one in (base, ours, theirs)))["cells"]
    assert cell == code("a\n\nB", id="x")


def test_a_key_of_a_newer_format_comes_through() -> None:
    newer = {**A, "id": "a", "future": {"x": 1}}
    ours = {**A, "id": "a", "metadata": {"collapsed": True}}
    base = notebook({**A, "id": "a"}, minor=5)
    (cell,) = merged(base, notebook(ours, minor=5), notebook(newer, minor=6))["cells"]
    assert cell["future"] == {"x": 1}
    assert cell["metadata"] == {"collapsed": True}


def test_an_edit_of_a_moved_cell_is_found_without_ids() -> None:
    """The first cell went to the end; the others still stand in one order."""
    cells = [code(f"result_{n} = compute({n})") for n in range(4)]
    moved = notebook(*cells[1:], cells[0])
    theirs = [*cells[:2], code("result_2 = compute(2, fast=True)"), cells[3]]
    ours = [*cells[1:2], code("# slow\nresult_2 = compute(2)"), cells[3], cells[0]]
    assert sources(merged(notebook(*cells), moved, notebook(*theirs)))[1] == (
        "result_2 = compute(2, fast=True)"
    )
    made = merged(notebook(*cells), notebook(*ours), notebook(*theirs))
    assert sources(made)[1:3] == [
        "# slow\nresult_2 = compute(2)",
        "result_2 = compute(2, fast=True)",
    ]
    assert len(made["cells"]) == 5


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_in_a_browser_is_kept_twice(number: str) -> None:
    def with_output(cell: Cell, text: str) -> bytes:
        return notebook(cell, B, code("x", {**OUTPUT, "text": "?"})).replace(b'"?"', text.encode())

    ours, theirs = with_output(code("a = 10"), number), with_output(A, number)
    assert merge_notebook(with_output(A, "1"), ours, theirs.replace(b"b = 2", b"b = 20")) is None


def test_an_output_nested_beyond_all_measure_is_kept_twice() -> None:
    def nested(cell: Cell) -> bytes:
        deep = b"[" * 900 + b"]" * 900
        return notebook(cell, code("x", "deep")).replace(b'"deep"', deep)

    made = merge_notebook(nested(code("1\n\n2")), nested(code("0\n\n2")), nested(code("1\n\n3")))
    assert made is None or b"0" in made


@pytest.mark.parametrize("kind", ["outputs", "cells", "one gap", "lines"])
def test_the_largest_notebook_is_merged_in_seconds(kind: str) -> None:
    """Up to the size from which on files are kept twice."""

    def large(number: int) -> list[Cell]:
        if kind == "outputs":
            image = {"output_type": "display_data", "data": {"image/png": "x" * 3_000_000}}
            return [code(f"plot({n})", {**image, "metadata": {}}) for n in range(5)]
        if kind == "lines":
            text = {**OUTPUT, "text": [f"{n}\n" for n in range(300_000)]}
            return [code("run()", text)]
        if kind == "one gap":
            words = " ".join(f"w{n}" for n in range(400))
            return [code(f"{words} {number} {n}") for n in range(2000)]
        return [code(f"step_{n}()") for n in range(20_000)]

    base, ours, theirs = large(0), large(1), large(2)
    if kind != "one gap":
        ours, theirs = [code("mine"), *ours], [*theirs, code("other")]
    began = perf_counter()
    made = merge_notebook(notebook(*base), notebook(*ours), notebook(*theirs))
    assert perf_counter() - began < 30  # measured: 3 s at most
    assert made is not None
    there = set(sources(json.loads(made)))
    assert there >= {source for side in (ours, theirs) for source in sources({"cells": side})}


def test_images_in_a_cell_that_both_changed_differently_keep_both_cells() -> None:
    def with_image(data: str) -> bytes:
        return notebook(prose("text", attachments={"a.png": {"image/png": data}}))

    made = merged(with_image("x"), with_image("y"), with_image("z"))
    images = [cell["attachments"]["a.png"]["image/png"] for cell in made["cells"]]
    assert images == ["y", "z"]


@pytest.mark.parametrize("indent", ["\t", 2, None])
def test_a_file_keeps_its_indentation_and_the_order_of_its_keys(indent: int | str | None) -> None:
    def written(*cells: Cell) -> bytes:
        top = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        return (json.dumps(top, indent=indent) + "\n").encode()

    odd = {"source": "x", "metadata": {"b": 1, "a": 2}, "cell_type": "raw"}
    made = merge_notebook(
        written(A, B, odd), written(code("a = 10"), B, odd), written(A, B, {**odd, "source": "y"})
    )
    assert made == written(code("a = 10"), B, {**odd, "source": "y"})


def test_a_file_keeps_the_way_it_was_written() -> None:
    def written(*cells: Cell) -> bytes:
        top = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells)}
        return json.dumps(top, indent=2).encode()

    made = merge_notebook(written(A, B), written(code("ä = 1"), B), written(A, code("b = 20")))
    assert made == written(code("ä = 1"), code("b = 20"))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{}",
        b"[]",
        b"{",
        b"\xff",
        b'{"nbformat": 3}',
        b"[" * 100_000,
        b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [1]}',
        b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [], "cells": []}',
        b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "raw"}]}',
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "raw",'
        b' "source": "", "id": [1]}]}',
    ],
    ids=repr,
)
def test_what_is_no_notebook_is_kept_twice(broken: bytes) -> None:
    good = notebook(A)
    assert merge_notebook(broken, good, notebook(B)) is None
    assert merge_notebook(good, broken, notebook(B)) is None
    assert merge_notebook(good, notebook(B), broken) is None
