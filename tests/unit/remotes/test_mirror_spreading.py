"""The order in which many objects are uploaded."""

from __future__ import annotations

from hubsync.remotes.mirror.spreading import spread


def test_neighbours_are_of_different_folders() -> None:
    paths = ["a/1", "a/2", "a/3", "b/1", "b/2", "top"]
    assert spread(paths, lambda path: path) == ["a/1", "b/1", "top", "a/2", "b/2", "a/3"]


def test_a_folder_keeps_its_order_and_nothing_is_lost() -> None:
    paths = [f"{folder}/{number:02}" for folder in "xyz" for number in range(7)]
    mixed = spread(paths, lambda path: path)
    assert sorted(mixed) == paths
    assert [path for path in mixed if path.startswith("y/")] == paths[7:14]


def test_one_folder_stays_as_it_is() -> None:
    paths = ["c", "a", "b"]
    assert spread(paths, lambda path: path) == paths
