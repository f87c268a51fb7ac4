"""What a run says it has done outlasts a power cut, and nothing is lost in one (rule 13)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubsync.local.apply import Applier
from hubsync.local.incoming import TEMPORARY
from hubsync.local.state import replace_file
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from tests.unit.local.disk import Disk
from tests.unit.local.faults import Unsupported
from tests.unit.local.power import Power

COUNTS = pytest.mark.parametrize("count", [1, 3, 25])


@COUNTS
def test_what_was_applied_is_durable_once_it_is_flushed(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    for number in range(count):
        disk.write(f"edited/deep/{number}", f"old {number}")
        disk.write(f"deleted/{number}", f"gone {number}")
    tree = disk.tree()
    power = Power(disk.path, monkeypatch)
    steps = []
    for number in range(count):
        steps += [
            disk.create(f"new/{number}/deep/file", f"new {number}"),
            disk.replace(f"edited/deep/{number}", tree[f"edited/deep/{number}"], f"edit {number}"),
            Step(f"deleted/{number}", None, tree[f"deleted/{number}"]),
        ]
    with Applier(disk.root, Trash(disk.root)) as applier:
        assert {one.result for one in applier.apply(steps)} == {Result.APPLIED}
        applier.flush()
    wanted = {path for path in power.files() if not path.startswith(".hubsync")}
    assert len(wanted) == 2 * count
    assert power.lasting() >= wanted
    assert power.lasts_gone(disk.path / "deleted" / "0")
    assert power.lost == []


def test_few_files_do_not_wait_for_the_whole_file_system(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    power = Power(disk.path, monkeypatch)
    with Applier(disk.root, Trash(disk.root)) as applier:
        for _ in applier.apply([disk.create("a", "1")]):
            pass
        applier.flush()
    assert power.synced_whole == 0


def test_a_state_has_its_content_before_its_name_and_then_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "state"
    place.write_bytes(b"old")
    power = Power(tmp_path, monkeypatch)
    replace_file(str(place), [b"new"])
    assert power.removed == [str(place)]
    assert power.lasts(place)


def test_the_content_of_a_state_is_durable_when_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    power = Power(tmp_path, monkeypatch)
    named = []

    def naming(_: str) -> None:
        (written,) = tmp_path.iterdir()
        named.append(power.has_content(written))

    power.before(naming)
    replace_file(str(tmp_path / "state"), [b"new"])
    assert named == [True]


def test_without_hard_links_the_old_content_is_durable_in_the_trash_before_it_is_replaced(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.write("d/f", "old")
    step = disk.replace("d/f", disk.tree()["d/f"], "new")

    def no_links(*_: object, **__: object) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(os, "link", no_links)
    power = Power(disk.path, monkeypatch)
    assert disk.apply(step, renames=Unsupported())["d/f"].result is Result.APPLIED
    assert disk.trashed() == {"d/f": "old"}
    assert power.removed == [str(disk.path / "d/f")]
    (kept,) = (one for one in power.files() if "/trash/" in one)
    assert power.has_content(disk.path / kept)


def test_what_is_deleted_on_a_mounted_folder_is_durable_in_the_trash_before_it_goes(
    disk: Disk, elsewhere: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.write("f", "old")
    expect = elsewhere.tree()["f"]
    power = Power(disk.path, monkeypatch)
    kept = []

    def unlinking(path: str) -> None:
        if TEMPORARY in path:
            trashed = [one for one in power.files() if "/trash/" in one]
            kept.append([power.has_content(disk.path / one) for one in trashed])

    power.before_unlink(unlinking)
    assert elsewhere.apply(Step("f", None, expect))["f"].result is Result.APPLIED
    assert elsewhere.trashed() == {"f": "old"}
    assert kept == [[True]]
