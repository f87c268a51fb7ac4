"""What status and a dry run say is what a sync then does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import Identity, Workspace

ADA, BOB = Identity("ada", "hub-a"), Identity("bob", "hub-b")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "here").mkdir()
    with Workspace.init(str(tmp_path / "here"), f"file://{tmp_path}/remote") as workspace:
        yield workspace


def other_hub(here: Workspace) -> Workspace:
    """A clone of what is on the remote by now."""
    parent = Path(here.root).parent
    return Workspace.clone(f"file://{parent}/remote", str(parent / "there"), identity=BOB)[0]


def test_an_ignored_empty_directory_of_the_remote_is_no_change(here: Workspace) -> None:
    Path(here.root, "scratch").mkdir()
    Path(here.root, "n").write_text("n")
    here.sync(identity=ADA)
    here.ignore("scratch/")
    here.sync(identity=ADA)
    with other_hub(here) as there:
        for workspace in (here, there):
            assert workspace.sync(identity=ADA).nothing_done()
            assert workspace.status().remote == ()
