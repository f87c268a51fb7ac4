"""Three-way merge by lines: clean where Git is sure, never clean where Git is not."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.merge import LARGEST, merge_notebook, merge_text, merger_for
from hubsync.merge.align import hunks
from hubsync.merge.text import is_text, split_lines
from tests.yardstick import times_as_long

ONE_TO_NINE = b"".join(b"%d\n" % n for n in range(1, 10))


def _with(old: bytes, new: bytes, text: bytes = ONE_TO_NINE) -> bytes:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_changes_in_different_places_are_both_there() -> None:
    merged = merge_text(ONE_TO_NINE, _with(b"2\n", b"two\n"), _with(b"8\n", b"eight\n"))
    assert merged == _with(b"2\n", b"two\n", _with(b"8\n", b"eight\n"))


def test_insertions_and_deletions_are_both_there() -> None:
    merged = merge_text(ONE_TO_NINE, _with(b"1\n", b"0\n1\n"), _with(b"5\n6\n", b""))
    assert merged == b"0\n1\n2\n3\n4\n7\n8\n9\n"


def test_one_unchanged_line_between_changes_is_enough() -> None:
    merged = merge_text(ONE_TO_NINE, _with(b"4\n", b"x\n"), _with(b"6\n", b"y\n"))
    assert merged == b"1\n2\n3\nx\n5\ny\n7\n8\n9\n"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (_with(b"4\n", b"x\n"), _with(b"4\n", b"y\n")),
        (_with(b"4\n", b"x\n"), _with(b"5\n", b"y\n")),
        (_with(b"4\n", b"x\n"), _with(b"4\n", b"")),
        (_with(b"4\n", b"4\nx\n"), _with(b"4\n", b"4\ny\n")),
        (b"x\n" + ONE_TO_NINE, b"y\n" + ONE_TO_NINE),
        (ONE_TO_NINE + b"x\n", ONE_TO_NINE + b"y\n"),
    ],
    ids=["same line", "adjacent", "edit and deletion", "insertions", "at top", "at end"],
)
def test_changes_that_meet_are_a_conflict(ours: bytes, theirs: bytes) -> None:
    assert merge_text(ONE_TO_NINE, ours, theirs) is None
    assert merge_text(ONE_TO_NINE, theirs, ours) is None


def test_the_same_change_on_both_sides_is_made_once() -> None:
    ours = _with(b"4\n", b"x\n", _with(b"1\n", b"one\n"))
    theirs = _with(b"4\n", b"x\n", _with(b"8\n", b"eight\n"))
    assert merge_text(ONE_TO_NINE, ours, theirs) == b"one\n2\n3\nx\n5\n6\n7\neight\n9\n"


def test_a_blank_line_among_blank_lines_might_be_any_of_them() -> None:
    base = b"a\n\n\n\nb\n"
    ours = b"a\n\n\n\n\nb\n"
    theirs = b"a\n\nx\n\n\nb\n"
    assert merge_text(base, ours, theirs) is None


def test_line_ends_stay_as_they_are() -> None:
    base = b"a\r\nb\r\nc\r\nd\r\n"
    assert merge_text(base, b"A\r\nb\r\nc\r\nd\r\n", b"a\r\nb\r\nc\r\nD\n") == b"A\r\nb\r\nc\r\nD\n"


def test_a_missing_last_line_end_stays_missing() -> None:
    assert merge_text(b"a\nb\nc", b"A\nb\nc", b"a\nb\nc") == b"A\nb\nc"
    assert merge_text(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nc") == b"A\nb\nc"
    assert merge_text(b"a\nb\nc", b"a\nb\nc\n", b"A\nb\nc") == b"A\nb\nc\n"


def test_a_lone_carriage_return_ends_no_line() -> None:
    assert split_lines(b"a\rb\nc") == [b"a\rb\n", b"c"]
    assert split_lines(b"") == []
    assert split_lines(b"\n\n") == [b"\n", b"\n"]


def test_from_nothing_to_the_same_and_to_different_things() -> None:
    assert merge_text(b"", b"a\n", b"a\n") == b"a\n"
    assert merge_text(b"", b"a\n", b"") == b"a\n"
    assert merge_text(b"", b"a\n", b"b\n") is None


@pytest.mark.parametrize("other", [b"a\0b\n", b"\xff\xfea\x00", b"caf\xe9\n"])
def test_what_is_no_text_is_not_merged(other: bytes) -> None:
    assert merge_text(b"a\n", b"a\n", other) is None
    assert merge_text(b"a\n", other, b"a\n") is None
    assert merge_text(other, b"a\n", b"a\n") is None


def test_a_byte_order_mark_is_text() -> None:
    assert is_text("\ufeffé\n".encode())
    assert (
        merge_text(b"\xef\xbb\xbfa\nb\nc\n", b"\xef\xbb\xbfa\nb\nC\n", b"a\nb\nc\n") == b"a\nb\nC\n"
    )


def test_a_merger_goes_by_type_and_size() -> None:
    assert merger_for("notes.md", 100) is merge_text
    assert merger_for("Makefile", 100) is merge_text
    assert merger_for("a.b/script", LARGEST) is merge_text
    assert merger_for("notes.md", LARGEST + 1) is None


def test_notebooks_are_never_merged_by_lines() -> None:
    assert merger_for("a/n.ipynb", LARGEST) is merge_notebook
    assert merger_for("N.IPYNB", 100) is merge_notebook
    assert merger_for("n.ipynb", LARGEST + 1) is None


def test_hunks_cover_what_changed() -> None:
    base, side = split_lines(ONE_TO_NINE), split_lines(_with(b"4\n5\n", b"x\n"))
    (hunk,) = hunks(base, side)
    assert (hunk.start, hunk.end, hunk.new_start, hunk.new_end) == (3, 5, 3, 4)
    assert hunks(base, base) == []


def test_moved_lines_are_found_on_both_sides() -> None:
    lines = [b"%d\n" % n for n in range(200)]
    moved = lines[100:150] + lines[:100] + lines[150:]
    covered = hunks(lines, moved)
    assert _rebuilt(lines, moved) == moved
    assert sum(hunk.end - hunk.start for hunk in covered) == 50


def _rebuilt(base: list[bytes], side: list[bytes]) -> list[bytes]:
    """``side`` again, out of its hunks and the base."""
    built: list[bytes] = []
    done = 0
    for hunk in hunks(base, side):
        built += base[done : hunk.start] + side[hunk.new_start : hunk.new_end]
        done = hunk.end
    return built + base[done:]


_lines = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=12)


@given(_lines, _lines)
def test_hunks_rebuild_the_side(base: list[bytes], side: list[bytes]) -> None:
    assert _rebuilt(base, side) == side


def _edited(draw: random.Random, lines: list[bytes], fresh: list[bytes], edits: int) -> list[bytes]:
    lines = list(lines)
    for _ in range(draw.randrange(edits + 1)):
        at = draw.randrange(len(lines) + 1)
        kind = draw.choice(["insert", "delete", "replace", "repeat"])
        span = draw.randrange(1, 4)
        if kind == "insert":
            lines[at:at] = [draw.choice(fresh) for _ in range(span)]
        elif kind == "delete":
            del lines[at : at + span]
        elif kind == "replace":
            lines[at : at + span] = [draw.choice(fresh) for _ in range(span)]
        else:
            lines[at:at] = lines[at : at + span]
    return lines


def _case(seed: int) -> tuple[bytes, bytes, bytes]:
    """A random base and two edited versions: from texts of few different lines to all different."""
    draw = random.Random(seed)
    size = draw.choice([3, 8, 20, 60])
    kinds = draw.choice([2, 4, 10, 1000])
    base = [b"line %d\n" % draw.randrange(kinds) for _ in range(size)]
    fresh = [b"line %d\n" % n for n in range(min(kinds, 5))] + [b"new %d\n" % n for n in range(6)]
    ours, theirs = (_edited(draw, base, fresh, 4) for _ in range(2))
    texts = [b"".join(lines) for lines in (base, ours, theirs)]
    if draw.random() < 0.2:
        which = draw.randrange(3)
        texts[which] = texts[which].removesuffix(b"\n")
    return texts[0], texts[1], texts[2]


def _merged_by_git(folder: Path, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    paths = [folder / name for name in ("ours", "base", "theirs")]
    for path, text in zip(paths, (ours, base, theirs), strict=True):
        path.write_bytes(text)
    done = subprocess.run(
        ["git", "merge-file", "-p", "-q", *paths], capture_output=True, check=False
    )
    assert 0 <= done.returncode < 128, done.stderr
    return None if done.returncode else done.stdout


def test_a_clean_merge_is_the_one_git_makes(tmp_path: Path) -> None:
    clean = clean_in_git = 0
    for seed in range(400):
        base, ours, theirs = _case(seed)
        by_git = _merged_by_git(tmp_path, base, ours, theirs)
        merged = merge_text(base, ours, theirs)
        clean += merged is not None
        clean_in_git += by_git is not None
        if merged is not None:
            assert merged == by_git, seed
    assert clean > 0.7 * clean_in_git


def test_every_added_line_is_there_and_no_deleted_one(tmp_path: Path) -> None:
    clean = 0
    for seed in range(300):
        draw = random.Random(seed)
        base = [b"line %d\n" % n for n in range(30)]
        ours = _edited(draw, base, [b"ours %d %d\n" % (seed, n) for n in range(9)], 3)
        theirs = _edited(draw, base, [b"theirs %d %d\n" % (seed, n) for n in range(9)], 3)
        merged = merge_text(*(b"".join(lines) for lines in (base, ours, theirs)))
        if merged is None:
            continue
        clean += 1
        lines = set(split_lines(merged))
        for side, other in ((ours, theirs), (theirs, ours)):
            assert set(side) - set(base) <= lines
            deleted = set(base) - set(side)
            assert not (deleted & lines & set(other) & set(base))
    assert clean > 100


def test_the_sides_are_treated_alike() -> None:
    for seed in range(200):
        base, ours, theirs = _case(seed)
        assert merge_text(base, ours, theirs) == merge_text(base, theirs, ours)


def test_a_side_that_changed_nothing_takes_the_other() -> None:
    for seed in range(200):
        base, ours, _ = _case(seed)
        assert merge_text(base, ours, base) == ours
        assert merge_text(base, base, ours) == ours
        assert merge_text(base, ours, ours) == ours


def _large(edits: dict[int, bytes]) -> bytes:
    return b"".join(
        edits.get(n, b"\n" if n % 9 == 0 else b"line %d of many\n" % n) for n in range(100_000)
    )


def test_a_hundred_thousand_lines_with_scattered_edits_take_no_time() -> None:
    ours = {n: b"ours %d\n" % n for n in range(50, 100_000, 400)}
    theirs = {n: b"theirs %d\n" % n for n in range(250, 100_000, 400)}
    texts = [_large({}), _large(ours), _large(theirs)]
    merged: list[bytes | None] = []

    def counted() -> None:
        for text in texts:
            Counter(text.split(b"\n"))

    def merging() -> None:
        merged.append(merge_text(*texts))

    # About 8 times as long as to count how often each line is there.
    assert times_as_long(merging, counted, at_most=14) <= 14
    assert merged[0] == _large({**ours, **theirs})


def test_a_file_rewritten_beyond_recognition_is_given_up_quickly() -> None:
    draw = random.Random(1)
    base = b"".join(b"%d\n" % draw.randrange(50) for _ in range(20_000))
    ours = b"".join(b"%d\n" % draw.randrange(50) for _ in range(20_000))
    start = process_time()
    assert merge_text(base, ours, base + b"end\n") is None
    assert process_time() - start < 2
