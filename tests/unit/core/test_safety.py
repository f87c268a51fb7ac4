"""Rule 9: when nothing at all is changed, and what the message says."""

from __future__ import annotations

import pytest

from hubsync.core.reconcile import Policy, reconcile
from hubsync.core.safety import SafetyFacts, check
from hubsync.errors import SafetyStop
from hubsync.model import Tree
from tests.unit.core.notation import tree

FACTS = SafetyFacts(remote_id="r1", base_remote_id="r1")
CONFIRMED = SafetyFacts(remote_id="r1", base_remote_id="r1", confirmed=True)


def _many(count: int, name: str = "f", content: str = "") -> str:
    """``count`` files, each with a content of its own unless one is given."""
    return " ".join(f"{name}{i}={content or i}" for i in range(count))


def _check(base: Tree, local: Tree, remote: Tree, facts: SafetyFacts = FACTS) -> None:
    check(base, local, remote, reconcile(base, local, remote, Policy()), facts)


def _stop(base: str, local: str, remote: str, facts: SafetyFacts = FACTS) -> SafetyStop:
    with pytest.raises(SafetyStop) as caught:
        _check(tree(base), tree(local), tree(remote), facts)
    return caught.value


def test_an_empty_workspace_stops() -> None:
    stop = _stop("a=1 b=2", "", "a=1 b=2")
    assert stop.code == "local-empty"
    assert "2 files" in stop.message
    assert "--confirm-deletes" in stop.hint
    assert stop.exit_status == 4


def test_an_empty_remote_stops() -> None:
    stop = _stop("a=1", "a=1", "")
    assert stop.code == "remote-empty"
    assert "1 file" in stop.message
    assert "--confirm-deletes" in stop.hint


def test_left_over_empty_folders_are_as_good_as_nothing() -> None:
    assert _stop("d/a=1 d/b=2 e/", "d/ e/", "d/a=1 d/b=2 e/").code == "local-empty"
    assert _stop("d/a=1 d/b=2 e/", "d/a=1 d/b=2 e/", "e/").code == "remote-empty"
    _check(tree("d/a=1 e/"), tree("d/ e/"), tree("d/a=1 e/"), CONFIRMED)


def test_workspace_that_only_ever_had_empty_folders_is_not_empty() -> None:
    _check(tree("d/ e/"), tree("d/"), tree("d/ e/"))


def test_emptiness_passes_when_confirmed() -> None:
    _check(tree("a=1"), tree(""), tree("a=1"), CONFIRMED)
    _check(tree("a=1"), tree("a=1"), tree(""), CONFIRMED)


def test_with_no_base_an_empty_side_is_a_beginning() -> None:
    _check(Tree(), tree(_many(30)), Tree())
    _check(Tree(), Tree(), tree(_many(30)))


def test_a_workspace_that_is_gone_stops_even_when_confirmed() -> None:
    gone = SafetyFacts(remote_id="r1", base_remote_id="r1", local_exists=False, confirmed=True)
    stop = _stop("a=1", "", "a=1", gone)
    assert stop.code == "local-gone"
    assert "hubsync clone" in stop.hint


def test_another_remote_stops_even_when_confirmed() -> None:
    other = SafetyFacts("r2", "r1", confirmed=True, remote_url="s3://bucket/me")
    stop = _stop("a=1", "a=1", "a=1", other)
    assert stop.code == "remote-replaced"
    assert "r1" in stop.message
    assert "r2" in stop.message
    assert "s3://bucket/me" in stop.message
    assert "hubsync remote set" in stop.hint
    assert "--confirm-deletes" not in stop.hint


def test_a_first_link_knows_no_other_remote() -> None:
    _check(Tree(), tree("a=1"), Tree(), SafetyFacts("r2"))


def test_more_than_half_and_more_than_ten_deletions_stop() -> None:
    base = _many(20)
    stop = _stop(base, _many(9), base)
    assert stop.code == "mass-deletion"
    assert "11 of 20 files" in stop.message
    assert "from the remote" in stop.message
    assert "--confirm-deletes" in stop.hint


def test_the_same_from_the_other_side_stops() -> None:
    base = _many(20)
    stop = _stop(base, base, _many(9))
    assert stop.code == "mass-deletion"
    assert "from this workspace" in stop.message


@pytest.mark.parametrize(
    ("held", "left"),
    [(20, 10), (22, 11), (11, 1), (1000, 500)],
    ids=["half of 20", "half of 22", "ten of eleven", "half of many"],
)
def test_up_to_half_or_up_to_ten_deletions_pass(held: int, left: int) -> None:
    _check(tree(_many(held)), tree(_many(left)), tree(_many(held)))


def test_mass_deletion_passes_when_confirmed() -> None:
    _check(tree(_many(20)), tree(_many(1)), tree(_many(20)), CONFIRMED)


def test_a_renamed_directory_deletes_nothing() -> None:
    before, after = tree(_many(30, "old/f")), tree(_many(30, "new/f"))
    _check(before, after, before)
    _check(before, before, after)


def test_a_rename_saves_one_deletion_each() -> None:
    base = _many(30, content="1")
    stop = _stop(base, "one=1 other=2", base)
    assert "29 of 30 files" in stop.message


def test_a_directory_renamed_by_another_tool_deletes_nothing_though_unread() -> None:
    before = tree(_many(30, "old/f"))
    after = tree(" ".join(f"new/f{i}=?{len(str(i))}" for i in range(30)))
    _check(before, before, after)


def test_files_that_became_conflict_copies_are_no_deletions() -> None:
    base = Tree()
    local = tree(_many(30))
    remote = tree(" ".join(f"f{i}/x=1" for i in range(30)))
    _check(base, local, remote)


def test_empty_directories_that_go_are_no_deletions() -> None:
    directories = " ".join(f"d{i}/" for i in range(30))
    _check(tree(f"a=1 {directories}"), tree("a=1"), tree(f"a=1 {directories}"))


def test_empty_directories_that_stay_are_no_files_that_stay() -> None:
    directories = " ".join(f"d{i}/" for i in range(30))
    base = f"{_many(20)} {directories}"
    assert "19 of 20 files" in _stop(base, f"{_many(1)} {directories}", base).message


def test_deletions_on_both_sides_are_counted_apart() -> None:
    base = tree(_many(60))
    local = tree(" ".join(f"f{i}={i}" for i in range(60) if i >= 20))
    remote = tree(_many(40))
    _check(base, local, remote)
