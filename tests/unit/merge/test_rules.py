"""What is ignored on either side stays ignored (rule 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubsync.core.ignore import IgnoreRules
from hubsync.merge import merge_rules, merge_text, merger_for

PATHS = ("a", "b", "d/a", "d/b", "d/e/a")
RULES = st.lists(
    st.sampled_from(["a", "b", "d/", "d/*", "!a", "!d/", "!d/a", "# note", ""]), max_size=5
)


@pytest.mark.parametrize("name", [".hubsyncignore", "a/b/.hubsyncignore", ".gitignore"])
def test_rules_files_are_merged_as_rules_wherever_they_lie(name: str) -> None:
    assert merger_for(name, 10) is merge_rules


def test_others_are_not() -> None:
    assert merger_for("hubsyncignore", 10) is merge_text


def test_where_both_changed_the_same_lines_both_hold() -> None:
    merged = merge_rules(b"*.tmp\n", b"private/\n", b"*.log\n")
    assert merged == merge_rules(b"*.tmp\n", b"*.log\n", b"private/\n") == b"*.log\nprivate/\n"


def test_without_a_base_both_hold_and_no_line_stands_twice() -> None:
    assert merge_rules(b"", b"a\nb", b"b\nc\n") == b"a\nb\nc\n"


def test_an_exception_of_one_side_shows_nothing_that_the_other_hides() -> None:
    for sides in ((b"*.csv\n!k.csv\n", b"!k.csv\n*.csv\n"), (b"d/*\n!d/a\n", b"a\n")):
        for ours, theirs in (sides, sides[::-1]):
            merged = merge_rules(b"", ours, theirs)
            assert merged is not None
            assert _hidden(merged) >= _hidden(ours) | _hidden(theirs)


def test_what_one_side_took_away_is_gone() -> None:
    assert merge_rules(b"a\n\nb\n", b"a\n\n", b"a\n\nb\n") == b"a\n\n"


def test_what_is_no_text_is_kept_twice() -> None:
    assert merge_rules(b"a\n", b"\0\n", b"b\n") is None


def _hidden(rules: bytes) -> set[str]:
    known = IgnoreRules.builtin().with_file("", rules.decode())
    return {path for path in (*PATHS, "k.csv") if known.ignores_deep(path)}


@given(RULES, RULES)
def test_without_a_base_what_either_hides_stays_hidden(ours: list[str], theirs: list[str]) -> None:
    left, right = ("".join(f"{line}\n" for line in side).encode() for side in (ours, theirs))
    merged = merge_rules(b"", left, right)
    assert merged is not None
    assert merged == merge_rules(b"", right, left)
    assert _hidden(merged) >= _hidden(left) | _hidden(right)
