"""Where work goes that a branch does not take, and what is said of it."""

from __future__ import annotations

import pytest

from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.side import side_branch, told


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/ada/x.git", "https://github.com/ada/x/compare/main..."),
        ("https://ada@github.com/ada/x", "https://github.com/ada/x/compare/main..."),
        ("git@github.com:ada/x.git", "https://github.com/ada/x/compare/main..."),
        ("ssh://git@github.com:22/ada/x.git", "https://github.com/ada/x/compare/main..."),
        ("git+http://127.0.0.1:8080/x.git", "http://127.0.0.1:8080/x/compare/main..."),
        ("https://gitlab.com/g/x.git", "https://gitlab.com/g/x/-/merge_requests/new?"),
        ("git+file:///srv/x.git", "Ask whoever may push"),
    ],
)
def test_the_hint_says_where_to_ask_for_it_to_be_taken(url: str, page: str) -> None:
    problem = told(GitPlace(url), "a", "main", "hubsync/ada/main", "it is protected", 3)
    assert page in problem.hint
    assert "a and 2 more" in problem.message


@pytest.mark.parametrize(
    ("author", "branch"),
    [
        ("ada", "hubsync/ada/main"),
        ("Ada B. <x@y>", "hubsync/Ada-B-x-y/main"),
        ("", "hubsync/someone/main"),
    ],
)
def test_a_name_becomes_part_of_a_reference(author: str, branch: str) -> None:
    assert side_branch(author, "main") == branch
