"""The table of cases, and what a table cannot show: cost, order, expectations, failed merges."""

from __future__ import annotations

from collections import Counter
from time import perf_counter

import pytest

from hubsync.core.conflicts import conflict_name
from hubsync.core.reconcile import Policy, keep_both, reconcile, restrict, with_conflicts
from hubsync.model import Entry, KeepBoth, Kind, Side, Tree
from tests.unit.core.cases import CASES, Case
from tests.unit.core.notation import digest_of, entry_of, lines_of, tree, tree_over


def _id(case: Case) -> str:
    return f"rule {case.rule}: {case.name}"


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_plan(case: Case) -> None:
    base = tree(case.base)
    plan = reconcile(base, tree(case.local), tree(case.remote), Policy(**case.policy))
    unsynced: tuple[str, ...] = ()
    if case.only is not None:
        plan, unsynced = restrict(plan, case.only)
    assert lines_of(plan) == sorted(case.plan)
    assert unsynced == case.unsynced


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_trees_on_the_rows_of_the_base_give_the_same_plan(case: Case) -> None:
    base = tree(case.base)
    policy = Policy(**case.policy)
    apart = reconcile(base, tree(case.local), tree(case.remote), policy)
    shared = reconcile(base, tree_over(base, case.local), tree_over(base, case.remote), policy)
    assert shared == apart


def test_the_table_is_large_and_its_names_are_its_own() -> None:
    assert len(CASES) >= 110
    assert max(Counter(map(_id, CASES)).values()) == 1
    assert {case.rule for case in CASES} == {1, 2, 3, 5, 6, 7, 8, 14, 15, 16}


def test_carries_expect_what_was_seen_on_the_other_side() -> None:
    base = tree("a=1@1 b=1@1")
    plan = reconcile(base, tree("a=1@2 b=3@2"), tree("a=2@3 b=1@3"), Policy())
    down, up = plan.carries
    assert (down.to, down.expect) == (Side.LOCAL, entry_of("a=1@2")[1])
    assert (up.to, up.expect) == (Side.REMOTE, entry_of("b=1@3")[1])


def test_carries_are_in_order() -> None:
    plan = reconcile(tree("z=1"), tree("m=1 a=1"), tree("z=1 k=1 b=1"), Policy())
    paths = [carry.path for carry in plan.carries]
    assert paths == ["a", "b", "k", "m", "z"]


def test_nothing_of_a_large_unchanged_tree_is_looked_at() -> None:
    entry = Entry(Kind.FILE, 1, digest_of("1"))
    base = Tree({f"d{i % 100}/f{i}": entry for i in range(100_000)})
    local = base.with_changes({"new": entry})
    remote = base.with_changes({"d1/f1": None})
    took = []
    for _ in range(5):
        start = perf_counter()
        plan = reconcile(base, local, remote, Policy())
        took.append(perf_counter() - start)
    assert lines_of(plan) == ["down -d1/f1", "up new=1"]
    assert min(took) < 0.001


def test_a_merge_that_failed_keeps_the_remotes_content_at_the_name() -> None:
    base, local, remote = tree("a.txt=0"), tree("a.txt=1"), tree("a.txt=2")
    plan = reconcile(base, local, remote, Policy())
    (merge,) = plan.merges
    after = with_conflicts(plan, [(merge, digest_of("1"))], base, local, remote)
    assert after.merges == ()
    assert after.keeps == (keep_both(merge, digest_of("1")),)
    assert after.keeps == (
        KeepBoth(
            path="a.txt",
            local=merge.local,
            remote=merge.remote,
            keeper=Side.REMOTE,
            source=Side.LOCAL,
            copied=merge.local,
            copy_path=conflict_name("a.txt", digest_of("1")),
        ),
    )


def test_a_merge_that_failed_uses_the_digest_that_was_found() -> None:
    base, local, remote = tree("a=0"), tree("a=?1"), tree("a=2")
    plan = reconcile(base, local, remote, Policy())
    after = with_conflicts(plan, [(plan.merges[0], digest_of("1"))], base, local, remote)
    assert lines_of(after) == ["keep a: remote, local 1 as a~1"]
    assert after.keeps[0].copied.digest == digest_of("1")


def test_a_merge_that_failed_makes_no_second_copy_of_one_that_comes_in() -> None:
    base, local, remote = tree("a=0"), tree("a=1"), tree("a=2 a=1~1")
    plan = reconcile(base, local, remote, Policy())
    after = with_conflicts(plan, [(plan.merges[0], digest_of("1"))], base, local, remote)
    assert lines_of(after) == ["down a=1~1", "down a=2"]
    assert after.carries[0].expect == local["a"]


def test_a_pull_makes_no_second_copy_of_one_that_is_here() -> None:
    base, local, remote = tree("a=0"), tree("a=1 a=1~1"), tree("a=2")
    plan, _ = restrict(reconcile(base, local, remote, Policy()), Side.LOCAL)
    after = with_conflicts(plan, [(plan.merges[0], digest_of("1"))], base, local, remote)
    assert lines_of(after) == ["down a=2"]


def test_a_pull_does_not_rely_on_a_copy_that_was_deleted_here() -> None:
    base, local, remote = tree("a=0 a=1~1"), tree("a=1"), tree("a=2 a=1~1")
    plan, _ = restrict(reconcile(base, local, remote, Policy()), Side.LOCAL)
    after = with_conflicts(plan, [(plan.merges[0], digest_of("1"))], base, local, remote)
    assert lines_of(after) == ["keep a: remote, local 1 as a~1:16"]


def test_merges_that_did_not_fail_stay() -> None:
    base, local, remote = tree("a=0 b=0"), tree("a=1 b=1"), tree("a=2 b=2")
    plan = reconcile(base, local, remote, Policy())
    after = with_conflicts(plan, [(plan.merges[0], digest_of("1"))], base, local, remote)
    assert lines_of(after) == ["keep a: remote, local 1 as a~1", "merge b: 0 1 2"]


def test_two_paths_with_one_original_share_one_copy() -> None:
    base = tree("l>x l~x>x")
    local, remote = tree("l>b l~x>b"), tree("l>c l~x>d")
    plan = reconcile(base, local, remote, Policy())
    assert lines_of(plan) == ["down l~x>d", "keep l: remote, local b as l~b"]


def test_two_hubs_that_meet_one_conflict_arrive_at_the_same_files() -> None:
    base, remote = tree("l>a"), tree("l>c")
    one = reconcile(base, tree("l>b"), remote, Policy())
    copy = one.keeps[0].copy_path
    after_one = remote.with_changes({copy: one.keeps[0].copied})
    other = reconcile(base, tree("l>b"), after_one, Policy())
    assert lines_of(other) == ["down l>c", "down l~b>b"]


def test_an_unread_file_agrees_with_nothing_not_even_itself() -> None:
    unread = tree("a=?1")
    plan = reconcile(Tree(), unread, unread, Policy())
    assert lines_of(plan) == ["merge a: - ?1 ?1"]


def test_where_every_name_for_a_copy_is_taken_both_sides_stay_as_they_are() -> None:
    names = [f"a.conflict-{digest_of('1').hex()[:length]}" for length in (8, 16, 32, 64)]
    taken = {name: entry_of("x=9")[1] for name in names}
    base = Tree({**taken, **tree("a>b")})
    local, remote = base.with_changes(tree("a=1")), base.with_changes(tree("a>c"))
    assert lines_of(reconcile(base, local, remote, Policy())) == ["problem a copy-name-taken"]
