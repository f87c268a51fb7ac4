"""Git's rules beside hubsync's own: who hides what, and what being tracked changes."""

from __future__ import annotations

import pytest

from hubsync.core.gitrules import GitRules, Tracked, pattern_file
from hubsync.core.ignore import IgnoreRule, IgnoreRules
from hubsync.model import GIT_IGNORE_FILE


def tracking(*paths: str) -> Tracked:
    def tracked(path: str, is_dir: bool) -> bool:
        return any(one == path or (is_dir and one.startswith(f"{path}/")) for one in paths)

    return tracked


def rules(*tracked: str) -> IgnoreRules:
    outside = [(".git/info/exclude", pattern_file("*.here\n!b.mine\n"))]
    outside.append(("ignore", pattern_file("*.mine\n*.other\n")))
    begun = IgnoreRules.builtin(GitRules(tracking(*tracked), outside))
    with_git = begun.with_file("", "data/\n*.log\n!keep.log\n", GIT_IGNORE_FILE)
    nested = with_git.with_file("d", "!x.log\nz\n", GIT_IGNORE_FILE)
    return nested.with_file("", "own/\n!back.log\n!.env\n")


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("a.txt", False),
        ("run.log", True),
        ("keep.log", False),
        ("d/x.log", False),
        ("d/y.log", True),
        ("d/e/x.log", False),
        ("d/z", True),
        ("z", False),
        ("data/x", True),
        ("data/deep/x", True),
        ("a.here", True),
        ("a.mine", True),
        ("b.mine", False),
        ("a.other", True),
        ("own/x", True),
        ("m.pyc", True),
        ("__pycache__/x", True),
        (".env", False),
        ("back.log", True),
        (".git/config", True),
    ],
)
def test_what_nobody_tracks_is_hidden_by_any_rule(path: str, hidden: bool) -> None:
    """A rule of hubsync's own that takes something back takes it back from its own rules alone."""
    assert rules().ignores_deep(path) is hidden


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("data/deep/x", False),
        ("data/deep/y", True),
        ("data/other/x", True),
        ("run.log", False),
        ("__pycache__/m.pyc", False),
        ("__pycache__/n.pyc", True),
        ("own/x", True),
        (".git/config", True),
    ],
)
def test_what_is_tracked_is_hidden_by_a_rule_of_its_own_alone(path: str, hidden: bool) -> None:
    tracked = ("data/deep/x", "run.log", "__pycache__/m.pyc", "own/x", ".git/config")
    assert rules(*tracked).ignores_deep(path) is hidden


def test_a_folder_is_looked_into_only_for_what_is_tracked() -> None:
    assert rules().ignores("data", True)
    some = rules("data/deep/x")
    assert not some.ignores("data", True)
    assert not some.ignores("data/deep", True)
    assert some.ignores("data/other", True)


def test_other_news_of_what_is_tracked_change_the_answer() -> None:
    before = rules("run.log")
    after = before.with_tracked(tracking())
    assert not before.ignores_deep("run.log")
    assert after.ignores_deep("run.log")
    assert after.rules() == before.rules()
    assert IgnoreRules.builtin().with_tracked(tracking("m.pyc")).ignores_deep("m.pyc")


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("run.log", IgnoreRule(".gitignore", 2, "*.log")),
        ("data/deep/x", IgnoreRule(".gitignore", 1, "data/")),
        ("d/z", IgnoreRule("d/.gitignore", 2, "z")),
        ("a.here", IgnoreRule(".git/info/exclude", 1, "*.here")),
        ("own/x", IgnoreRule(".hubsyncignore", 1, "own/")),
        ("m.pyc", IgnoreRule("built-in", 0, "*.pyc")),
        ("keep.log", None),
    ],
)
def test_the_rule_is_named_with_its_file(path: str, rule: IgnoreRule | None) -> None:
    assert rules().explain(path) == rule


def test_a_secret_that_git_ignores_anyway_is_not_told_of() -> None:
    secret = IgnoreRules.builtin(GitRules(tracking()))
    assert secret.withholds(".netrc", False)
    assert not secret.with_file("", ".netrc\n", GIT_IGNORE_FILE).withholds(".netrc", False)
    assert not secret.with_file("", "home/\n", GIT_IGNORE_FILE).withholds("home/.netrc", False)


def test_without_git_a_gitignore_is_a_file_like_any_other() -> None:
    assert IgnoreRules.builtin().file_names == (".hubsyncignore",)
    assert rules().file_names == (".hubsyncignore", ".gitignore")


def test_a_new_gitignore_shows_nothing_of_a_repository_inside() -> None:
    rules = IgnoreRules.builtin(GitRules(tracking("p/f"))).with_hidden(["p"])
    assert rules.with_file("p", "data/\n", GIT_IGNORE_FILE).ignores_deep("p/f")
    assert rules.with_file("", "data/\n", GIT_IGNORE_FILE).ignores_deep("p/f")
