"""What holds for any three trees: nothing is lost, both sides become equal, then it is quiet."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from hubsync.core.paths import ancestors
from hubsync.core.policy import Policy, same_bytes
from hubsync.core.reconcile import reconcile, restrict, undecided, with_conflicts
from hubsync.model import Carry, Entry, Kind, Plan, Side, Tree, agree
from tests.unit.core.abstract import (
    PATHS,
    Sides,
    carried_out,
    entries_some_unread,
    holds,
    is_possible,
    three_trees,
    trees,
)

EVERYTHING = Policy()

policies = st.builds(
    Policy,
    executable=st.booleans(),
    symlinks=st.booleans(),
    empty_directories=st.booleans(),
    blocked=st.frozensets(st.sampled_from(PATHS), max_size=2),
    hidden=st.frozensets(st.sampled_from(PATHS), max_size=2).map(
        lambda paths: lambda path: path.rstrip("/") in paths
    ),
)


def _plan(sides: Sides, policy: Policy = EVERYTHING) -> Plan:
    """A plan all of whose merges failed: the most that can go on."""
    plan = reconcile(sides.base, sides.local, sides.remote, policy)
    return _without_merges(plan, sides)


def _without_merges(plan: Plan, sides: Sides) -> Plan:
    failed = [(merge, merge.local.digest or b"\0" * 32) for merge in plan.merges]
    return with_conflicts(plan, failed, sides.base, sides.local, sides.remote)


@given(three_trees())
def test_both_sides_become_equal(sides: Sides) -> None:
    after = carried_out(_plan(sides), sides)
    paths = {*after.local, *after.remote}
    assert [p for p in paths if not agree(after.local.get(p), after.remote.get(p))] == []


@given(three_trees())
def test_the_second_time_there_is_nothing_to_do(sides: Sides) -> None:
    after = carried_out(_plan(sides), sides)
    assert reconcile(after.base, after.local, after.remote, EVERYTHING) == Plan(agreed={})


@given(three_trees())
def test_what_a_disk_cannot_hold_is_not_made(sides: Sides) -> None:
    after = carried_out(_plan(sides), sides)
    assert is_possible(after.local)
    assert is_possible(after.remote)


def _assert_nothing_lost(before: Sides, after: Sides) -> None:
    for here, there in ((before.local, before.remote), (before.remote, before.local)):
        for path, entry in here.items():
            if entry.kind is Kind.DIR:
                continue
            survived = holds(after.local, entry) or holds(after.remote, entry)
            known = before.base.get(path)
            replaced = same_bytes(entry, known) and not same_bytes(there.get(path), known)
            assert survived or replaced, path


@given(three_trees())
def test_no_content_vanishes_unless_the_other_side_replaced_it(sides: Sides) -> None:
    _assert_nothing_lost(sides, carried_out(_plan(sides), sides))


@given(three_trees(), st.sampled_from(Side))
def test_one_direction_changes_one_side_and_loses_nothing(sides: Sides, to: Side) -> None:
    plan, _ = restrict(reconcile(sides.base, sides.local, sides.remote, EVERYTHING), to)
    after = carried_out(_without_merges(plan, sides), sides, touching=[to])
    _assert_nothing_lost(sides, after)
    untouched, before = (
        (after.local, sides.local) if to is Side.REMOTE else (after.remote, sides.remote)
    )
    assert untouched == before
    assert is_possible(after.local)
    assert is_possible(after.remote)


@given(three_trees(), st.sampled_from(Side))
def test_after_one_direction_a_sync_does_the_rest(sides: Sides, to: Side) -> None:
    plan, _ = restrict(reconcile(sides.base, sides.local, sides.remote, EVERYTHING), to)
    between = carried_out(_without_merges(plan, sides), sides, touching=[to])
    after = carried_out(_plan(between), between)
    assert {p: (e.kind, e.digest) for p, e in after.local.items()} == {
        p: (e.kind, e.digest) for p, e in after.remote.items()
    }
    _assert_nothing_lost(sides, after)


def _swapped(carry: Carry) -> Carry:
    return replace(carry, to=carry.to.other, moved_from=None)


@given(three_trees())
def test_the_sides_are_treated_alike_but_for_who_keeps_a_name(sides: Sides) -> None:
    one = reconcile(sides.base, sides.local, sides.remote, EVERYTHING)
    other = reconcile(sides.base, sides.remote, sides.local, EVERYTHING)
    assert one.agreed == other.agreed
    assert {c.path: (c.base, c.local, c.remote) for c in one.merges} == {
        c.path: (c.base, c.remote, c.local) for c in other.merges
    }
    assert {(k.path, k.keeper) for k in one.keeps} == {(k.path, k.keeper) for k in other.keeps}
    carries = sorted((c.path, c.to.value) for c in map(_swapped, one.carries))
    assert carries == sorted((c.path, c.to.value) for c in other.carries)
    assert {c.copy_path for c in one.keeps if c.keeper is None} == {
        c.copy_path for c in other.keeps if c.keeper is None
    }


@given(three_trees(), policies)
def test_blocked_and_hidden_paths_are_left_out(sides: Sides, policy: Policy) -> None:
    plan = _plan(sides, policy)
    touched = {
        *plan.agreed,
        *(carry.path for carry in plan.carries),
        *(keep.path for keep in plan.keeps),
    }
    for path in touched:
        assert not policy.hidden(path)
        assert not any(path == b or path.startswith(b + "/") for b in policy.blocked)


@given(trees(), trees(entries_some_unread), trees(entries_some_unread), policies)
def test_unread_files_and_any_policy_give_a_plan_that_decides_each_path_once(
    base: Tree, local: Tree, remote: Tree, policy: Policy
) -> None:
    plan = reconcile(base, local, remote, policy)
    decided = [
        *plan.agreed,
        *{carry.path for carry in plan.carries},
        *(merge.path for merge in plan.merges),
        *(keep.path for keep in plan.keeps),
    ]
    assert len(decided) == len(set(decided))
    targets = [(carry.path, carry.to) for carry in plan.carries]
    assert len(targets) == len(set(targets))
    problems = {problem.path for problem in plan.problems}
    assert problems.isdisjoint(decided)


@given(trees(), trees(entries_some_unread), trees(entries_some_unread))
def test_once_the_undecided_are_read_no_path_waits_for_a_content(
    base: Tree, local: Tree, remote: Tree
) -> None:
    need = undecided(base, local, remote, EVERYTHING)
    read = {path: replace(local[path], digest=b"L" * 32) for path in need.local}
    fetched = {path: replace(remote[path], digest=b"R" * 32) for path in need.remote}
    local, remote = local.with_changes(read), remote.with_changes(fetched)
    plan = reconcile(base, local, remote, EVERYTHING)
    assert plan.problems == ()
    assert all(merge.local.digest and merge.remote.digest for merge in plan.merges)


@given(trees(), trees(), st.dictionaries(st.sampled_from(PATHS), entries_some_unread, max_size=6))
def test_a_remote_that_is_no_possible_tree_harms_nothing_local(
    base: Tree, local: Tree, rows: dict[str, Entry]
) -> None:
    # What is below a file, and did not change, is for the remote's own snapshot to report.
    assume(not any(base.get(p) == rows[p] and any(a in rows for a in ancestors(p)) for p in rows))
    remote = Tree(rows)
    plan = _without_merges(reconcile(base, local, remote, EVERYTHING), Sides(base, local, remote))
    after = carried_out(plan, Sides(base, local, remote))
    assert is_possible(after.local)
    _assert_nothing_lost_locally(base, local, after)


def _assert_nothing_lost_locally(base: Tree, local: Tree, after: Sides) -> None:
    for path, entry in local.items():
        if entry.kind is not Kind.DIR and not same_bytes(entry, base.get(path)):
            assert holds(after.local, entry) or holds(after.remote, entry), path
