"""Which content stood at a path last, by the remote's versions and the trash."""

from __future__ import annotations

from hubsync.results import PathVersion
from hubsync.services.history import by_leaving


def came(time: int, digest: str | None) -> PathVersion:
    return PathVersion(f"r{digest}", time, "", "", digest, 1)


def left(time: int, digest: str) -> PathVersion:
    return PathVersion(f"t{digest}", time, "", "", digest, 1, place="trash")


def order(remote: list[PathVersion], trash: list[PathVersion]) -> list[str | None]:
    return [one.digest for one in by_leaving(remote, trash)]


def test_what_another_hub_brought_stood_after_what_it_replaced_here() -> None:
    """Deleted at 50; at 30 the second came, and the first went to the trash at 31."""
    remote = [came(50, None), came(30, "second"), came(10, "first")]
    assert order(remote, [left(31, "first")]) == ["second", "first", "first"]


def test_an_edit_that_a_merge_replaced_stood_before_the_merged_text() -> None:
    remote = [came(50, None), came(30, "merged"), came(20, "theirs"), came(10, "base")]
    assert order(remote, [left(31, "mine")]) == ["merged", "mine", "theirs", "base"]


def test_what_the_remote_has_now_stands_still() -> None:
    assert order([came(30, "now"), came(10, "old")], [left(99, "mine")]) == ["now", "mine", "old"]


def test_clocks_that_are_years_ahead_change_nothing() -> None:
    remote = [came(50, None), came(9_000, "second"), came(10, "first")]
    assert order(remote, []) == ["second", "first"]
