"""Which contents are read before a decision, and which are not."""

from __future__ import annotations

import pytest

from hubsync.core.reconcile import Policy, Undecided, undecided
from tests.unit.core.notation import tree

CASES = {
    # name: (base, local, remote, read here, fetched)
    "everything known": ("a=1", "a=2", "a=3", "", ""),
    "new here": ("", "a=?1", "", "", ""),
    "touched here, perhaps": ("a=1", "a=?1@2", "a=1", "a", ""),
    "edited here to another size": ("a=1", "a=?5", "a=1", "", ""),
    "file over a link, any size": ("a>b", "a=?1", "a>b", "", ""),
    "both edited": ("a=1", "a=?5", "a=2", "a", ""),
    "both edited, neither read": ("a=1", "a=?5", "a=?7", "a", "a"),
    "edited here, deleted there": ("a=1", "a=?5", "", "", ""),
    "edited here, a link there": ("a=1", "a=?5", "a>b", "a", ""),
    "edited here, an empty directory there": ("a=1", "a=?5", "a/", "a", ""),
    "file here, directory there": ("", "f=?1", "f/x=2", "f", ""),
    "file there, directory here": ("", "f/x=2", "f=?1", "", "f"),
    "file there far above something here": ("", "f/a/b/x=2", "f=?1", "", "f"),
    "renamed here, perhaps": ("a=11", "b=?2", "a=11", "b", ""),
    "new here, another size than what vanished": ("a=11", "b=?3", "a=11", "", ""),
    "new there": ("", "", "a=?3@9", "", ""),
    "edited there": ("a=1", "a=1", "a=?3@9", "", ""),
    "written there, touched here and read": ("a=1@1", "a=1@2", "a=?1@9", "", ""),
    "edited there, deleted here": ("a=1", "", "a=?1@9", "", "a"),
    "edited there, edited here": ("a=1", "a=2", "a=?1@9", "", "a"),
    "a conflict copy here": ("", "a.conflict-01234567=?1", "", "a.conflict-01234567", ""),
    "a conflict copy there": ("", "", "a.conflict-01234567=?1", "", "a.conflict-01234567"),
    "no base, both have it": ("", "a=2", "a=?1", "", "a"),
    "no base, neither read": ("", "a=?1", "a=?1", "a", "a"),
}


@pytest.mark.parametrize("name", CASES)
def test_only_what_a_decision_needs_is_read(name: str) -> None:
    base, local, remote, here, there = CASES[name]
    needed = undecided(tree(base), tree(local), tree(remote), Policy())
    assert needed == Undecided(frozenset(here.split()), frozenset(there.split()))


def test_what_is_hidden_or_blocked_is_not_read() -> None:
    policy = Policy(blocked=frozenset({"a"}), hidden=frozenset({"b"}).__contains__)
    needed = undecided(tree("a=1 b=1"), tree("a=?1 b=?1"), tree("a=?2 b=?2"), policy)
    assert needed == Undecided(frozenset(), frozenset())
