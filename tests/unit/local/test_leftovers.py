"""What killed runs leave behind, and how the next one cleans up after them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hubsync.local import emptying
from hubsync.local.apply import Applier
from hubsync.local.layout import Layout, is_vacant
from hubsync.local.lock import acquire
from hubsync.local.steps import Step, in_order
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind
from tests.unit.local.disk import Disk

FILE = Entry(Kind.FILE, size=1, digest=b"x" * 32)
HOUR = 3600


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(str(tmp_path))
    layout.create()
    return layout


def test_a_folder_that_a_killed_run_left_empty_is_removed(disk: Disk) -> None:
    disk.write("d/e/f", "only")
    disk.write("d2/kept", "kept")
    tree = disk.tree()
    steps = [Step("d/e/f", None, tree["d/e/f"]), Step("d2/gone", None, FILE)]
    with Applier(disk.root, Trash(disk.root)) as applier:
        run = applier.apply(steps)
        next(run)
        # Killed here: its note is what is left of it.
        note = Path(Layout(disk.root).emptying).read_bytes()
        run.close()
    (disk.path / "d/e").mkdir(parents=True)
    Path(Layout(disk.root).emptying).write_bytes(note)
    emptying.finish(Layout(disk.root))
    assert not (disk.path / "d").exists()
    assert (disk.path / "d2/kept").exists()
    assert not os.path.exists(Layout(disk.root).emptying)


def test_a_torn_note_names_nothing_that_it_does_not_name(layout: Layout) -> None:
    root = Path(layout.root)
    for name in ("whole", "torn", "torn and more"):
        (root / name).mkdir()
    Path(layout.emptying).write_bytes(b"whole\0torn")
    emptying.finish(layout)
    assert not (root / "whole").exists()
    assert (root / "torn").exists()
    assert (root / "torn and more").exists()


def test_a_note_leads_through_no_symlink(layout: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path.with_name(tmp_path.name + "-elsewhere")
    (elsewhere / "empty").mkdir(parents=True)
    os.symlink(elsewhere, tmp_path / "link")
    Path(layout.emptying).write_bytes(b"link/empty\0../x\0/\0\0")
    emptying.finish(layout)
    assert (elsewhere / "empty").is_dir()
    assert tmp_path.is_dir()


def test_whoever_gets_the_lock_removes_temporary_files_that_are_dead(layout: Layout) -> None:
    """Those that others may be making just now by their age; those of notes at once."""
    old = time.time() - 2 * HOUR
    notes = Path(layout.scratch("origin"))
    notes.mkdir(parents=True)
    places = (layout.metadata, layout.metadata, layout.states, notes)
    names = ("lock.0123", "clock-abc", ".new-xyz", ".new-note")
    for age in (old, time.time()):
        for place, name in zip(places, names, strict=True):
            path = Path(place) / (name + ("-old" if age == old else "-young"))
            path.write_text("left")
            os.utime(path, (age, age))
    Path(layout.config).write_text("")
    os.utime(layout.config, (old, old))
    with acquire(layout):
        left = sorted(path.name for path in Path(layout.metadata).rglob("*") if path.is_file())
    young = [name + "-young" for name in names[:2]]
    assert left == sorted([".gitignore", "config.toml", "lock", *young])


def test_a_conflict_copy_is_made_before_its_content_leaves_its_name() -> None:
    steps = [
        Step("a.bin", FILE, FILE, "staged"),
        Step("a.conflict-01234567.bin", FILE, None, "staged"),
        Step("f", None, FILE),
        Step("f/x", FILE, None, "staged"),
        Step("f.conflict-01234567", FILE, None, "staged"),
        Step("d/y", None, FILE),
        Step("d", FILE, None, "staged"),
    ]
    new, in_the_way, others = ([step.path for step in group] for group in in_order(steps))
    assert new == ["a.conflict-01234567.bin", "f.conflict-01234567"]
    assert in_the_way == ["d/y", "f"]
    assert others == ["a.bin", "d", "f/x"]


def test_a_link_that_was_killed_before_it_was_written_down_leaves_room(tmp_path: Path) -> None:
    there = tmp_path / "there"
    assert is_vacant(str(there))
    there.mkdir()
    assert is_vacant(str(there))
    layout = Layout(str(there))
    layout.create()
    assert is_vacant(str(there))
    (Path(layout.trash) / "20260101").write_text("a person's")
    assert not is_vacant(str(there))
    (Path(layout.trash) / "20260101").unlink()
    Path(layout.config).write_text("")
    assert not is_vacant(str(there))
    Path(layout.config).unlink()
    (there / "file").write_text("a person's")
    assert not is_vacant(str(there))
