"""Whole syncs of two hubs over a folder: a power cut at any instant loses nothing, and what the
books and the state speak of is there after it (rules 11 and 13)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync import Identity, Workspace
from tests.unit.local.power import Power

ADA = Identity("ada", "hub-a")
BOB = Identity("bob", "hub-b")


def present(root: Path) -> set[Path]:
    """The files that are no part of hubsync's own books."""
    return {
        one
        for one in root.rglob("*")
        if one.is_file() and ".hubsync" not in one.relative_to(root).parts
    }


@pytest.mark.parametrize("count", [3, 25])
def test_each_side_is_durable_before_anything_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    here, there, remote = tmp_path / "a", tmp_path / "b", tmp_path / "remote"
    (here / "d").mkdir(parents=True)
    for number in range(count):
        (here / "d" / f"deleted{number}").write_text(f"gone {number}")
        (here / "d" / f"edited{number}").write_text(f"old {number}")
    with Workspace.init(str(here), remote.as_uri()) as workspace:
        workspace.sync(identity=ADA)
    clone, _ = Workspace.clone(remote.as_uri(), str(there), identity=BOB)
    for number in range(count):
        (here / "d" / f"deleted{number}").unlink()
        (here / "d" / f"edited{number}").write_text(f"edited {number}")
        (here / "d" / f"new{number}").write_text(f"new {number}")

    power = Power(tmp_path, monkeypatch)
    books, states = [], []

    def naming(path: str) -> None:
        if path == str(remote / ".hubsync/index/head"):
            versions = {one for one in (remote / ".hubsync/versions").rglob("*") if one.is_file()}
            books.append(all(power.lasts(one) for one in present(remote) | versions))
            books.append(power.lasts_gone(remote / "d" / "deleted0"))
        if path.startswith(str(there / ".hubsync" / "state")) and path.endswith(".state"):
            states.append(all(power.lasts(one) for one in present(there)))
            states.append(power.lasts_gone(there / "d" / "deleted0"))

    power.before(naming)
    with Workspace.open(str(here)) as workspace:
        assert workspace.sync(identity=ADA).conflicts == ()
    with clone:
        assert clone.sync(identity=BOB).conflicts == ()
    assert len(present(remote)) == len(present(there)) == 2 * count
    assert len(books) >= 2
    assert all(books)
    assert len(states) >= 2
    assert all(states)
    users = [one for one in power.lost if "/.hubsync/" not in one]
    assert users == []
    assert len([one for one in power.removed if one.startswith(f"{remote}/d/")]) == 2 * count
