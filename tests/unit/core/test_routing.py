"""Which remote takes a new path."""

from __future__ import annotations

import pytest

from hubsync.core.routing import Rule, route

GITHUB = Rule("github")
DATA = Rule("data", include=("data/**", "*.nc"))
LARGE = Rule("large", larger_than=1000)
BOTH = Rule("both", include=("models/",), larger_than=1000)


@pytest.mark.parametrize(
    ("path", "size", "name"),
    [
        ("notes.md", 10, "github"),
        ("data/a.csv", 10, "data"),
        ("data/deep/a.csv", 10, "data"),
        ("x/run.nc", 10, "data"),
        ("mydata/a.csv", 10, "github"),
    ],
)
def test_patterns(path: str, size: int, name: str) -> None:
    assert route(path, size, [GITHUB, DATA]) == name


def test_size_counts_from_above_the_limit() -> None:
    assert route("a", 1000, [LARGE, GITHUB]) == "github"
    assert route("a", 1001, [LARGE, GITHUB]) == "large"


def test_with_both_either_is_enough() -> None:
    assert route("models/m.bin", 1, [BOTH, GITHUB]) == "both"
    assert route("other.bin", 5000, [BOTH, GITHUB]) == "both"
    assert route("other.bin", 5, [BOTH, GITHUB]) == "github"


def test_the_first_rule_that_matches_decides() -> None:
    assert route("data/a.csv", 5000, [LARGE, DATA, GITHUB]) == "large"
    assert route("data/a.csv", 5000, [DATA, LARGE, GITHUB]) == "data"


def test_the_default_is_asked_last_wherever_it_stands() -> None:
    assert route("data/a.csv", 1, [GITHUB, DATA]) == "data"
    assert route("x", 1, [GITHUB, Rule("second")]) == "github"


def test_a_single_remote_takes_everything() -> None:
    assert route("anything/at all", 10**12, [GITHUB]) == "github"


def test_negated_patterns_take_back() -> None:
    rule = Rule("data", include=("data/*", "!data/README.md"))
    assert route("data/x", 1, [rule, GITHUB]) == "data"
    assert route("data/README.md", 1, [rule, GITHUB]) == "github"


def test_where_no_remote_takes_a_path_there_is_none() -> None:
    assert route("notes.md", 1, [DATA]) == ""
    assert route("notes.md", 1, []) == ""
