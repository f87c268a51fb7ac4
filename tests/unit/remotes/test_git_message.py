"""What commits say of nested repositories."""

from __future__ import annotations

import pytest

from hubsync.remotes.git.message import message_for


def capture(path: str, number: int) -> str:
    return f".hubsync-nested/{path}/{number:032x}.bundle"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({capture("p1", 1): "Add"}, "Add the repository p1"),
        ({capture("p1", 1): "Delete"}, "Delete the repository p1"),
        ({capture("p1", 1): "Delete", capture("p1", 2): "Add"}, "Update the repository p1"),
        (
            {capture("p1", 1): "Add", capture("work/p2", 1): "Add"},
            "Add the repositories p1 and work/p2",
        ),
        ({capture(f"p{n}", n): "Add" for n in range(4)}, "Add 4 repositories"),
        (
            {"notes.txt": "Update", capture("p1", 1): "Update"},
            "Update notes.txt, update the repository p1",
        ),
        (
            {"x" * 60: "Add", capture("p1", 1): "Add", capture("p2", 1): "Delete"},
            "Add 1 file, add 1 repository, delete 1 repository",
        ),
        ({".hubsync-nested/p1/mine.txt": "Add"}, "Add .hubsync-nested/p1/mine.txt"),
    ],
)
def test_a_nested_repository_is_called_by_its_own_name(changes: dict[str, str], said: str) -> None:
    assert message_for(changes, {}).splitlines()[0] == said
